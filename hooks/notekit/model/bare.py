"""The bare machine that a program without a system asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Bits = Literal[16, 32, 64]
Assembler = Literal["as", "nasm"]


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A machine without a system; the defaults are those of a block that says nothing.

    ``bits`` is the mode that the processor is in when the program begins: 16 (real mode), 32 (protected mode, no
    paging) or 64. ``cpu`` is QEMU's ``-cpu``; ``memory`` is in MiB.
    """

    bits: Bits = 64
    assembler: Assembler = "as"
    cpu: str = "max"
    memory: int = 32


#: What a block that says nothing gets.
BARE = BareMachine()
