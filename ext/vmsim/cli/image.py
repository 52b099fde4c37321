"""Physical memory out of a file: the bytes as they are, from a base address on (as QEMU's ``pmemsave`` writes them)."""

from __future__ import annotations

import mmap
from pathlib import Path

from vmsim import bits
from vmsim.memory import Memory
from vmsim.value import FieldError, check_integer, hexadecimal


class Image(Memory):
    """The memory that a file holds; what is written stays here and is not written to the file.

    ``base`` is the physical address of the first byte, a multiple of 8. Bytes at the end that fill no 8 are not
    there. Raises FieldError for a base that is none, or a file without 8 bytes; OSError where it cannot be read.
    """

    def __init__(self, path: Path, base: int) -> None:
        check_integer("base", base, 0, (1 << 52) - bits.ENTRY_SIZE)
        if base % bits.ENTRY_SIZE:
            raise FieldError("base", base, f"a multiple of {bits.ENTRY_SIZE}")
        length = path.stat().st_size & ~(bits.ENTRY_SIZE - 1)
        if length == 0:
            raise FieldError("image", str(path), "a file of at least 8 bytes")
        super().__init__(size=min(base + length, 1 << 52))
        self.base = base
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)

    def _word(self, address: int) -> int:
        if address in self._words:
            return self._words[address]
        at = address - self.base
        return int.from_bytes(self._bytes[at : at + bits.ENTRY_SIZE], "little")

    def _check(self, address: int, field: str, size: int) -> None:
        super()._check(address, field, size)
        if address < self.base:
            last = hexadecimal(self.size - size)
            raise FieldError(field, address, f"an integer from {hexadecimal(self.base)} to {last}")
