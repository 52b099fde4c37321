"""A dump of a guest's memory as QEMU's ``dump-guest-memory`` writes it: an ELF core, with each CPU's control registers.

Source: QEMU ``dump/dump.c``; ``target/i386/arch_dump.c``, QEMUCPUState; ELF-64 Object File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vmsim.cli.image import Image, Part
from vmsim.value import FieldError

Registers = dict[str, int]

_HEAD = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_NOTE = struct.Struct("<III")
_LOAD, _NOTES = 1, 4
_ELF, _64_BITS, _LITTLE, _CORE, _X86_64 = b"\x7fELF", 2, 1, 4, 62
# Version and size, rax to rflags, ten segments of 24 bytes: then CR0, CR1 (never used), CR2, CR3, CR4.
_CONTROL = struct.Struct("<5Q")
_CONTROL_AT = 8 + 18 * 8 + 10 * 24
# The formats of makedumpfile, which dump-guest-memory writes with -z, -l and -s.
_COMPRESSED = (b"KDUMP   ", b"makedumpfile")


def is_dump(path: Path) -> bool:
    """Whether the file is an ELF file, or a compressed dump (which ``opened`` refuses)."""
    with path.open("rb") as file:
        return file.read(12).startswith((_ELF, *_COMPRESSED))


def opened(path: Path) -> tuple[Image, tuple[Registers, ...]]:
    """The memory of a dump, and the registers cr0, cr2, cr3, cr4 of each CPU.

    Raises FieldError for what is no such dump; OSError where it cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(12)
        if begin.startswith(_COMPRESSED):
            raise FieldError("image", str(path), "a dump that is not compressed: dump-guest-memory without -z, -l, -s")
        file.seek(0)
        try:
            head = _HEAD.unpack(file.read(_HEAD.size))
            kind, machine, table, entry_size, count = head[1], head[2], head[5], head[9], head[10]
            if head[0][4:6] != bytes((_64_BITS, _LITTLE)) or (kind, machine) != (_CORE, _X86_64):
                raise FieldError("image", str(path), "an ELF core of an x86-64 machine")
            file.seek(table)
            segments = [_SEGMENT.unpack_from(file.read(entry_size)) for _ in range(count)]
            registers = [one for segment in segments if segment[0] == _NOTES for one in _registers(file, segment)]
        except struct.error:
            raise FieldError("image", str(path), "a whole dump; this one is cut short") from None
        length = path.stat().st_size
    parts = [Part(address, offset, size & ~7) for kind, _, offset, _, address, size, _, _ in segments if kind == _LOAD]
    if any(part.offset + part.length > length for part in parts):
        raise FieldError("image", str(path), "a whole dump; this one is cut short")
    return Image(path, parts), tuple(registers)


def _registers(file: BinaryIO, segment: tuple[int, ...]) -> Iterator[Registers]:
    """The control registers in the notes named QEMU, one for each CPU."""
    file.seek(segment[2])
    notes = file.read(segment[5])
    at = 0
    while at + _NOTE.size <= len(notes):
        name_size, size, _ = _NOTE.unpack_from(notes, at)
        at += _NOTE.size
        name = notes[at : at + name_size].rstrip(b"\0")
        at += _padded(name_size)
        if name == b"QEMU":
            cr0, _, cr2, cr3, cr4 = _CONTROL.unpack_from(notes[at : at + size], _CONTROL_AT)
            yield {"cr0": cr0, "cr2": cr2, "cr3": cr3, "cr4": cr4}
        at += _padded(size)


def _padded(size: int) -> int:
    return (size + 3) & ~3
