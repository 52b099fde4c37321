"""`notes shell`: a person in an example's place. Each shell gets a terminal of its own, which the test types at."""

from __future__ import annotations

import array
import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from notekit import pipeline, shell
from tests.notekit.confinement import processes_with
from tests.notekit.parsing import HEAD, write

_SECONDS = 60
NOTE = (
    HEAD
    + """
```console {#made with="data/given" session=s}
$ word='two words'; mkdir inner; cd inner
$ false
[exit 1]
$ test -t 1 || echo "status $?"
status 1
```
```console {#used session=s}
$ echo "$word"
two words
```
```c {#program args="x"}
int main(int argc, char **argv) { (void) argv; return argc; }
```
```c {#wrong run=build fails}
int main(void) { return missing; }
```
```json {#document}
{}
```
"""
)


@dataclass(frozen=True)
class Ended:
    """What a person saw, how the command ended, whether the terminal is set as before, and what is left to read."""

    shown: str
    status: int
    restored: bool
    unread: int


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A collection of one note."""
    write(tmp_path, {"a/n/en.md": NOTE, "a/n/data/given": "given\n", "a/n/other": "", "mkdocs.yml": ""})
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    (tmp_path / "notes_src").mkdir()
    (tmp_path / "a").rename(tmp_path / "notes_src/a")
    return tmp_path


class Terminal:
    """A terminal with ``notes shell`` at it."""

    def __init__(self, root: Path, name: str) -> None:
        self.outer, self.inner = os.openpty()
        fcntl.ioctl(self.outer, termios.TIOCSWINSZ, array.array("H", [31, 117, 0, 0]))
        self.before = termios.tcgetattr(self.inner)
        argv = [sys.executable, "-m", "notekit", "shell", "--root", str(root), name]
        self.process = subprocess.Popen(argv, stdin=self.inner, stdout=self.inner, stderr=self.inner)
        self.shown = ""

    def until(self, text: str, seconds: float = _SECONDS) -> None:
        """Reads until a text is shown, or fails."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} was not shown, but {self.shown!r}"
            self._read()

    def _read(self) -> None:
        if select.select([self.outer], [], [], 0.1)[0]:
            self.shown += os.read(self.outer, 1 << 16).decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, text: str) -> None:
        """Types."""
        os.write(self.outer, text.encode())

    def end(self) -> Ended:
        """Reads until the command ends."""
        end = time.monotonic() + _SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it did not end; shown: {self.shown!r}"
            self._read()
        while select.select([self.outer], [], [], 0)[0]:
            self._read()
        unread = array.array("i", [0])
        fcntl.ioctl(self.inner, termios.FIONREAD, unread)
        restored = termios.tcgetattr(self.inner) == self.before
        os.close(self.inner)
        os.close(self.outer)
        return Ended(self.shown, self.process.returncode, restored, unread[0])


def typed(root: Path, name: str, *lines: str, prompt: str = "bash-") -> Ended:
    """What comes of typing lines at the first prompt."""
    terminal = Terminal(root, name)
    terminal.until(prompt)
    for line in lines:
        terminal.type(f"{line}\r")
    return terminal.end()


def test_the_shell_stands_where_the_example_would(root: Path) -> None:
    """The directory, the files that the block names, the user and the environment are the example's."""
    ended = typed(root, "a/n#made", "pwd; ls -R; id -un; echo $HOME $TZ; exit")
    assert "/home/user/work\n.:\ndata\n\n./data:\ngiven\nuser\n/home/user UTC\n" in ended.shown
    assert (ended.status, ended.restored) == (0, True)


GUEST = (
    HEAD
    + """
```console {#before runner=guest session=g with="data/given"}
# v=kept; cd data
$ id -u; touch mine
1000
```
```console {#after runner=guest session=g}
# echo $v
kept
```
```c {#inside runner=guest args=x}
int main(int argc, char **argv) { (void) argv; return argc - 2; }
```
"""
)


def test_a_guest_s_shell_is_root_s_in_a_clone(root: Path) -> None:
    """What came before in the session has run, as who it should; the shell is root's, with the terminal's size."""
    (root / "notes_src/a/n/en.md").write_text(GUEST)
    ended = typed(
        root,
        "a/n#after",
        'echo "[$v] ${PWD##*/}"; stat -c %U ../mine; id -u; stty size; uname -n; exit',
        prompt="root@guest",
    )
    assert (
        "This is the guest of a/n#after before it runs; exit or Ctrl-D leaves it. Next would be:\n    # echo $v\n"
        in (ended.shown)
    )
    assert "id -u; touch mine'\n1000\n" in ended.shown
    assert "[kept] data\n" in ended.shown
    assert "user\n0\n31 117\nguest\n" in ended.shown
    assert (ended.status, ended.restored) == (0, True)
    ended = typed(root, "a/n#inside", "./inside; echo $?; ./inside x; echo $?; ls; exit", prompt="root@guest")
    assert "\n    # ./inside x\n" in ended.shown
    assert "255\n0\ninside\tinside.c\n" in ended.shown


def test_what_came_before_in_the_session_has_run(root: Path) -> None:
    """Variables, the directory and the status are there, and each earlier command was shown with what it printed."""
    ended = typed(root, "a/n#used", 'echo "[$?] $word ${PWD##*/}"; exit')
    assert "[0] two words inner\n" in ended.shown
    assert '$ false\n$ test -t 1 || echo "status $?"\nstatus 1\n' in ended.shown


def test_nothing_of_the_example_itself_has_run(root: Path) -> None:
    """What a block does is not done yet in its own shell."""
    assert "given\n" in typed(root, "a/n#made", "ls -d inner || ls data; exit").shown


def test_a_c_program_is_compiled_and_not_started(root: Path) -> None:
    """The shell of a program has the program, and says how it would be started."""
    ended = typed(root, "a/n#program", "ls; ./program x; echo status $?; exit")
    assert "    $ ./program x\n" in ended.shown
    assert "program  program.c\nstatus 2\n" in ended.shown


def test_a_c_program_that_does_not_compile_has_its_source(root: Path) -> None:
    """Where no run would come, the shell stands before the compiler."""
    ended = typed(root, "a/n#wrong", "ls; exit")
    assert "-o wrong\n" in ended.shown
    assert "\nwrong.c\n" in ended.shown


def test_keys_are_for_what_runs_in_the_shell(root: Path) -> None:
    """Ctrl-C ends a program in the shell, the size of the window is known there, and Ctrl-D leaves."""
    terminal = Terminal(root, "a/n#made")
    terminal.until("bash-")
    terminal.type("sh -c 'stty size; echo wait\"\"ing; exec sleep 600'\r")
    terminal.until("31 117\nwaiting\n")
    terminal.type("\x03")
    # What is typed before the prompt is back may be dropped with the program's input.
    terminal.until("waiting\n^C\nbash-")
    terminal.type("echo still''here\r")
    # So it is with the end of input.
    terminal.until("stillhere\nbash-")
    terminal.type("\x04")
    assert terminal.end().status == 0


def test_the_users_terminal_is_out_of_reach(root: Path) -> None:
    """Characters that a program pushes into its terminal's input do not come to the user's."""
    push = "import fcntl, termios; [fcntl.ioctl(0, termios.TIOCSTI, bytes([c])) for c in b'true']"
    ended = typed(root, "a/n#made", f'setsid -w true; python3 -c "{push}"; kill -KILL $$')
    assert ended.unread == 0
    assert ended.restored


def test_a_limit_ends_the_shell_and_is_named(root: Path) -> None:
    """Too many processes end all that runs there, as in the example."""
    ended = typed(root, "a/n#made", "for i in $(seq 90); do sleep 86399 & done")
    assert "the shell was ended: over the processes limit of 64\n" in ended.shown
    assert (ended.status, ended.restored) == (1, True)
    assert processes_with("sleep 86399") == []


def test_a_signal_leaves_the_terminal_as_it_was(root: Path) -> None:
    """SIGTERM ends the shell and what runs there."""
    terminal = Terminal(root, "a/n#made")
    terminal.until("bash-")
    terminal.type("echo read''y; sleep 86398\r")
    terminal.until("ready\n")
    terminal.process.send_signal(signal.SIGTERM)
    ended = terminal.end()
    assert (ended.status, ended.restored) == (143, True)
    assert processes_with("sleep 86398") == []


def test_a_window_that_is_closed_ends_the_shell(root: Path) -> None:
    """Where the user's terminal goes away, all that ran there is ended, with no complaint left to make."""
    terminal = Terminal(root, "a/n#made")
    terminal.until("bash-")
    terminal.type("sleep 86397 &\r")
    terminal.until("[1]")
    os.close(terminal.inner)
    os.close(terminal.outer)
    assert terminal.process.wait(_SECONDS) == 0
    assert processes_with("sleep 86397") == []


def test_without_a_terminal_it_refuses(root: Path) -> None:
    """Where nobody can type, there is nothing to open."""
    argv = [sys.executable, "-m", "notekit", "shell", "--root", str(root), "a/n#made"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "notes shell needs a terminal: standard input and standard output must be one\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a/n", "a/n: this names no example; write AREA/NOTE#ID"),
        ("a/m#made", "a/m: there is no such note; did you mean a/n?"),
        ("a/n#no", "a/n#no: there is no such example; this note has made, used, program, wrong, document"),
        ("a/n#document", "a/n#document: json runs no process in the sandbox; there is nothing to open"),
    ],
)
def test_what_cannot_be_opened_is_said(root: Path, name: str, said: str) -> None:
    """A name that leads to no sandbox ends with 2, and the message says which would."""
    ended = Terminal(root, name).end()
    assert (ended.shown, ended.status) == (f"{said}\n", 2)


def test_the_example_is_found_with_all_that_runs_together(root: Path) -> None:
    """A block of a session comes with the session's other blocks."""
    unit, example = shell.find(pipeline.read(root), "a/n#used")
    assert ([one.name for one in unit.examples], example.name) == (["made", "used"], "used")
