"""Expected and printed lines side by side, as the lines of a unified diff.

`` `` before a line that is as expected (as it was printed, where a wildcard stands for it), ``-`` before one that the
note expects (as the note writes it), ``+`` before one that was printed, ``@@ … @@`` where lines are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from notekit.match import LinePattern, Match, visible

__all__ = ["draw", "shorten"]

Row = tuple[str, str]

_CONTEXT = 3
_MOST_ROWS = 40
_WIDEST = 200
_LEAD = 60


def draw(
    patterns: Sequence[LinePattern], lines: Sequence[str], match: Match, unordered: bool = False
) -> tuple[str, ...]:
    """The diff of what ``match`` found: changes with three lines around them, at most about forty lines in all."""
    rows = list(_unordered(patterns, lines, match) if unordered else _in_order(patterns, lines, match))
    return tuple(mark + text for mark, text in _trimmed(_near_changes(_shortened(rows))))


def shorten(text: str, widest: int = _WIDEST, around: int = 0) -> str:
    """``text``, or the part of it that holds the position ``around``, with the number of characters left out."""
    if len(text) <= widest:
        return text
    first = 0 if around < widest * 3 // 4 else min(around - _LEAD, len(text) - widest)
    rest = len(text) - first - widest
    before = f"[{first} characters] …" if first else ""
    after = f"… [{rest} more characters]" if rest else ""
    return before + text[first : first + widest] + after


def _in_order(patterns: Sequence[LinePattern], lines: Sequence[str], match: Match) -> Iterator[Row]:
    extra = iter(match.extra)
    waiting = next(extra, None)
    for pattern, span in zip(patterns, match.taken, strict=True):
        while span and waiting is not None and waiting < span[0]:
            yield "+", lines[waiting]
            waiting = next(extra, None)
        yield _row(pattern, lines, span)
    while waiting is not None:
        yield "+", lines[waiting]
        waiting = next(extra, None)


def _unordered(patterns: Sequence[LinePattern], lines: Sequence[str], match: Match) -> Iterator[Row]:
    """What matched first: where the order means nothing, only what is left over is worth reading together."""
    rows = [_row(pattern, lines, span) for pattern, span in zip(patterns, match.taken, strict=True)]
    yield from sorted(rows, key=lambda row: row[0] == "-")
    yield from (("+", lines[index]) for index in match.extra)


def _row(pattern: LinePattern, lines: Sequence[str], span: tuple[int, int] | None) -> Row:
    if span is None:
        return "-", visible(pattern.written)
    return " ", "..." if pattern.any_lines else lines[span[0]]


def _shortened(rows: Sequence[Row]) -> Iterator[Row]:
    """Long lines cut to the part in which an expected line and the printed one in its place differ."""
    for changed, group in groupby(rows, key=lambda row: row[0] != " "):
        run = list(group)
        if not changed:
            yield from ((mark, shorten(text)) for mark, text in run)
            continue
        expected = [text for mark, text in run if mark == "-"]
        printed = [text for mark, text in run if mark == "+"]
        differs = [_first_difference(*pair) for pair in zip_longest(expected, printed, fillvalue="")]
        yield from (("-", shorten(text, around=at)) for text, at in zip(expected, differs, strict=False))
        yield from (("+", shorten(text, around=at)) for text, at in zip(printed, differs, strict=False))


def _first_difference(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(left), len(right)))


def _near_changes(rows: Iterator[Row]) -> list[Row]:
    kept: list[Row] = []
    runs = [(mark, list(group)) for mark, group in groupby(rows, key=lambda row: row[0] == " ")]
    for number, (same, run) in enumerate(runs):
        before = _CONTEXT if number else 0
        after = _CONTEXT if number + 1 < len(runs) else 0
        hidden = len(run) - before - after
        # One line in place of one line would hide something for nothing.
        if same and hidden > 1:
            kept += [*run[:before], ("@@", f" {hidden} lines as expected @@"), *run[len(run) - after :]]
        else:
            kept += run
    return kept


def _trimmed(rows: list[Row]) -> list[Row]:
    hidden = len(rows) - _MOST_ROWS
    if hidden <= 1:
        return rows
    half = _MOST_ROWS // 2
    return [*rows[:half], ("@@", f" {hidden} more lines @@"), *rows[-half:]]
