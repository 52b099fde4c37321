"""Physical memory out of a file: the bytes as they are (QEMU's ``pmemsave``), or the parts that a dump has.

What is written stays here and is not written to the file.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from vmsim import bits
from vmsim.memory import Memory
from vmsim.value import FieldError, check_integer, hexadecimal

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ENTRY = bits.ENTRY_SIZE


@dataclass(frozen=True)
class Part:
    """``length`` bytes of the file from ``offset`` on, which lie at a physical ``address``; all multiples of 8."""

    address: int
    offset: int
    length: int


class Image(Memory):
    """The memory that the parts of a file hold. Raises FieldError where there is none; OSError where it is unreadable.

    What lies beside the parts cannot be read: FieldError says where there is memory.
    """

    def __init__(self, path: Path, parts: Sequence[Part]) -> None:
        self.parts = tuple(part for part in parts if part.length)
        if not self.parts:
            raise FieldError("image", str(path), f"a file of at least {_ENTRY} bytes")
        super().__init__(size=max(min(part.address + part.length, 1 << 52) for part in self.parts))
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._last = self.parts[0]

    def _word(self, address: int) -> int:
        if address in self._words:
            return self._words[address]
        part = self._part(address)
        assert part is not None
        at = part.offset + address - part.address
        return int.from_bytes(self._bytes[at : at + _ENTRY], "little")

    def _part(self, address: int) -> Part | None:
        for part in (self._last, *self.parts):
            if part.address <= address < part.address + part.length:
                self._last = part
                return part
        return None

    def _check(self, address: int, field: str, size: int) -> None:
        super()._check(address, field, size)
        if self._part(address) is None:
            there = ", ".join(
                f"{hexadecimal(part.address)} to {hexadecimal(part.address + part.length - size)}"
                for part in self.parts[:8]
            )
            raise FieldError(field, address, f"an integer from {there}{', …' if len(self.parts) > 8 else ''}")


def raw(path: Path, base: int) -> Image:
    """A file's bytes from the physical address ``base`` on, a multiple of 8.

    Bytes at the end that fill no 8 are not there.
    """
    check_integer("base", base, 0, (1 << 52) - _ENTRY)
    if base % _ENTRY:
        raise FieldError("base", base, f"a multiple of {_ENTRY}")
    return Image(path, [Part(base, 0, path.stat().st_size & ~(_ENTRY - 1))])
