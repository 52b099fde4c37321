"""Regions of a program's file: the lines between the comments ``[start:NAME]`` and ``[end:NAME]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notekit.parse.report import Report
from notekit.parse.text import dedented

# A comment of C, a shell, Python, Lua, assembly, TeX or HTML that holds the mark and nothing else.
_MARK = re.compile(r"\s*(?://+|#+|/\*+|--|;+|%+|<!--)\s*\[(start|end):\s*([^\]\s]+)\s*\]\s*(?:\*/|-->)?\s*")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of a file, and the line of the file at which it begins."""

    text: str
    first: int


def read_regions(lines: Sequence[str], report: Report) -> Mapping[str, tuple[int, int]]:
    """The lines after the start and before the end of each region of a file. ``report`` is the file's own."""
    started: dict[str, int] = {}
    found: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(lines, start=1):
        mark = _MARK.fullmatch(line)
        if not mark:
            continue
        kind, name = mark[1], mark[2]
        if kind == "start" and name in started:
            report(
                number,
                f"the region {name} begins a second time, first in line {started[name]}",
                "give each region its own name",
            )
        elif kind == "start":
            started[name] = number
        elif name not in started:
            report(number, f"the region {name} ends without a beginning", f"put a comment [start:{name}] above it")
        elif name in found:
            report(number, f"the region {name} ends a second time", "keep one of its ends")
        else:
            found[name] = (started[name] + 1, number - 1)
    for name, number in started.items():
        if name not in found:
            report(number, f"the region {name} is not closed", f"put a comment [end:{name}] below it")
            found[name] = (number + 1, len(lines))
    return found


def shown_lines(lines: Sequence[str], first: int, last: int) -> Shown:
    """The lines ``first`` to ``last`` without marks, and without the indentation that they share."""
    kept = [number for number in range(first, last + 1) if not _MARK.fullmatch(lines[number - 1])]
    text = "".join(f"{line}\n" for line in dedented(tuple(lines[number - 1] for number in kept)))
    return Shown(text, kept[0] if kept else first)
