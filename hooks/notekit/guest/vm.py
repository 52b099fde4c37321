"""A QEMU that runs, and our ends of what connects us with it: frames, the console's last words, QMP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from notekit.guest import frames, qemu
from notekit.guest.errors import GuestError
from notekit.model import Exceeded, Machine, describe_exit
from notekit.sandbox import MIB, Confined, killable, watch

_CHUNK = 1 << 18
#: How much of the kernel's console is kept, in bytes: the last of it.
CONSOLE = 1 << 16
_PANIC = re.compile(r"Kernel panic - not syncing: (.*)")
_AGENT = re.compile(r"^agent: (.*)", re.MULTILINE)


class Ended(GuestError):
    """The guest is gone: its kernel panicked, it was switched off, or QEMU ended. Says which."""


class Vm:
    """A confined QEMU; a context manager that ends it. Raises GuestError where it cannot be started.

    ``console`` is the last of what the guest's kernel printed. ``exceeded`` is the limit for which it was ended.
    """

    def __init__(self, machine: Machine, memory: int, kernel: int, initramfs: int, *, incoming: bool = False) -> None:
        self.console = bytearray()
        self.exceeded: Exceeded | None = None
        self._machine = machine
        self._reader = frames.Reader()
        self._unsent = bytearray()
        self._limits = qemu.limits(machine)
        self._look = 0.0
        with contextlib.ExitStack() as stack:
            pairs = [socket.socketpair() for _ in range(3)]
            self._channel, self._printer, self._monitor = (ours for ours, _ in pairs)
            for ours, _ in pairs:
                ours.setblocking(False)
                stack.callback(ours.close)
            theirs = [stack.enter_context(their) for _, their in pairs]
            disk = _disk(machine, stack)
            channel, console, monitor = (one.fileno() for one in theirs)
            given = qemu.Descriptors(memory, kernel, initramfs, channel, console, monitor, disk)
            argv = qemu.arguments(machine, given, now=time.time(), incoming=incoming)
            self._confined = stack.enter_context(Confined(argv, self._limits, b"", True, given=given.all()))
            stack.enter_context(killable(self._confined))
            os.write(self._confined.go, b"\n")
            for their in theirs:
                their.close()
            self._stack = stack.pop_all()
        self._poll = select.poll()
        # The launcher holds the channel's other end as well, so it is the launcher that tells of QEMU's end.
        self._ends = (self._confined.status, self._confined.first)
        for descriptor in (self._channel.fileno(), self._printer.fileno(), *self._ends):
            self._poll.register(descriptor, select.POLLIN)

    def __enter__(self) -> Vm:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def send(self, data: bytes) -> None:
        """Sends frames: as much as fits now, the rest while ``hear`` waits."""
        self._unsent += data
        self._push()

    def _push(self) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            del self._unsent[: self._channel.send(self._unsent)]
        wanted = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        with contextlib.suppress(AttributeError):
            self._poll.modify(self._channel.fileno(), wanted)

    def hear(self, until: float, beside: int | None = None) -> list[frames.Frame]:
        """The frames that have come, waited for until the moment ``until`` (of ``time.monotonic``) at most; often none.
        Where the descriptor ``beside`` can be read, it comes back too.

        Raises Ended once the guest is gone, and for what is no frame.
        """
        now = time.monotonic()
        if now >= self._look:
            self._watch(now)
        wait = max(0.0, min(until, self._look) - now)
        if beside is not None:
            self._poll.register(beside, select.POLLIN)
        gone = False
        found: list[frames.Frame] = []
        for descriptor, event in self._poll.poll(wait * 1000 + (1 if wait else 0)):
            if descriptor == self._printer.fileno():
                self._keep_console()
            elif descriptor in self._ends:
                gone = True
            elif event & select.POLLOUT:
                self._push()
            if descriptor == self._channel.fileno() and event & (select.POLLIN | select.POLLHUP):
                data = self._receive(self._channel)
                found += self._frames(data) if data else []
                gone = gone or data == b""
        if gone and not found:
            raise Ended(self._why())
        return found

    def _frames(self, data: bytes) -> list[frames.Frame]:
        try:
            return list(self._reader.feed(data))
        except frames.FrameError as error:
            raise Ended(str(error)) from error

    def _watch(self, now: float) -> None:
        limit, pause = watch.exceeded(self._confined.proc, self._confined.writable, self._limits)
        if limit:
            self.exceeded = self._limits.exceeded(limit)
            raise Ended(f"QEMU took more {limit} than it is allowed ({self.exceeded.allowed})")
        self._look = now + max(0.1, pause)

    def _receive(self, source: socket.socket) -> bytes | None:
        """What is there; nothing at its end; None where there is nothing yet."""
        try:
            return source.recv(_CHUNK)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            return b""

    def _keep_console(self) -> bool:
        data = self._receive(self._printer)
        if data == b"":
            self._poll.unregister(self._printer.fileno())
        self.console += data or b""
        del self.console[:-CONSOLE]
        return bool(data)

    def _why(self) -> str:
        """Why the guest is gone, from what its kernel and QEMU said last."""
        with contextlib.suppress(KeyError):
            while self._keep_console():
                continue
        said = self.console.decode("utf-8", "replace").replace("\r", "")
        if panic := _PANIC.search(said):
            return f"the guest's kernel panicked: {panic[1].strip()}"
        if agent := _AGENT.search(said):
            return f"the guest's agent gave up: {agent[1].strip()}"
        os.set_blocking(self._confined.output, False)
        complaint = b""
        with contextlib.suppress(BlockingIOError):
            complaint = os.read(self._confined.output, 4096)
        text = complaint.decode("utf-8", "replace").strip().split("\n")[-1]
        if text:
            return f"QEMU ended: {text.removeprefix(qemu.PROGRAM + ': ')}"
        status = self._status()
        return "the guest was switched off" if status == 0 else f"QEMU was ended from outside: {describe_exit(status)}"

    def _status(self) -> int | None:
        """How QEMU ended, as the launcher tells it."""
        os.set_blocking(self._confined.status, False)
        said = b""
        for _ in range(50):
            with contextlib.suppress(BlockingIOError):
                said += os.read(self._confined.status, 4096)
            if found := re.search(rb"exit (\d+)", said):
                return int(found[1])
            time.sleep(0.01)
        return None

    def command(self, name: str, within: float = 60.0, pass_on: Sequence[int] = (), **given: Any) -> Mapping[str, Any]:
        """QMP: what QEMU answers to a command. Raises GuestError where it refuses, Ended where it is gone."""
        message = json.dumps({"execute": name, **({"arguments": given} if given else {})}).encode()
        self._monitor.setblocking(True)
        self._monitor.settimeout(within)
        try:
            socket.send_fds(self._monitor, [message], list(pass_on))
            while True:
                answer = self._answer()
                if "error" in answer:
                    raise GuestError(f"QEMU refuses {name}: {answer['error'].get('desc')}")
                if "return" in answer:
                    found = answer["return"]
                    return found if isinstance(found, dict) else {}
        except OSError as error:
            raise Ended(self._why()) from error

    def _answer(self) -> dict[str, Any]:
        """One line of QMP."""
        line = b""
        while not line.endswith(b"\n"):
            part = self._monitor.recv(1)
            if not part:
                raise Ended(self._why())
            line += part
        found = json.loads(line)
        return found if isinstance(found, dict) else {}


def _disk(machine: Machine, stack: contextlib.ExitStack) -> int | None:
    """A second disk: empty, in memory, this guest's alone."""
    if not machine.disk:
        return None
    descriptor = os.memfd_create("disk")
    stack.callback(os.close, descriptor)
    os.ftruncate(descriptor, machine.disk * MIB)
    return descriptor
