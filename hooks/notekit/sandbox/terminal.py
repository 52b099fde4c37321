"""A confined shell at a person's terminal, through a pseudo-terminal of its own, as script(1) does it.

the user's terminal ── relay ── pseudo-terminal ── the shell

What runs confined never has a descriptor of the user's terminal: characters that it pushes into its input
(ioctl_tty(2), TIOCSTI) come to itself, and its Ctrl-C, job control and hang-ups stay inside.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import termios
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from notekit.model import Exceeded, Limit, NamedFile
from notekit.sandbox import folder, stopping, watch
from notekit.sandbox.launch import NOBODY, gives_away
from notekit.sandbox.limits import Limits
from notekit.sandbox.process import Confined, SandboxError

_CHUNK = 1 << 16
_FIRST_LOOK = 0.02
# bubblewrap's --new-session leaves the launcher without a terminal; this makes ours the shell's own.
_OWN_TERMINAL = ("setsid", "--ctty", "--wait")


@dataclass(frozen=True, slots=True)
class Session:
    """How a shell ended: its status, 0 to 255, or the limit that ended it; neither where the terminal was closed."""

    exit: int | None
    exceeded: Exceeded | None


def converse(
    command: Sequence[str], source: int, target: int, *, files: Sequence[NamedFile] = (), limits: Limits | None = None
) -> Session:
    """Runs a command, confined as by ``execute``, at the terminal that a person types at.

    Args:
        command: its first word is looked up on the sandbox's PATH.
        source: a descriptor of the user's terminal, to read what is typed.
        target: a descriptor of it to write to; the terminal is set as it was before when this returns.
        files: put into the working directory, owned by the sandbox's user.
        limits: default ``Limits()``; a person thinks, so ``seconds`` and ``output`` bind nothing here.

    Raises:
        SandboxError: the sandbox itself failed.
        Stopped: ``kill_all`` was called.
    """
    limits = limits or Limits()
    stopping.check()
    outer, inner = os.openpty()
    try:
        termios.tcsetattr(inner, termios.TCSANOW, termios.tcgetattr(source))
        _copy_size(source, outer)
        if gives_away():
            # /dev/stdin is opened anew, by name: that asks for the terminal's permissions.
            os.fchown(inner, NOBODY, NOBODY)
        with Confined([*_OWN_TERMINAL, *command], limits, b"", True, inner) as confined, stopping.killable(confined):
            os.close(inner)
            inner = -1
            _put(files, confined)
            os.write(confined.go, b"\n")
            with raw(source, lambda: _copy_size(source, outer)):
                return _Relay(confined, limits, source, target, outer).follow()
    finally:
        os.close(outer)
        if inner >= 0:
            os.close(inner)


def _put(files: Sequence[NamedFile], confined: Confined) -> None:
    try:
        folder.write(confined.work, files, (NOBODY, NOBODY) if gives_away() else None)
    except OSError as error:
        raise SandboxError(f"the files cannot be put into the sandbox: {error}") from error


def _copy_size(source: int, outer: int) -> None:
    """The pseudo-terminal gets the size of the user's; the kernel tells what runs in front there (SIGWINCH)."""
    fcntl.ioctl(outer, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8))


@contextlib.contextmanager
def raw(source: int, resize: Callable[[], None]) -> Iterator[None]:
    """Every key goes to the shell, Ctrl-C too; a new size of the window is passed on by ``resize``. Undone at the end,
    however it comes."""

    def resized(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):  # the window is gone: its hang-up follows
            resize()

    def ended(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = termios.tcgetattr(source)
    handlers = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGWINCH, resized), (signal.SIGTERM, ended), (signal.SIGHUP, ended))
    }
    try:
        # Not TCSAFLUSH, which setraw does by default: what was typed ahead is for the shell.
        tty.setraw(source, termios.TCSADRAIN)
        yield
    finally:
        with contextlib.suppress(termios.error):  # a terminal that was closed has nothing to set
            termios.tcsetattr(source, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


class _Relay:
    """Carries bytes both ways until the shell ends, a limit is exceeded, or the user's terminal is closed."""

    def __init__(self, confined: Confined, limits: Limits, source: int, target: int, outer: int) -> None:
        self._confined = confined
        self._limits = limits
        self._source = source
        self._target = target
        self._outer = outer
        self._typed = b""
        self._said = b""
        self._exit: int | None = None
        self._over = False
        os.set_blocking(outer, False)

    def follow(self) -> Session:
        """Relays to the end; all that ran is dead then."""
        confined = self._confined
        exceeded: Limit | None = None
        look = time.monotonic() + _FIRST_LOOK
        while not self._over:
            for descriptor, event in self._poll().poll(max(0.0, look - time.monotonic()) * 1000):
                self._answer(descriptor, event)
            if time.monotonic() >= look and not self._over:
                exceeded, pause = watch.exceeded(confined.proc, confined.writable, self._limits)
                self._over = exceeded is not None
                look = time.monotonic() + pause
        confined.end()
        while self._show():
            continue
        return Session(None if exceeded else self._exit, self._limits.exceeded(exceeded) if exceeded else None)

    def _poll(self) -> select.poll:
        poll = select.poll()
        poll.register(self._confined.status, select.POLLIN)
        poll.register(self._confined.first, select.POLLIN)
        poll.register(self._outer, select.POLLIN | (select.POLLOUT if self._typed else 0))
        if len(self._typed) < _CHUNK:  # what is typed (or pasted) waits where the shell does not read it
            poll.register(self._source, select.POLLIN)
        return poll

    def _answer(self, descriptor: int, event: int) -> None:
        if descriptor == self._outer:
            if event & select.POLLIN:
                self._show()
            if event & select.POLLOUT:
                self._pass_on()
        elif descriptor == self._source:
            self._take()
        elif descriptor == self._confined.status:
            said = os.read(descriptor, 4096)
            self._said = (self._said + said)[-4096:]
            *lines, self._said = self._said.split(b"\n")
            for word, _, number in (line.partition(b" ") for line in lines):
                if word == b"exit" and number.isdigit():
                    self._exit = int(number) & 0xFF
                    self._over = True
            self._over = self._over or not said
        else:  # pid 1 has died
            self._over = True

    def _take(self) -> None:
        """Reads what was typed; the end of it, or an error, means that the user's terminal is gone."""
        try:
            typed = os.read(self._source, _CHUNK)
        except OSError:
            typed = b""
        self._typed += typed
        self._over = self._over or not typed
        self._pass_on()

    def _pass_on(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._typed = self._typed[os.write(self._outer, self._typed) :]

    def _show(self) -> bool:
        """Writes to the user's terminal what the shell printed; False where there is nothing."""
        try:
            printed = os.read(self._outer, _CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: nobody holds the other side any more
                raise
            return False
        rest = memoryview(printed)
        try:
            while rest:
                rest = rest[os.write(self._target, rest) :]
        except OSError:
            self._over = True
            return False
        return bool(printed)
