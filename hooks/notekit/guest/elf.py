"""What is read of ELF files: the libraries that a program needs, the modules that a kernel module needs."""

from __future__ import annotations

import re
import struct

_DYNAMIC = 2
_LOAD = 1
_NEEDED = 1
_STRTAB = 5
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def needed(content: bytes) -> tuple[str, ...]:
    """The names of the shared libraries that a 64-bit little-endian ELF file is linked against (``DT_NEEDED`` of its
    dynamic section, and its interpreter's alone where it has one); none for any other file. See elf(5)."""
    if content[:6] != b"\x7fELF\x02\x01":
        return ()
    (table,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    headers = [struct.unpack_from("<IIQQQQ", content, table + number * size) for number in range(count)]
    dynamic = next((header for header in headers if header[0] == _DYNAMIC), None)
    if dynamic is None:
        return ()
    entries = list(struct.iter_unpack("<QQ", content[dynamic[2] : dynamic[2] + dynamic[5] // 16 * 16]))
    address = next((value for tag, value in entries if tag == _STRTAB), 0)
    strings = next(
        (offset + address - start for kind, _, offset, start, _, length in headers
         if kind == _LOAD and start <= address < start + length),
        0,
    )  # fmt: skip
    return tuple(_text(content, strings + value) for tag, value in entries if tag == _NEEDED)


def depends(module: bytes) -> tuple[str, ...]:
    """The names of the modules that a kernel module needs loaded before it, as its ``.modinfo`` section says."""
    found = _DEPENDS.search(module)
    return tuple(name for name in found[1].decode("ascii").split(",") if name) if found else ()


def _text(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode("ascii")
