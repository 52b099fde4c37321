"""A bare machine: a program without a system, put into an emulated PC's memory and started.

Glossary
    BareMachine   the hardware and the processor's mode that a note asks for (of ``notekit.model``)
    image         the bytes that lie in memory from ``PROGRAM`` on, where the processor begins with them
    loader        our firmware (loader.s), which brings the processor into its mode and calls the image
    exit port     isa-debug-exit at 0xf4: what is written there ends the machine, and is its exit status
"""

from __future__ import annotations

from notekit.machine.assembling import Assembled, assemble, firmware, identity
from notekit.machine.qemu import LARGEST_IMAGE, NAME, PROGRAM_ADDRESS, arguments
from notekit.machine.running import run

__all__ = [
    "LARGEST_IMAGE",
    "NAME",
    "PROGRAM_ADDRESS",
    "Assembled",
    "arguments",
    "assemble",
    "firmware",
    "identity",
    "run",
]
