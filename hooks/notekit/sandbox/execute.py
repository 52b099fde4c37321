"""Running a confined process tree to its end: output collected, limits watched, the end told."""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import math
import os
import resource
import select
import termios
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from notekit.model import Limit, NamedFile
from notekit.sandbox import folder, stopping, watch
from notekit.sandbox.launch import NOBODY, gives_away
from notekit.sandbox.limits import Execution, Limits
from notekit.sandbox.process import Command, Confined, SandboxError

#: Answers a program that said ``step N`` on its launcher's status pipe: called with N and with how many bytes
#: standard output has so far, gives what to send and, where the clock starts anew, the seconds that are allowed
#: from now on; None to end it all.
Dialogue = Callable[[int, int], tuple[bytes, float | None] | None]

_FIRST_LOOK = 0.02
_CHUNK = 1 << 16
# A program may open its launcher's status pipe and write anything to it: this much without a line's end is dropped.
_LONGEST_LINE = 4096
# An execution holds up to 24 descriptors at a time; a process may often have 1024.
_places = threading.BoundedSemaphore(max(1, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 128) // 24))
# A program that works in steps is still there at its end: itself, and the subshell in which it asks.
_DRIVER_TASKS = 2


def execute(
    command: Command,
    *,
    files: Sequence[NamedFile] = (),
    stdin: bytes = b"",
    merge_output: bool = False,
    limits: Limits | None = None,
    collect: Sequence[tuple[str, int]] = (),
    dialogue: Dialogue | None = None,
    system: str = "",
) -> Execution:
    """Runs a command, confined, in a fresh directory with the files in it, until it or one of its limits ends.

    Args:
        command: its first word is looked up on the sandbox's PATH.
        files: put into the working directory, owned by the sandbox's user.
        stdin: what standard input holds; it is a regular file, or ``/dev/null`` where there is nothing.
        merge_output: standard error goes where standard output goes, in the order written.
        limits: default ``Limits()``.
        collect: files to read back afterwards, each with the most bytes that it may have.
        dialogue: answers a program that works in steps.
        system: a folder with the system to run in, ``usr`` and the links to it; default this machine's.

    Raises:
        SandboxError: the sandbox itself failed.
        Stopped: ``kill_all`` was called.
    """
    limits = limits or Limits()
    with _places:
        stopping.check()
        with Confined(command, limits, stdin, merge_output, system=system) as confined, stopping.killable(confined):
            run = _Run(confined, limits, dialogue)
            run.begin(files)
            return run.finish(collect)


class _Run:
    """One execution under way: what it printed so far, and what was noticed about it."""

    def __init__(self, confined: Confined, limits: Limits, dialogue: Dialogue | None) -> None:
        self._confined = confined
        self._limits = limits
        self._dialogue = dialogue
        self._printed: dict[int, bytearray] = {confined.output: bytearray()}
        if confined.error is not None:
            self._printed[confined.error] = bytearray()
        self._exceeded: Limit | None = None
        self._allowed = limits.seconds
        self._exit: int | None = None
        self._over = False
        self._said = b""
        self._unsent = b""
        self._poll = select.poll()
        for descriptor in (*self._printed, confined.status, confined.first):
            self._poll.register(descriptor, select.POLLIN)

    def begin(self, files: Sequence[NamedFile]) -> None:
        """Puts the files in place, lets the program go, and follows it to its end."""
        self._started = time.monotonic()
        try:
            folder.write(self._confined.work, files, (NOBODY, NOBODY) if gives_away() else None)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise SandboxError(f"the files cannot be put into the sandbox: {error}") from error
            self._end("disk")
            return
        self._started = time.monotonic()
        self._deadline = self._started + self._allowed
        self._send(b"\n")
        self._follow()

    def _end(self, limit: Limit | None = None) -> None:
        self._over = True
        self._exceeded = self._exceeded or limit

    def _follow(self) -> None:
        look = time.monotonic() + _FIRST_LOOK
        while not self._over:
            wait = min(look, self._deadline) - time.monotonic()
            events = self._poll.poll(max(0, math.ceil(wait * 1000)))
            # What was printed first: a status that came at the same time was said after it.
            for descriptor, event in sorted(events, key=lambda pair: pair[0] not in self._printed):
                self._answer(descriptor, event)
            now = time.monotonic()
            if now >= self._deadline:
                self._end("deadline")
            elif now >= look and not self._over:
                limit, pause = watch.exceeded(self._confined.proc, self._confined.writable, self._limits)
                if limit:
                    self._end(limit)
                look = now + pause

    def _answer(self, descriptor: int, event: int) -> None:
        if descriptor in self._printed:
            if not self._read(descriptor, _CHUNK):
                self._poll.unregister(descriptor)
        elif descriptor == self._confined.status:
            said = os.read(descriptor, _LONGEST_LINE)
            if not said:
                self._poll.unregister(descriptor)
            *lines, self._said = (self._said + said).split(b"\n")
            self._said = self._said[-_LONGEST_LINE:]
            for line in lines:
                self._heard(line)
        elif descriptor == self._confined.go:
            self._send(b"")
        elif event & select.POLLIN:  # pid 1 has died: the launcher was killed, from inside or by kill_all
            self._end()

    def _heard(self, line: bytes) -> None:
        word, _, number = line.partition(b" ")
        if self._over or not number.isdigit():
            return
        if word == b"exit":
            self._drain()
            self._exit = int(number) & 0xFF
            self._end()
        elif word == b"step" and self._dialogue:
            self._drain()
            if self._over:
                return
            answer = self._dialogue(int(number) & 0xFF, len(self._printed[self._confined.output]))
            if answer is None:
                self._end()
            else:
                text, seconds = answer
                if seconds is not None:
                    self._allowed = seconds
                    self._deadline = time.monotonic() + seconds
                self._send(text)

    def _send(self, text: bytes) -> None:
        """Writes to the tree as much as fits now; the rest when there is room."""
        self._unsent += text
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            self._unsent = self._unsent[os.write(self._confined.go, self._unsent) :]
        if self._unsent:
            self._poll.register(self._confined.go, select.POLLOUT)
        else:
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._confined.go)

    def _read(self, descriptor: int, most: int) -> bool:
        """Takes what was printed, up to the limit; False at its end."""
        data = os.read(descriptor, most)
        room = self._limits.output - sum(len(printed) for printed in self._printed.values())
        self._printed[descriptor] += data[:room]
        if len(data) > room:
            self._end("output")
        return bool(data)

    def _drain(self) -> None:
        """Takes what was printed until now, and no more, so that an endless writer cannot hold this up."""
        for descriptor in self._printed:
            waiting = array.array("i", [0])
            fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
            while waiting[0] > 0 and not self._exceeded:
                before = len(self._printed[descriptor])
                self._read(descriptor, min(_CHUNK, waiting[0]))
                waiting[0] -= max(1, len(self._printed[descriptor]) - before)

    def finish(self, collect: Sequence[tuple[str, int]]) -> Execution:
        """Looks once more, kills all that is left, and reads back what was asked for."""
        confined = self._confined
        seconds = time.monotonic() - self._started
        if self._exceeded is None:
            self._exceeded = watch.left_behind(confined.proc, self._limits, _DRIVER_TASKS if self._dialogue else 0)
        status = confined.end()
        if self._exit is None:
            self._drain()
        if self._exceeded is None and watch.full(confined.writable):
            self._exceeded = "disk"
        if self._exceeded is not None:
            self._exit = None
        elif self._exit is None and self._dialogue is None:
            self._exit = status
        exceeded = None
        if self._exceeded:
            exceeded = replace(self._limits, seconds=self._allowed).exceeded(self._exceeded)
        found = ((path, folder.read(confined.work, path, most)) for path, most in collect)
        return Execution(
            stdout=bytes(self._printed[confined.output]),
            stderr=b"" if confined.error is None else bytes(self._printed[confined.error]),
            exit=self._exit,
            exceeded=exceeded,
            seconds=seconds,
            files={path: content for path, content in found if content is not None},
        )
