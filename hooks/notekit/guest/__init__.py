"""A small Linux in QEMU for examples that need root or a kernel of their own: made, booted, saved, cloned, spoken to.

Glossary
    Image      a kernel and an initramfs, made of Debian's packages
    Machine    the hardware that a note asks for (of ``notekit.model``)
    Template   a guest that was booted once and saved, by machine
    clone      a guest that starts where its template stands, with a memory of its own
    agent      the guest's process 1, which does what frames tell it
"""

from __future__ import annotations

from notekit.guest.errors import GuestError
from notekit.guest.here import borrowed, build, identity, image, look_again, probe, qemu_version, settle, toolchain
from notekit.guest.qemu import PROGRAM
from notekit.guest.shells import are_needed_new
from notekit.guest.talk import DEFAULTS, Done, Step, converse, run
from notekit.guest.template import Template
from notekit.guest.terminal import at_terminal

__all__ = [
    "DEFAULTS",
    "PROGRAM",
    "Done",
    "GuestError",
    "Step",
    "Template",
    "are_needed_new",
    "at_terminal",
    "borrowed",
    "build",
    "converse",
    "identity",
    "image",
    "look_again",
    "probe",
    "qemu_version",
    "run",
    "settle",
    "toolchain",
]
