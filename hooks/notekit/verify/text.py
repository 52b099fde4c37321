"""What was printed, held against one expectation: the line of the note that is wrong, why, and what to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notekit.match import LinePattern, Match, compile_lines, match_lines, printable, visible
from notekit.model import Exceeded, Expectation, describe_exit
from notekit.verify.diff import draw, shorten

__all__ = ["Compared", "compare", "ended", "exceeded_text", "joined", "quoted", "remedy_for", "stated"]

_QUOTED_WIDTH = 80
_LESS = {
    "deadline": "let it do less, or give the block a longer timeout=",
    "memory": "let it use less memory",
    "processes": "let it start fewer processes",
    "disk": "let it write less",
    "output": "let it print less",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """An expectation after it was held against what was printed.

    ``message`` is empty where all is as expected; ``line`` is that of the note which is wrong. ``shown`` is what
    the page shows: for each expected line the printed one, ``...`` as it is; all that was printed where something
    is wrong.
    """

    line: int
    message: str
    diff: tuple[str, ...]
    shown: tuple[str, ...]


def compare(expectation: Expectation, data: bytes, where: str = "") -> Compared:
    """Holds what was printed against the expectation; ``where`` names the stream in the message."""
    patterns, lines = compile_lines(expectation), printable(data)
    match = match_lines(patterns, lines, expectation.unordered)
    if match.complete:
        return Compared(expectation.line, "", (), _as_expected(patterns, lines, match))
    find = _first_left if expectation.unordered else _first_wrong
    index, message = find(patterns, lines, match, f" on {where}" if where else "")
    diff = draw(patterns, lines, match, expectation.unordered)
    return Compared(expectation.line + index, message, diff, lines)


def stated(expectation: Expectation) -> tuple[str, ...]:
    """What the page shows where nothing ran: the expected lines without their escapes."""
    return tuple(pattern.shown for pattern in compile_lines(expectation))


def quoted(text: str) -> str:
    """A text within a message, on one line, of bounded length."""
    return f'"{shorten(visible(text), _QUOTED_WIDTH)}"'


def joined(parts: Sequence[str]) -> str:
    """``a, and b``, without the empty ones."""
    return ", and ".join(part for part in parts if part)


def exceeded_text(exceeded: Exceeded) -> str:
    """``deadline: more than 10 s``."""
    return f"{exceeded.limit}: more than {exceeded.allowed}"


def ended(status: int | None, expected: int) -> str:
    """How something ended, and how the note says that it does; empty where they are the same."""
    if status == expected:
        return ""
    verb = "did not end" if status is None else f"ended with {describe_exit(status)}"
    return f"{verb} where the note says {describe_exit(expected)}"


def remedy_for(note: str, exceeded: Exceeded | None = None) -> str:
    """What would be right, for the end of a message."""
    if exceeded:
        return _LESS[exceeded.limit]
    return f"correct the program or the note, or take over what came out: notes accept {note}"


def _as_expected(patterns: Sequence[LinePattern], lines: Sequence[str], match: Match) -> tuple[str, ...]:
    return tuple(
        "..." if pattern.any_lines or span is None else lines[span[0]]
        for pattern, span in zip(patterns, match.taken, strict=True)
    )


def _first_wrong(patterns: Sequence[LinePattern], lines: Sequence[str], match: Match, on: str) -> tuple[int, str]:
    """The first expected line that is not where it should be (its index), and what is wrong there.

    Something printed that no line expects counts for the line before which it stands, or for the last one.
    """
    extra = match.extra[0] if match.extra else len(lines)
    for index, span in enumerate(match.taken):
        if span is None:
            later = next((other[0] for other in match.taken[index:] if other), len(lines))
            return index, _wrong(patterns[index], lines[extra] if extra < later else None, on)
        if extra < span[0]:
            return index, _wrong(None, lines[extra], on)
    return max(len(patterns) - 1, 0), _wrong(None, lines[extra], on)


def _first_left(patterns: Sequence[LinePattern], lines: Sequence[str], match: Match, on: str) -> tuple[int, str]:
    """As ``_first_wrong`` where lines may come in any order: what is left of both sides belongs together."""
    extra = lines[match.extra[0]] if match.extra else None
    if None in match.taken:
        index = match.taken.index(None)
        return index, _wrong(patterns[index], extra, on)
    return max(len(patterns) - 1, 0), _wrong(None, extra, on)


def _wrong(expected: LinePattern | None, got: str | None, on: str) -> str:
    if got is None:
        return f"did not print {quoted(expected.written if expected else '')}{on}"
    if expected is None:
        return f"printed {quoted(got)}{on}, which the note does not show"
    return f"printed {quoted(got)}{on} where the note says {quoted(expected.written)}"
