"""Imports go downward only; docs/decisions/0001 says why."""

from __future__ import annotations

import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project_files import PACKAGES, ROOT, imports, modules, python_files, relative

# notekit from the bottom up. A module imports from its own layer and from those below.
LAYERS = (
    {"model", "files", "sealed", "units"},
    {"match"},
    {"parse", "parsed", "translated", "glossary", "history"},
    {"sandbox", "guest", "machine", "runners"},
    {"verify"},
    {"store"},
    {"shards"},
    {"cache_names", "exit_names", "plot_names", "processor_names"},
    {"names"},
    {"diagrams", "evidence"},
    {"emit", "outline", "search", "interface"},
    {"running"},
    {"settings", "pipeline", "accept", "summary", "report", "required", "run_no", "doctor", "new_note", "shell"},
    {"commands", "cli", "__main__"},
)
ADAPTERS = {"hooks/build_site.py", "hooks/macros.py"}
SITE_GENERATORS = {"mkdocs", "mkdocs_macros", "material", "zensical"}
# MicroPython 1.27 has none of these, and runs all of vmsim and vmview but what is named here. tests/micropython
# runs them there; this test names the line.
NOT_IN_MICROPYTHON = {"__future__", "dataclasses", "enum", "typing", "abc", "functools", "pathlib", "contextlib"}
COMMAND_LINE = "ext/vmsim/cli/"
CPYTHON_ONLY = ("ext/vmsim/stream", COMMAND_LINE)


def layer(name: str) -> int:
    """The layer of a module of notekit, by the part of its name after the package's."""
    part = name.split(".")[1]
    found = [level for level, parts in enumerate(LAYERS) if part in parts]
    assert len(found) == 1, f"notekit.{part} stands in {len(found)} layers; give it one in {relative(Path(__file__))}"
    return found[0]


def own_imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) for each of our own modules that a file imports."""
    known = modules()
    for line, name in imports(path):
        assert not name.startswith("."), f"{relative(path)}:{line}: a relative import; name the package"
        if name.split(".")[0] in PACKAGES:
            yield line, name if name in known else name.rpartition(".")[0] or name


def notekit_modules() -> list[str]:
    """All of notekit but the package itself, which holds nothing."""
    return [name for name in modules() if name.startswith("notekit.")]


@pytest.mark.parametrize("name", notekit_modules())
def test_a_module_of_notekit_imports_nothing_from_above(name: str) -> None:
    """What a module of notekit imports of notekit is in its own layer or in one below."""
    path = modules()[name]
    upward = [
        f"{relative(path)}:{line}: {imported}"
        for line, imported in own_imports(path)
        if imported.startswith("notekit.") and layer(imported) > layer(name)
    ]
    assert upward == []


@pytest.mark.parametrize(("package", "allowed"), [("vmsim", {"vmsim"}), ("vmview", {"vmsim", "vmview"})])
def test_the_simulator_knows_nothing_of_what_uses_it(package: str, allowed: set[str]) -> None:
    """Beside the standard library, the simulator imports only itself, and the pictures only it and themselves."""
    allowed = allowed | sys.stdlib_module_names | {"cython"}
    wrong = [
        f"{relative(path)}:{line}: {name}"
        for path in python_files(f"ext/{package}")
        for line, name in imports(path)
        if name.split(".")[0] not in allowed | ({"click", "rich"} if relative(path).startswith(COMMAND_LINE) else set())
    ]
    assert wrong == []


def test_the_simulator_knows_nothing_of_its_command_line() -> None:
    """No module of vmsim or vmview imports vmsim.cli but those of vmsim.cli itself."""
    wrong = [
        f"{relative(path)}:{line}: {name}"
        for path in python_files("ext")
        if not relative(path).startswith(COMMAND_LINE)
        for line, name in own_imports(path)
        if name.startswith("vmsim.cli")
    ]
    assert wrong == []


def test_what_micropython_runs_imports_nothing_that_it_lacks() -> None:
    """No module of vmsim or vmview needs at import what MicroPython lacks."""
    wrong = [
        f"{relative(path)}:{line}: {name}"
        for path in python_files("ext")
        if not relative(path).startswith(CPYTHON_ONLY)
        for line, name in imports(path, at_import=True)
        if name.split(".")[0] in NOT_IN_MICROPYTHON
    ]
    assert wrong == []


def test_only_the_two_adapters_import_the_site_generator() -> None:
    """No file but hooks/build_site.py and hooks/macros.py imports MkDocs or its theme."""
    wrong = [
        f"{relative(path)}:{line}: {name}"
        for path in python_files("hooks", "ext")
        if relative(path) not in ADAPTERS
        for line, name in imports(path)
        if name.split(".")[0] in SITE_GENERATORS
    ]
    assert wrong == []


def test_the_sandbox_can_be_asked_before_anything_is_installed() -> None:
    """Set-up asks notekit.sandbox with a bare Python, so that needs the standard library only."""
    script = "from notekit import sandbox; assert callable(sandbox.probe)"
    environment = {"PYTHONPATH": str(ROOT / "hooks")}
    subprocess.run([sys._base_executable, "-S", "-B", "-c", script], env=environment, check=True, timeout=60)


def test_no_modules_import_each_other_in_a_circle() -> None:
    """The imports of all three packages can be put in an order."""
    known = modules()
    graph = {name: {found for _, found in own_imports(path) if found != name} for name, path in known.items()}
    assert set(graphlib.TopologicalSorter(graph).static_order()) >= set(known)


def test_the_packages_are_where_this_test_looks() -> None:
    """Each package has modules, and notekit has one in every layer that stands for a stage of the way."""
    assert all((ROOT / folder / package / "__init__.py").is_file() for package, folder in PACKAGES.items())
    assert {layer(name) for name in notekit_modules()} == set(range(len(LAYERS)))
