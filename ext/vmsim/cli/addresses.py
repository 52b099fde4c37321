"""Addresses out of a file or standard input, chunk by chunk: 8 bytes each, little-endian, or text, one a line."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator
from typing import BinaryIO

from vmsim import bits

CHUNK = 1 << 23
# Lines of a chunk of text. One takes some 100 ns to read, so that a chunk is read before anybody looks up.
LINES = 1 << 18
SHOWN = 20
FORMATS = ("auto", "binary", "text")
_OF_TEXT = frozenset(range(0x20, 0x7F)) | set(b"\t\r\n")


class AddressesError(ValueError):
    """All that is wrong with a file's addresses, a line for each; the first ``SHOWN`` of them."""

    def __init__(self, errors: list[str], more: bool = False) -> None:
        super().__init__("\n".join([*errors, *(["… and more lines like these"] if more else [])]))


def chunks(file: BinaryIO, name: str, kind: str = "auto") -> Iterator[memoryview]:
    """The addresses of a file, each chunk as unsigned 64-bit integers. ``kind``: one of FORMATS.

    ``auto`` takes a file whose first bytes are all printable ASCII and line ends for text. Raises AddressesError where
    a line is no address, or the bytes are not 8 for each.
    """
    first = file.read(CHUNK)
    if kind == "auto":
        kind = "text" if set(first[:4096]) <= _OF_TEXT else "binary"
    return _text(file, name, first) if kind == "text" else _binary(file, name, first)


def _binary(file: BinaryIO, name: str, data: bytes) -> Iterator[memoryview]:
    rest, total = b"", 0
    while data:
        total += len(data)
        data = rest + data
        whole = len(data) & ~7
        rest = data[whole:]
        if whole:
            yield memoryview(data)[:whole].cast("Q")
        data = file.read(CHUNK)
    if rest:
        raise AddressesError([f"{name}: {total} bytes are no whole number of addresses; 8 bytes each would be"])


def _text(file: BinaryIO, name: str, first: bytes) -> Iterator[memoryview]:
    """A line: decimal, or hexadecimal with 0x; what follows a # is a comment."""
    found = array("Q")
    errors: list[str] = []
    for number, line in enumerate(_lines(file, first), 1):
        text = line.split(b"#", 1)[0].strip()
        if not text:
            continue
        try:
            found.append(int(text, 0))
        except (ValueError, OverflowError):
            shown = text.decode("ascii", "backslashreplace")[:40]
            right = f"0x7ffd1000 or 4096, up to {bits.MAX_64:#x}, would be"
            errors.append(f"{name}:{number}: {shown!r} is no address; {right}")
            if len(errors) > SHOWN:
                raise AddressesError(errors[:SHOWN], more=True) from None
        if len(found) == LINES and not errors:
            yield memoryview(found)
            found = array("Q")
    if errors:
        raise AddressesError(errors)
    yield memoryview(found)


def _lines(file: BinaryIO, data: bytes) -> Iterator[bytes]:
    rest = b""
    while data:
        *whole, rest = (rest + data).split(b"\n")
        yield from whole
        data = file.read(CHUNK)
    if rest:
        yield rest


def size_of(file: BinaryIO) -> int | None:
    """Its bytes; None where it is no file."""
    try:
        if not file.seekable():
            return None
        at = file.tell()
        size = file.seek(0, io.SEEK_END)
        file.seek(at)
        return size - at
    except OSError:
        return None
