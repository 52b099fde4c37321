"""Bytes to lines, and columns in them. Lines end with LF or CRLF and nothing else."""

from __future__ import annotations

import re

TAB = 4

#: The first and the last line of something, both included, counted from 1.
Span = tuple[int, int]

_LEADING = re.compile(r"[ \t]*")


class NotUtf8Error(ValueError):
    """Text that is not UTF-8; ``line`` (from 1) is that of the first bad byte, ``byte`` its value."""

    def __init__(self, line: int, byte: int) -> None:
        super().__init__(f"byte {byte:#04x} in line {line} is not UTF-8")
        self.line = line
        self.byte = byte


def read_lines(data: bytes) -> tuple[str, ...]:
    """The lines of a file, without their ends and without a byte-order mark.

    A carriage return anywhere but before a line feed is a character of its line, as are U+0085, U+2028,
    vertical tab and form feed, which ``str.splitlines`` would break at. Raises NotUtf8Error.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8Error(data.count(b"\n", 0, error.start) + 1, data[error.start]) from None
    *ended, last = text.removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r") for line in ended]
    return (*lines, last) if last else tuple(lines)


def columns(line: str) -> int:
    """The number of columns of white space that a line begins with; a tab reaches to the next multiple of 4."""
    return width(leading(line))


def leading(line: str) -> str:
    """The spaces and tabs that a line begins with."""
    found = _LEADING.match(line)
    return found[0] if found else ""


def width(space: str) -> int:
    """How many columns a run of spaces and tabs takes up from the margin."""
    return len(space.expandtabs(TAB))


def without_columns(line: str, count: int) -> str:
    """The line with up to ``count`` columns of leading white space taken off; a tab cut in two leaves spaces."""
    taken = 0
    for position, character in enumerate(line):
        if taken >= count or character not in " \t":
            return " " * (taken - count) + line[position:]
        taken += TAB - taken % TAB if character == "\t" else 1
    return " " * (taken - count)


def is_blank(line: str) -> bool:
    """Whether a line has nothing but spaces and tabs: what ends a paragraph for CommonMark and Python-Markdown."""
    return not line.strip(" \t")


def dedented(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines without the white space that all of them (blank ones aside) begin with."""
    common: str | None = None
    for line in lines:
        if is_blank(line):
            continue
        space = leading(line)
        if common is None:
            common = space
        while not space.startswith(common):
            common = common[:-1]
    cut = len(common or "")
    return tuple("" if is_blank(line) else line[cut:] for line in lines)
