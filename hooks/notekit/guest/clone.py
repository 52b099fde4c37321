"""A unit's own guest: a clone of a template, files put into it, commands run in it, all that it says collected."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from notekit.guest import frames
from notekit.guest.errors import GuestError
from notekit.guest.template import BOOT, Template, empty
from notekit.guest.vm import Ended, Vm
from notekit.model import Exceeded, NamedFile
from notekit.sandbox import HOME, MIB, WORK, Limits
from notekit.sandbox.layout import USER_ID

#: What examples find in a guest, as root and as its ordinary user.
ENVIRONMENTS: dict[int, dict[str, str]] = {
    0: {
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LOGNAME": "root",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "TZ": "UTC",
        "USER": "root",
    },
    USER_ID: {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "LOGNAME": "user",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "TZ": "UTC",
        "USER": "user",
    },
}
#: Seconds and bytes that an example has where it says nothing else.
DEFAULTS = Limits(seconds=60.0, output=MIB)
_STDIN = "/agent/stdin"
_LINES = 20
_COMPLAINT = re.compile(r"Kernel panic|BUG: |Oops: |general protection fault|soft lockup")


@dataclass(frozen=True, slots=True)
class Step:
    """What a job is told to do next. ``seconds``: from now on it has that long; None leaves its time as it is."""

    text: bytes
    job: int
    seconds: float | None = None


#: Answers a job that asks for its next step: called with its number (None: the guest was rebooted, and the jobs begin
#: again), the status of its last step, and how many bytes were printed so far. None ends it all.
Dialogue = Callable[[int | None, int, int], Step | None]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``exit`` is None where the command did not end; ``gone`` says how the guest itself ended before
    its time, ``console`` what its kernel printed last then."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit: int | None = None
    exceeded: Exceeded | None = None
    gone: str = ""
    console: str = ""
    seconds: float = 0.0


@contextlib.contextmanager
def clone(template: Template) -> Iterator[Vm]:
    """A guest that starts where the template stands. Raises GuestError."""
    with contextlib.ExitStack() as stack:
        # What was unpacked is in its memory; only one that boots again needs the archive again.
        if template.machine.reboot:
            initramfs = os.open(template.image.initramfs, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, initramfs)
        else:
            initramfs = stack.enter_context(empty())
        kernel = os.open(template.image.kernel, os.O_RDONLY | os.O_CLOEXEC)
        stack.callback(os.close, kernel)
        # Each has a place of its own in the file.
        state = os.open(f"/proc/self/fd/{template.state}", os.O_RDONLY | os.O_CLOEXEC)
        stack.callback(os.close, state)
        vm = stack.enter_context(Vm(template.machine, template.memory, kernel, initramfs, incoming=True))
        vm.command("qmp_capabilities")
        vm.command("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
        vm.command("getfd", pass_on=[state], fdname="state")
        vm.command("migrate-incoming", uri="fd:state")
        yield vm


def greeting(template: Template, files: Sequence[NamedFile], stdin: bytes) -> bytes:
    """What a guest is told before anything runs in it: the time, and its files."""
    now = time.time_ns() + template.machine.clock * 1_000_000_000
    entries = ((file.path, file.content, 0o755 if file.executable else 0o644) for file in files)
    told = frames.wake(now, os.urandom(32)) + frames.files(entries, WORK, USER_ID)
    return told + (frames.file(_STDIN, stdin, mode=0o644, user=0) if stdin else b"")


def start(argv: Sequence[str], user: int = 0, *, stdin: bytes = b"", merged: bool = False) -> frames.Start:
    """A command of an example, in its working directory."""
    return frames.Start(
        tuple(argv), ENVIRONMENTS[user], WORK, user, _STDIN if stdin else "", merged=merged, stepping=False
    )


def shell(command: Callable[[str, str], Sequence[str]], job: int, user: int) -> frames.Start:
    """A command that works in steps; ``command`` makes it from the paths of its two pipes."""
    argv = tuple(command(*frames.steps(job)))
    return frames.Start(argv, ENVIRONMENTS[user], WORK, user, merged=True, stepping=True)


def converse(
    template: Template,
    jobs: Sequence[frames.Start],
    *,
    files: Sequence[NamedFile] = (),
    stdin: bytes = b"",
    limits: Limits = DEFAULTS,
    dialogue: Dialogue | None = None,
) -> Done:
    """Runs the jobs in a guest of their own until one of them has ended, or the dialogue, or a limit ends it all.

    Raises GuestError where there is no clone; whatever happens to it afterwards is in what comes back.
    """
    with clone(template) as vm:
        talk = _Talk(vm, template, jobs, files, stdin, limits, dialogue)
        return talk.follow()


class _Talk:
    """One clone, from its waking to its end."""

    def __init__(
        self,
        vm: Vm,
        template: Template,
        jobs: Sequence[frames.Start],
        files: Sequence[NamedFile],
        stdin: bytes,
        limits: Limits,
        dialogue: Dialogue | None,
    ) -> None:
        self._vm = vm
        self._template = template
        self._jobs = jobs
        self._files = files
        self._stdin = stdin
        self._limits = limits
        self._dialogue = dialogue
        self._printed = {"O": bytearray(), "E": bytearray()}
        self._allowed = limits.seconds
        self._started = time.monotonic()
        self._until = self._started + BOOT
        self._awake = False
        self._end: Done | None = None

    def follow(self) -> Done:
        self._vm.send(self._hello())
        try:
            while self._end is None:
                for frame in self._vm.hear(self._until):
                    if self._end is None:
                        self._take(frame)
                if time.monotonic() >= self._until and self._end is None:
                    self._out_of_time()
        except Ended as error:
            if not self._awake:
                raise
            self._end = Done(gone=str(error), exceeded=self._vm.exceeded)
        seconds = time.monotonic() - self._started
        console = _last_lines(self._vm.console) if self._end.gone or self._end.exceeded else ""
        out, err = bytes(self._printed["O"]), bytes(self._printed["E"])
        return replace(self._end, stdout=out, stderr=err, seconds=seconds, console=console)

    def _hello(self) -> bytes:
        starts = (frames.start(job, number) for number, job in enumerate(self._jobs))
        return greeting(self._template, self._files, self._stdin) + b"".join(starts)

    def _out_of_time(self) -> None:
        if not self._awake:
            raise GuestError(f"the guest does not wake within {BOOT:g} s")
        self._end = Done(exceeded=replace(self._limits, seconds=self._allowed).exceeded("deadline"))

    def _take(self, frame: frames.Frame) -> None:
        if frame.kind in "OE":
            self._print(frame)
        elif frame.kind == "W" and not self._awake:
            self._awake = True
            self._started = time.monotonic()
            self._until = self._started + self._allowed
        elif frame.kind == "N" and self._dialogue:
            self._answer(self._dialogue(frame.job, frame.content[0], len(self._printed["O"])))
        elif frame.kind == "X":
            self._end = Done(exit=frame.content[0])
        elif frame.kind == "!":
            self._end = Done(gone=frame.content.decode("utf-8", "replace"))
        elif frame.kind == "H" and self._dialogue:
            self._vm.send(self._hello())
            self._answer(self._dialogue(None, 0, len(self._printed["O"])))

    def _answer(self, step: Step | None) -> None:
        if step is None:
            self._end = Done()
            return
        if step.seconds is not None:
            self._allowed = step.seconds
            self._until = time.monotonic() + step.seconds
        self._vm.send(frames.said(step.text, step.job))

    def _print(self, frame: frames.Frame) -> None:
        room = self._limits.output - sum(len(printed) for printed in self._printed.values())
        self._printed[frame.kind] += frame.content[:room]
        if len(frame.content) > room:
            self._end = Done(exceeded=self._limits.exceeded("output"))


def _last_lines(console: bytes | bytearray) -> str:
    """20 lines of the kernel's console: from where it complains first, else the last."""
    lines = bytes(console).decode("utf-8", "replace").replace("\r", "").strip().split("\n")
    start = next((number for number, line in enumerate(lines) if _COMPLAINT.search(line)), len(lines) - _LINES)
    return "\n".join(lines[max(0, start) :][:_LINES])
