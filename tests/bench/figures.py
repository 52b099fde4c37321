"""What is measured: whole builds, and one confined process beside a bare one."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.bench import collection
from tests.bench.accounting import Account, account
from tests.site.project import Project, make_project

ROUNDS = 5
REPEATS = 40
_C = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
#: By what they show: the command, and the files that it finds.
PROCESSES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "true": (("true",), {}),
    "python3": (("python3", "x.py"), {"x.py": "print('hello')\n"}),
    "gcc": (("gcc", "-O2", "x.c", "-o", "x"), {"x.c": _C}),
}
# With these Python compiles our modules anew at each start, and the installed ones not.
_NOT_A_USER_S = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}
_CONFINED = """
import json, sys
from notekit import sandbox
from notekit.model import NamedFile
command, files, repeats = json.loads(sys.argv[1])
for _ in range(repeats):
    done = sandbox.execute(command, files=[NamedFile(name, text.encode()) for name, text in files.items()])
    assert done.exit == 0, done
"""
_BARE = """
import json, pathlib, subprocess, sys
command, files, repeats = json.loads(sys.argv[1])
for name, text in files.items():
    pathlib.Path(name).write_text(text)
for _ in range(repeats):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"})
"""


@dataclass(frozen=True)
class Figures:
    """Seconds of processor time by build, the ratios to ``same`` of each round's median, milliseconds a process.

    ``builds``: ``cold`` and ``warm`` are ours; ``same`` is plain Material on the same pages, ``fences`` on pages that
    only show the examples as their authors wrote them. ``processes``: (bare, confined) by command.
    """

    date: str
    machine: str
    versions: dict[str, str]
    complete: bool
    pages: int
    examples: int
    builds: dict[str, float]
    ratios: dict[str, float]
    processes: dict[str, tuple[float, float]]


def measure(folder: Path, say: Callable[[str], None]) -> Figures:
    """All figures; the builds are made in turn, so that a machine whose speed drifts slows them alike."""
    ours, same, fences = _projects(folder)
    rounds: list[dict[str, float]] = []
    with account() as counted:
        for number in range(ROUNDS):
            shutil.rmtree(ours.root / ".cache", ignore_errors=True)
            builds = {"cold": ours, "warm": ours, "same": same, "fences": fences}
            rounds.append({name: _build(counted, project) for name, project in builds.items()})
            say(f"round {number + 1} of {ROUNDS}: " + ", ".join(f"{name} {s:.2f} s" for name, s in rounds[-1].items()))
        processes = {name: _processes(counted, folder, *given) for name, given in PROCESSES.items()}
        complete = counted.complete
    return Figures(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release().split('-')[0]}",
        versions={name: version(name) for name in ("mkdocs", "mkdocs-material")}
        | {"python": platform.python_version()},
        complete=complete,
        pages=collection.PAGES,
        examples=3 * collection.PAGES,
        builds={name: statistics.median(row[name] for row in rounds) for name in rounds[0]},
        ratios={name: statistics.median(row[name] / row["same"] for row in rounds) for name in rounds[0]},
        processes=processes,
    )


def _projects(folder: Path) -> tuple[Project, Project, Project]:
    """Ours; plain Material on the pages that ours makes of the notes; and on the notes as they were written."""
    ours = make_project(folder / "ours")
    ours.write({"mkdocs.yml": "INHERIT: base.yml\nextra:\n  languages: [en]\nnav:\n  - index.md\n"})
    shutil.rmtree(ours.root / "docs/zh")
    collection.write(ours.root / "notes_src")
    emitted = ours.run("notekit", "emit", str(folder / "emitted"))
    if emitted.returncode:
        raise SystemExit(emitted.stdout + emitted.stderr)
    same, fences = _plain(ours, folder / "same"), _plain(ours, folder / "fences")
    for page in sorted((folder / "emitted").rglob("en.md")):
        name = page.relative_to(folder / "emitted")
        source = (ours.root / "notes_src" / name).read_text(encoding="utf-8")
        same.write({f"docs/{name}": page.read_text(encoding="utf-8")})
        fences.write({f"docs/{name}": f"# {name.parent.name}\n{collection.without_examples(source)}"})
    return ours, same, fences


def _plain(ours: Project, root: Path) -> Project:
    """A project with the same configuration of theme, Markdown and search, and nothing of ours."""
    project = Project(root)
    project.write(
        {
            "base.yml": (ours.root / "base.yml").read_text(encoding="utf-8"),
            "mkdocs.yml": "INHERIT: base.yml\nhooks: []\nplugins: [search]\nnav: null\ntheme: {custom_dir: theme}\n"
            "extra_css: []\nextra_javascript: []\n",
            "theme/.keep": "",
            "docs/index.md": "# Home\n",
        }
    )
    return project


def _build(counted: Account, project: Project) -> float:
    environment = {name: value for name, value in project.environment().items() if name not in _NOT_A_USER_S}
    return counted.seconds([sys.executable, "-m", "mkdocs", "build"], project.root, environment)


def _processes(counted: Account, folder: Path, command: Sequence[str], files: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of one process, bare and confined: many in one Python, less the Python alone."""
    found = []
    for script in (_BARE, _CONFINED):
        seconds = []
        for repeats in (1, 1 + REPEATS):
            argv = [sys.executable, "-c", script, json.dumps([command, files, repeats])]
            seconds.append(counted.seconds(argv, folder, os.environ))
        found.append(1000 * (seconds[1] - seconds[0]) / REPEATS)
    return found[0], found[1]
