"""What is installed: pinned, locked with hashes, and there for a reason."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from functools import cache
from typing import Any

import pytest

from tests.house.project_files import PACKAGES, ROOT, imports, python_files, relative

LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(requirements: list[str]) -> dict[str, str]:
    """Normalised name to version; a requirement that is not pinned fails."""
    pairs = [re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][0-9A-Za-z.]*)", one) for one in requirements]
    assert all(pairs), f"not pinned: {[one for one, pair in zip(requirements, pairs, strict=True) if not pair]}"
    return {normal(pair[1]): pair[2] for pair in pairs if pair}


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> dict[str, str]:
    """Name to version of all that a lock holds."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([0-9][0-9A-Za-z.]*)", text, re.MULTILINE))


def of_site() -> dict[str, str]:
    """What the site needs."""
    return pinned(project()["project"]["dependencies"])


def of_tests() -> dict[str, str]:
    """What the tests need besides."""
    return pinned(project()["project"]["optional-dependencies"]["test"])


def of_build() -> dict[str, str]:
    """What builds packages from source."""
    return pinned(project()["build-system"]["requires"])


def of_locks() -> dict[str, str]:
    """What writes the locks."""
    return pinned(project()["dependency-groups"]["lock"])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_names_no_registry(lock: str) -> None:
    """Each requirement of a lock is one version with its hashes; there is no address and no option in it."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if entry.strip()]
    form = re.compile(r"[a-z0-9-]+==\S+ (?:; [^\\\n]+)?\\\n(?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+(?: +#.*\n)*")
    assert [entry for entry in entries if not form.fullmatch(entry)] == []
    assert "://" not in text


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", of_site()),
        ("requirements-test.lock", of_site() | of_tests()),
        ("requirements-build.lock", of_build()),
        ("requirements-uv.lock", of_locks()),
    ],
)
def test_a_lock_holds_what_pyproject_asks_for(lock: str, wanted: dict[str, str]) -> None:
    """Every pinned dependency is in its lock, at its version; otherwise `make lock` was forgotten."""
    assert wanted.items() <= locked(lock).items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_locks_agree(lock: str) -> None:
    """What the site is built with is what it is tested with."""
    assert locked(lock).items() <= locked("requirements-test.lock").items()


def test_each_dependency_has_a_reason() -> None:
    """The table in docs/decisions/0002 names every dependency, and nothing else."""
    table = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
    named = {normal(name): reason for name, reason in re.findall(r"^\| ([A-Za-z]\S+) \| (.+) \|$", table, re.MULTILINE)}
    del named["package"]
    assert set(named) == set(of_site()) | set(of_tests()) | set(of_build()) | set(of_locks())


def test_what_is_imported_is_declared() -> None:
    """Each third-party module that our code imports is a dependency of its own; a test may use all that is locked."""
    distributions = importlib.metadata.packages_distributions()
    own = sys.stdlib_module_names | set(PACKAGES) | {"tests"}
    wrong = []
    for folder, declared in (("hooks", of_site()), ("ext", of_site()), ("tests", locked("requirements-test.lock"))):
        beside = {path.stem for path in python_files(folder)}
        for path in python_files(folder):
            for line, name in imports(path):
                top = name.split(".")[0]
                found = {normal(one) for one in distributions.get(top, [])}
                if top not in own | beside and not found & set(declared):
                    wrong.append(f"{relative(path)}:{line}: {top}")
    assert wrong == []
