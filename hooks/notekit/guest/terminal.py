"""A shell in a clone, at the terminal that a person types at: the agent has a pseudo-terminal for it in the guest."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import time
from collections.abc import Sequence

from notekit.guest import frames, shells
from notekit.guest.clone import clone, greeting
from notekit.guest.template import Template
from notekit.guest.vm import Ended, Vm
from notekit.model import NamedFile
from notekit.sandbox import WORK, Session
from notekit.sandbox.terminal import raw

_CHUNK = 1 << 14
_LOOK = 1.0


def at_terminal(
    template: Template, argv: Sequence[str], source: int, target: int, *, files: Sequence[NamedFile] = ()
) -> Session:
    """Runs a command of root's in a guest of its own; ``source`` is read and ``target`` written to, both of the
    person's terminal, which is as it was when this returns.

    Raises GuestError where there is no clone, or it is gone before its shell; Stopped after ``kill_all``.
    """
    environment = {**shells.ENVIRONMENTS[0], "TERM": os.environ.get("TERM", "dumb")}
    with clone(template) as vm:
        start = frames.Start(tuple(argv), environment, WORK, terminal=_size(source))
        vm.send(greeting(template, files) + frames.start(start, shells.PROGRAM))
        with raw(source, lambda: vm.send(frames.size(*_size(source), shells.PROGRAM))):
            return _relay(vm, source, target)


def _size(source: int) -> tuple[int, int]:
    """Rows and columns of the terminal."""
    rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8)))
    return rows, columns


def _relay(vm: Vm, source: int, target: int) -> Session:
    while True:
        try:
            heard = vm.hear(time.monotonic() + _LOOK, source)
        except Ended:
            if vm.exceeded:
                return Session(None, vm.exceeded)
            raise
        for frame in heard:
            if frame.kind == "O":
                with contextlib.suppress(OSError):  # the terminal is gone: its end comes below
                    _write(target, frame.content)
            elif frame.kind == "X" and frame.job == shells.PROGRAM:
                return Session(frame.content[0], None)
        if select.select([source], [], [], 0)[0]:
            typed = _read(source)
            if not typed:
                return Session(None, None)
            vm.send(frames.said(typed, shells.PROGRAM))


def _read(source: int) -> bytes:
    try:
        return os.read(source, _CHUNK)
    except OSError:
        return b""


def _write(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]
