"""``notes accept`` as it is typed: real examples, real files."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from notekit import accept
from notekit.commands import accept as cli_accept
from tests.notekit.parsing import HEAD, write

WRONG = '```console {#c}\n$ echo one; echo two\none\nzwei\n$ false\n```\n```python {#p}\nprint("<int>")\n```\n'
RIGHT = (
    "```console {#c}\n$ echo one; echo two\none\ntwo\n$ false\n[exit 1]\n```\n"
    '```python {#p}\nprint("<int>")\n```\n```output {of=p}\n\\<int>\n```\n'
)
CHINESE = "```example {of=c}\n```\n```example {of=p}\n```\n"
COMMAND = (sys.executable, "-m", "notekit")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection with one note whose examples fail in English and are shown in Chinese."""
    write(tmp_path, {"a/n/en.md": HEAD + WRONG, "a/n/zh.md": HEAD + CHINESE})
    return tmp_path


def english(root: Path) -> str:
    """The English text below its head."""
    return (root / "a/n/en.md").read_text(encoding="utf-8").removeprefix(HEAD)


def environment(**more: str) -> dict[str, str]:
    """The test's environment as an author has it: not under CI, with the store in the collection."""
    return {**{key: value for key, value in os.environ.items() if key not in ("CI", "PAGEWALK_STORE")}, **more}


def notes(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """``notes …`` in the collection, with no terminal."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=root,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def on_a_terminal(root: Path, answer: bytes) -> int:
    """The exit status of ``notes accept`` where that is typed on a terminal."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer)
        return subprocess.run(
            [*COMMAND, "accept"],
            cwd=root,
            env=environment(TERM="dumb"),  # no bar: nobody reads what the terminal shows
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=120,
            check=False,
        ).returncode
    finally:
        os.close(ours)
        os.close(theirs)


def test_accepted_notes_pass_and_stay(root: Path) -> None:
    """After ``--yes`` the note says what came out, the check passes, and a second accept finds nothing."""
    first = notes(root, "accept", "--yes")
    assert (first.returncode, first.stderr) == (0, "a/n/en.md: accepted the output of c, p\n")
    assert "\n-zwei\n+two\n" in first.stdout and "\n+[exit 1]\n" in first.stdout
    assert english(root) == RIGHT
    assert (root / "a/n/zh.md").read_text(encoding="utf-8") == HEAD + CHINESE
    assert notes(root, "check", "-q").returncode == 0
    second = notes(root, "accept", "--yes", "a/n")
    assert (second.returncode, second.stdout) == (0, "")
    assert second.stderr == "nothing to accept: every example prints what its note says\n"
    assert english(root) == RIGHT


def test_nothing_is_written_unasked(root: Path) -> None:
    """Without a terminal and without ``--yes`` the difference is shown and the note stays."""
    done = notes(root, "accept", "a/n")
    assert done.returncode == 1
    assert "\n-zwei\n+two\n" in done.stdout
    assert done.stderr == "a/n/en.md: not written, as there is no terminal to ask on; use --yes\n"
    assert english(root) == WRONG


@pytest.mark.parametrize(("answer", "status", "text"), [(b"y\n", 0, RIGHT), (b"\n", 1, WRONG), (b"\x04", 1, WRONG)])
def test_the_author_is_asked(root: Path, answer: bytes, status: int, text: str) -> None:
    """On a terminal a file is written after a yes, and after nothing else."""
    assert on_a_terminal(root, answer) == status
    assert english(root) == text


def test_a_build_does_not_accept(root: Path) -> None:
    """Under CI nothing runs and nothing is written, also with ``--yes``."""
    done = notes(root, "accept", "--yes", CI="true")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("notes accept: CI is set")
    assert english(root) == WRONG and not (root / ".cache").exists()


def test_what_is_refused_is_said(root: Path) -> None:
    """A limit and a broken note are told with their lines, and what can be accepted is."""
    slow = "```console {#s timeout=0.5}\n$ echo a; sleep 9\n```\n"
    write(root, {"a/m/en.md": HEAD + slow, "a/m/zh.md": HEAD + "```example {of=s}\n```\n", "a/l/en.md": "none"})
    done = notes(root, "accept", "--yes")
    assert done.returncode == 2
    assert "a/m/en.md:5: s exceeded a limit (deadline: more than 0.5 s)" in done.stderr
    assert "a/l/en.md:1: " in done.stderr
    assert english(root) == RIGHT
    assert notes(root, "accept", "--yes", "a/m").returncode == 1


def test_an_unknown_note_is_named(root: Path) -> None:
    """A note that does not exist is told, and nothing is written."""
    done = notes(root, "accept", "--yes", "a/nn")
    assert (done.returncode, done.stderr) == (2, "a/nn: there is no such note; name one as area/slug\n")


def test_a_file_that_cannot_be_written_stays_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the disk takes no more, the note is as before, and the reason is told."""

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PAGEWALK_STORE", str(root / "store"))
    monkeypatch.setattr(accept, "write_whole", full)
    assert cli_accept.accept(root, (), yes=True) == 2
    assert capsys.readouterr().err == "a/n/en.md: cannot be written (No space left on device); make it writable\n"
    assert english(root) == WRONG
