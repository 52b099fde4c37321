"""One confined process tree: made by bubblewrap, held at its start, killed as a whole.

builder ── bwrap ── pid 1 (bubblewrap's reaper) ── launcher (bash) ── the program

The launcher says ``ready`` on its status pipe and waits. Only then, with nothing of the example running yet,
are the tree's /proc and folders opened and files put in; they stay open and cannot be exchanged afterwards.
It says ``exit N`` when the program has ended and waits again, so that what is still running can be counted
before all is killed. Killing pid 1 of a PID namespace kills all in it: pid_namespaces(7).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from notekit.sandbox import layout
from notekit.sandbox.launch import NOBODY, as_nobody, default_signals, gives_away, inside, launcher, seal
from notekit.sandbox.limits import Limits

_START_SECONDS = 60.0
#: A command; or what makes one of the paths, inside, of the launcher's status pipe and of the pipe it waits on.
Command = Sequence[str] | Callable[[str, str], Sequence[str]]


class SandboxError(Exception):
    """The sandbox itself failed: bubblewrap is missing, or could not make it. Says why."""


class Confined:
    """A confined process tree that is ready to start; a context manager that ends it.

    ``output`` and ``error`` are what the tree prints (``error`` is None where both are one), ``status`` what
    the launcher says, ``go`` what it waits for, ``first`` a pidfd of pid 1, ``proc`` the tree's /proc,
    ``work`` its working directory, ``writable`` all folders that can be written to: descriptors, closed on leaving.
    With a ``terminal``, the caller's descriptor of one, that is all three streams of the tree, and ``stdin``,
    ``output`` and ``error`` are not used. ``given`` are the caller's descriptors that the tree gets, under the same
    numbers; ``system`` is that of ``layout.arguments``.
    """

    def __init__(
        self,
        command: Command,
        limits: Limits,
        stdin: bytes,
        merge_output: bool,
        terminal: int | None = None,
        given: Sequence[int] = (),
        system: str = "",
    ) -> None:
        self._opened: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.first = -1
        self._given = tuple(given)
        self._system = system
        try:
            self._start(command, limits, stdin, merge_output, terminal)
            self._await_ready()
            self._pin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Confined:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self, command: Command, limits: Limits, stdin: bytes, merge_output: bool, terminal: int | None) -> None:
        bwrap = shutil.which("bwrap") or shutil.which("bwrap", path="/usr/bin:/usr/local/bin")
        if bwrap is None:
            raise SandboxError("bubblewrap is not installed")
        given: list[int] = []
        self.output, out = self._pipe(given)
        self.error: int | None
        self.error, err = (None, out) if merge_output else self._pipe(given)
        self.status, say = self._pipe(given)
        hear, self.go = self._pipe(given, reading=True)
        self._info, info = self._pipe(given)
        os.set_blocking(self.go, False)
        argv = command(inside(say), inside(hear)) if callable(command) else command
        descriptors = {path: self._memory(content, given) for path, content in layout.data().items()}
        filter_program = layout.seccomp_filter()
        seccomp = None if filter_program is None else self._memory(filter_program, given)
        options = layout.arguments(limits, descriptors, info, seccomp, self._system)
        # From a descriptor, so that a list of the sandbox's own processes stays readable.
        args = self._memory(b"".join(os.fsencode(option) + b"\0" for option in options), given)
        source = self._memory(stdin, given) if stdin else self._keep(os.open(os.devnull, os.O_RDONLY), given)
        try:
            self._process = subprocess.Popen(
                [
                    *(*default_signals(), *as_nobody(), bwrap, "--args", str(args), "--"),
                    *("/bin/bash", "--norc", "--noprofile", "-c", launcher(limits, say, hear, self._given)),
                    *("bash", *argv),
                ],
                stdin=source if terminal is None else terminal,
                stdout=out if terminal is None else terminal,
                stderr=err if terminal is None else terminal,
                pass_fds=(
                    *(say, hear, info, args, *descriptors.values(), *self._given),
                    *(() if seccomp is None else (seccomp,)),
                ),
                cwd="/",
                env={},
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"{bwrap} cannot be started: {error.strerror}") from error
        finally:
            for descriptor in given:
                self._opened.remove(descriptor)
                os.close(descriptor)

    def _keep(self, descriptor: int, given: list[int]) -> int:
        self._opened.append(descriptor)
        given.append(descriptor)
        return descriptor

    def _pipe(self, given: list[int], reading: bool = False) -> tuple[int, int]:
        """(reading end, writing end); the end that is the tree's own is added to ``given``."""
        ends = os.pipe()
        self._opened += ends
        given.append(ends[0 if reading else 1])
        if gives_away():
            # /dev/stdout is opened anew, by name: that asks for the pipe's permissions.
            os.fchown(ends[0], NOBODY, NOBODY)
        return ends

    def _memory(self, content: bytes, given: list[int]) -> int:
        """A sealed file in memory: what the tree reads, it cannot change."""
        descriptor = self._keep(os.memfd_create("data", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), given)
        with open(descriptor, "wb", closefd=False) as target:
            target.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        seal(descriptor)
        return descriptor

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        said = b""
        start = select.poll()
        start.register(self.status, select.POLLIN)
        while not said.endswith(b"ready\n"):
            readable = start.poll(max(0.0, deadline - time.monotonic()) * 1000)
            part = os.read(self.status, 64) if readable else b""
            if not part:
                raise SandboxError(self._complaint() if readable else f"no start within {_START_SECONDS:g} s")
            said += part

    def _complaint(self) -> str:
        """What bubblewrap printed instead of starting."""
        assert self._process is not None
        self._process.wait()
        text = os.read(self.output if self.error is None else self.error, 4096)
        return text.decode("utf-8", "replace").strip() or f"bwrap ended with status {self._process.returncode}"

    def _pin(self) -> None:
        number = json.loads(os.read(self._info, 4096))["child-pid"]
        root = f"/proc/{number}/root"
        try:
            self.first = self._open(os.pidfd_open(number))
            self.proc = self._open(os.open(f"{root}/proc", os.O_RDONLY | os.O_DIRECTORY))
            self.work = self._open(os.open(f"{root}{layout.WORK}", os.O_PATH | os.O_DIRECTORY))
            self.writable = tuple(
                self._open(os.open(f"{root}{path}", os.O_RDONLY | os.O_DIRECTORY)) for path, _ in layout.WRITABLE
            )
        except OSError as error:
            raise SandboxError(f"the new sandbox cannot be looked into: {error}") from error

    def _open(self, descriptor: int) -> int:
        self._opened.append(descriptor)
        return descriptor

    def kill(self) -> None:
        """Kills all of the tree at once; from any thread, any number of times."""
        if self.first >= 0:
            with contextlib.suppress(ProcessLookupError, OSError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)
        elif self._process is not None:
            self._process.kill()

    def end(self) -> int:
        """Kills the tree, waits until all of it is dead, and gives bubblewrap's own status (128+n: a signal).

        Raises SandboxError where a process does not die.
        """
        assert self._process is not None
        self.kill()
        if not self._all_dead():
            raise SandboxError("a process of the example does not die; it may hang in the kernel")
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def _all_dead(self) -> bool:
        """Waits for it. A pidfd is readable once pid 1 is gone, and that waits for all others of its namespace."""
        if self.first < 0:
            return True
        dead = select.poll()
        dead.register(self.first, select.POLLIN)
        return bool(dead.poll(_START_SECONDS * 1000))

    def close(self) -> None:
        """Ends the tree and closes every descriptor."""
        try:
            if self._process is not None:
                if self._process.poll() is None:
                    self.kill()
                    self._all_dead()
                    self._process.kill()
                self._process.wait()
        finally:
            self.first = -1
            while self._opened:
                os.close(self._opened.pop())
