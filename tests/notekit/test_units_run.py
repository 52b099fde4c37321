"""Nothing runs twice without need: which units start a process after a change, by counting the processes."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from notekit import pipeline, runners
from notekit.runners import _contract
from notekit.sandbox import Limits, tools
from notekit.store import Store
from tests.notekit.parsing import HEAD, write

NOTE = """
```console {#files with="data"}
$ cat data
1
```

```console {#first session=s}
$ n=1; echo $n
1
```

```console {#second session=s}
$ echo $((n + 1))
2
```

```c {#compiled}
int main(void) { return 0; }
```

```python {#script}
print(1)
```
```output {of=script}
1
```

```bash {#calls with="setup.sh"}
. ./setup.sh
```
```output {of=calls}
one
```
"""
FILES = {"a/b/data": "1\n", "a/b/setup.sh": "sort <<<one\n"}
#: Units, and how many sandboxes each starts: a C program is compiled in one and run in another.
STARTS = {"files": 1, "session": 1, "compiled": 2, "script": 1, "calls": 1}


@dataclass
class Project:
    """A project with the note above, whose bubblewrap counts how often it is started."""

    root: Path
    log: Path

    def check(self) -> list[str]:
        """The words that tell the units apart of each sandbox that a check started; everything must pass."""
        self.log.write_text("")
        with Store(self.root / "store") as kept:
            checked = pipeline.check(self.root, kept)
        assert [str(result.failures) for result in checked.failed] == []
        assert checked.problems == ()
        assert all(result.status == "passed" for result in checked.results)
        return self.log.read_text().split("\n")[:-1]

    def starts(self) -> int:
        """How many sandboxes a check started."""
        return len(self.check())

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces text in a file of the notes."""
        path = self.root / "notes_src" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, checked once."""
    write(tmp_path / "notes_src", {"a/b/en.md": HEAD + NOTE, **FILES})
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    log = tmp_path / "log"
    bwrap = tmp_path / "bin" / "bwrap"
    bwrap.parent.mkdir()
    log.touch()
    # Where the builder is root, bubblewrap runs as nobody.
    for path in (*tmp_path.parents, tmp_path, bwrap.parent):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    log.chmod(0o666)
    bwrap.write_text(f'#!/bin/sh\necho start >>{log}\nexec {shutil.which("bwrap")} "$@"\n')
    bwrap.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bwrap.parent}:{os.environ['PATH']}")
    found = Project(tmp_path, log)
    runners.lacking(())  # the sandbox itself is tried once in a process
    found.check()
    shutil.rmtree(tmp_path / "store")
    assert found.starts() == sum(STARTS.values())
    return found


def test_nothing_runs_again_where_nothing_changed(project: Project) -> None:
    """A second check starts no process."""
    assert project.starts() == 0


def test_one_byte_of_a_named_file_runs_what_names_it(project: Project) -> None:
    """Of all units only the one that names the file runs again."""
    project.edit("a/b/data", "1", "2")
    project.edit("a/b/en.md", "$ cat data\n1\n", "$ cat data\n2\n")
    assert project.starts() == STARTS["files"]
    assert project.starts() == 0


def test_a_file_beside_them_runs_nothing(project: Project) -> None:
    """A file that no block names is not part of any."""
    (project.root / "notes_src/a/b/other").write_text("1")
    assert project.starts() == 0


def test_one_command_of_a_session_runs_the_session(project: Project) -> None:
    """A session is one unit: a change in its second block runs both, in one shell."""
    project.edit("a/b/en.md", "n + 1))\n2\n", "n + 2))\n3\n")
    assert project.starts() == STARTS["session"]


def test_an_expectation_runs_nothing(project: Project) -> None:
    """What the note says of an output is compared with what is kept: a wildcard for a figure starts no process."""
    project.edit("a/b/en.md", "$ cat data\n1\n", "$ cat data\n<int>\n")
    assert project.starts() == 0


def test_prose_runs_nothing(project: Project) -> None:
    """Text around the blocks, and where they stand, starts no process."""
    project.edit("a/b/en.md", "```c {#compiled}", "A paragraph.\n\n## A heading\n\n```c {#compiled}")
    assert project.starts() == 0


@pytest.mark.parametrize(
    ("word", "expected"),
    [("gcc", STARTS["compiled"]), ("cat", STARTS["files"]), ("sort", STARTS["calls"]), ("fish", 0)],
)
def test_one_tool_s_version_runs_what_uses_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, word: str, expected: int
) -> None:
    """Another version of a compiler, of a command, or of what a sourced script calls runs just their units."""
    real = tools.version_of
    monkeypatch.setattr(tools, "version_of", lambda one: "99" if one == word else real(one))
    assert project.starts() == expected


def test_one_limit_of_an_example_runs_it(project: Project) -> None:
    """Another deadline for one block runs that block."""
    project.edit("a/b/en.md", "```python {#script}", "```python {#script timeout=11}")
    assert project.starts() == STARTS["script"]


def test_one_limit_of_the_sandbox_runs_everything(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another default limit may change any output: all of it runs again, once."""
    monkeypatch.setattr(_contract, "limits_of", lambda example: Limits(processes=65))
    assert project.starts() == sum(STARTS.values())
    assert project.starts() == 0


def test_a_failure_runs_again(project: Project) -> None:
    """What failed is never kept: it runs at each check until it passes."""
    project.edit("a/b/en.md", "print(1)", "print(1 // 0)")
    for _ in range(2):
        project.log.write_text("")
        with Store(project.root / "store") as kept:
            assert [result.name for result in pipeline.check(project.root, kept).failed] == ["script"]
        assert project.log.read_text() == "start\n"
