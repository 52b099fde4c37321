"""Bytes for readers: what an ``image`` block shows of its file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

_ROW = 16
_MOST_ROWS = 64


def dump(content: bytes) -> str:
    """The bytes as ``xxd -a`` writes them, sixteen a line: ``*`` for lines of zeros, ``...`` for what is left."""
    lines: list[str] = []
    for zeros, run in groupby(range(0, len(content), _ROW), key=lambda start: not any(content[start : start + _ROW])):
        starts = list(run)
        lines += ["*"] if zeros and len(starts) > 1 else map(str, _rows(content, starts[:_MOST_ROWS]))
    shown = lines if len(lines) <= _MOST_ROWS else [*lines[:_MOST_ROWS], "..."]
    return "".join(f"{line}\n" for line in shown)


def _rows(content: bytes, starts: list[int]) -> Iterator[str]:
    for start in starts:
        row = content[start : start + _ROW]
        pairs = " ".join(row[at : at + 2].hex() for at in range(0, len(row), 2))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}: {pairs:<39}  {text}"
