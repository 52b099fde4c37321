"""A unit's own guest: a clone of a template, told the time and given its files."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence

from notekit.guest import frames
from notekit.guest.template import Template, empty
from notekit.guest.vm import Vm
from notekit.model import NamedFile
from notekit.sandbox import WORK
from notekit.sandbox.layout import USER_ID

#: Where the agent finds what a program's standard input holds.
STDIN = "/agent/stdin"


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


def greeting(template: Template, files: Sequence[NamedFile], stdin: bytes = b"") -> bytes:
    """What a guest is told before anything runs in it: the time, random numbers of its own, and its files."""
    now = time.time_ns() + template.machine.clock * 1_000_000_000
    entries = ((file.path, file.content, 0o755 if file.executable else 0o644) for file in files)
    told = frames.wake(now, os.urandom(32)) + frames.files(entries, WORK, USER_ID)
    return told + (frames.file(STDIN, stdin, mode=0o644, user=0) if stdin else b"")
