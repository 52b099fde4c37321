"""Settings for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--exhaustive``: spaces of cases that are otherwise sampled are counted through."""
    parser.addoption("--exhaustive", action="store_true", help="count through the spaces that are otherwise sampled")


def pytest_configure() -> None:
    """Keeps what Hypothesis learnt and what Chromium leaves in .cache; judges no test by its time: cores are shared.

    Where ``CI`` is set, Hypothesis' own profile for it stays: the same examples each time, nothing kept.
    """
    cache = Path(__file__).resolve().parents[1] / ".cache"
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache / "hypothesis")
    os.environ["XDG_CONFIG_HOME"] = str(cache / "home/config")
    os.environ["XDG_CACHE_HOME"] = str(cache / "home/cache")
    # What guests are made of is fetched once, and a guest of each kind booted once, for all tests and the site itself.
    os.environ.setdefault("PAGEWALK_GUEST", str(cache / "guest"))
    # What notes check prints in a test is no annotation of the step that runs the tests.
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        os.environ.pop(name, None)
    hypothesis.settings.register_profile("pagewalk", deadline=None, derandomize=False, print_blob=True)
    if "CI" not in os.environ:
        hypothesis.settings.load_profile("pagewalk")
