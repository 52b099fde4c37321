"""Who runs an example: the contract, and every runner that lies in this folder.

A runner is one module of this folder that names its Runner ``RUNNER``; names that begin with ``_`` are shared parts.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from notekit import guest, sandbox
from notekit.model import Example
from notekit.runners._capabilities import CAPABILITIES, IN_GUEST, TOOL_OF, lacking, package_of, used
from notekit.runners._contract import Absent, Runner
from notekit.runners._opening import Opening
from notekit.runners._packages import BESIDE, packages
from notekit.sandbox import tools

__all__ = [
    "BESIDE",
    "CAPABILITIES",
    "IN_GUEST",
    "TOOL_OF",
    "Opening",
    "Runner",
    "by_language",
    "for_example",
    "kill_all",
    "lacking",
    "look_again",
    "package_of",
    "packages",
    "used",
    "without_guest",
]


@cache
def by_language(where: str = "host") -> Mapping[str, Runner]:
    """The runner of each language on the host or in a guest, found in this folder."""
    found: dict[str, Runner] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            runner: Runner = importlib.import_module(f"{__name__}.{module.name}").RUNNER
            for language in runner.languages if runner.where == where else ():
                if language in found:
                    raise TypeError(f"{runner.name} and {found[language].name} both run {language}")
                found[language] = runner
    return found


def for_example(example: Example) -> Runner:
    """The runner of an example; one that says why it does not run where there is none."""
    there = by_language(example.runner)
    return there[example.language] if example.language in there else Absent(example.runner, example.language)


def look_again(kept_in: Path, guests: Path) -> None:
    """Forgets which tools this machine has; a check begins with it. What dpkg says of them is kept in a folder, and
    guests in another."""
    tools.look_again(kept_in)
    guest.settle(guests)
    guest.look_again()


def without_guest() -> str | None:
    """Why no guest runs here; None where one does."""
    return guest.probe()


def kill_all() -> None:
    """Kills everything that runs, at once; what waits to run raises sandbox.Stopped."""
    sandbox.kill_all()
