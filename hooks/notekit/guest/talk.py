"""What is said to a clone and heard from it, from its waking to its end: a program's run, or two shells' steps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from notekit.guest import frames, shells
from notekit.guest.clone import STDIN, clone, greeting
from notekit.guest.errors import GuestError
from notekit.guest.template import BOOT, Template
from notekit.guest.vm import Ended, Vm
from notekit.model import Exceeded, NamedFile
from notekit.sandbox import MIB, WORK, Limits

#: Seconds and bytes that an example has where it says nothing else.
DEFAULTS = Limits(seconds=60.0, output=MIB)
_LINES = 20
_COMPLAINT = re.compile(r"Kernel panic|BUG: |Oops: |general protection fault|soft lockup")


@dataclass(frozen=True, slots=True)
class Step:
    """What a user's shell is told to do next. ``seconds``: from now on it has that long; None leaves its time."""

    text: bytes
    user: int
    seconds: float | None = None


#: Answers a shell that asks for its next step: called with whose it is (None: the guest was rebooted, and all shells
#: are new), the status of its last step, and how many bytes were printed so far. None ends it all.
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


def run(
    template: Template,
    argv: Sequence[str],
    *,
    files: Sequence[NamedFile] = (),
    stdin: bytes = b"",
    limits: Limits = DEFAULTS,
) -> Done:
    """Runs a command of root's in a guest of its own, in the directory with the files, to its end or a limit's.

    Raises GuestError where there is no clone; whatever happens to it afterwards is in what comes back.
    """
    start = frames.Start(tuple(argv), shells.ENVIRONMENTS[0], WORK, stdin=STDIN if stdin else "")

    def told(rebooted: bool) -> bytes:
        return greeting(template, files, stdin) + frames.start(start, shells.PROGRAM)

    with clone(template) as vm:
        return _Talk(vm, told, limits).follow()


def converse(
    template: Template,
    users: Iterable[int],
    driver: shells.Driver,
    dialogue: Dialogue,
    *,
    files: Sequence[NamedFile] = (),
    limits: Limits = DEFAULTS,
    new: bool = False,
) -> Done:
    """Drives the shells of those users in a guest of its own until one of them has ended, or the dialogue, or a limit
    ends it all. ``new``: not those that wait in the template.

    Raises GuestError where there is no clone; whatever happens to it afterwards is in what comes back.
    """
    chosen = tuple(dict.fromkeys(users))

    def told(rebooted: bool) -> bytes:
        return greeting(template, files) + shells.opened(driver, chosen, new or rebooted)

    with clone(template) as vm:
        return _Talk(vm, told, limits, dialogue, chosen, new).follow()


class _Talk:
    """One clone, from its waking to its end. ``told`` is what is said to it first, and after a reboot."""

    def __init__(
        self,
        vm: Vm,
        told: Callable[[bool], bytes],
        limits: Limits,
        dialogue: Dialogue | None = None,
        users: Sequence[int] = (),
        new: bool = False,
    ) -> None:
        self._vm = vm
        self._told = told
        self._limits = limits
        self._dialogue = dialogue
        self._users = users
        self._new = new
        self._printed = {"O": bytearray(), "E": bytearray()}
        self._allowed = limits.seconds
        self._started = time.monotonic()
        self._until = self._started + BOOT
        self._awake = False
        self._end: Done | None = None

    def follow(self) -> Done:
        """All of it."""
        self._vm.send(self._told(False))
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
            self._answer(self._dialogue(shells.user_of(frame.job), frame.content[0], len(self._printed["O"])))
        elif frame.kind == "X" and frame.job in self._jobs():
            self._end = Done(exit=frame.content[0])
        elif frame.kind == "!":
            self._end = Done(gone=frame.content.decode("utf-8", "replace"))
        elif frame.kind == "H" and self._dialogue:
            self._new = True
            self._vm.send(self._told(True))
            self._answer(self._dialogue(None, 0, len(self._printed["O"])))

    def _jobs(self) -> set[int]:
        """Those whose end is the end of all."""
        return {shells.job_of(user, self._new) for user in self._users} if self._dialogue else {shells.PROGRAM}

    def _answer(self, step: Step | None) -> None:
        if step is None:
            self._end = Done()
            return
        if step.seconds is not None:
            self._allowed = step.seconds
            self._until = time.monotonic() + step.seconds
        self._vm.send(frames.said(step.text, shells.job_of(step.user, self._new)))

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
