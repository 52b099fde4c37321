r"""What was printed, as the lines that a note should say: those that still hold as they are, the rest anew.

New lines are written so that they stand for themselves: ``\...``, ``\<int>``, and in a console ``\$ ``, ``\> ``,
``\[exit`` and ``\\``. Two texts cannot be written so, and get an ``<any>`` in their place: the line ``\...`` of a
program, and the beginning of an unclosed ``<int:`` before another wildcard's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from notekit.match import LinePattern, Match, compile_lines, match_lines, printable, verifies_nothing
from notekit.model import Dialect, Expectation

__all__ = ["Line", "new_lines", "written"]

# The index of an expected line that stays, or the text of a new one.
Line = int | str

_WILDCARD = r"(?:(?:int|hex|float|any)>|(?:int|float):)"
# What stands behind an unclosed range is a part of it up to the next bracket, so no backslash can be put there.
_SPECIAL = re.compile(rf"(?P<unclosed>\\*<(?:int|float):(?=[^<>]*<{_WILDCARD}))|<(?={_WILDCARD})")
_MARK: dict[Dialect, re.Pattern[str]] = {
    "console": re.compile(r"\$ |> |>\Z|\[exit|\\"),
    "root-console": re.compile(r"\$ |> |>\Z|\[exit|# |\\"),
    "machine-console": re.compile(r"\$ |> |>\Z|\[exit|\((?:qemu|qmp|gdb)\) |\\"),
}


def new_lines(expectation: Expectation, data: bytes) -> tuple[Line, ...]:
    """The lines that ``data`` meets, in order: the index of each that stays, the text of each that is new.

    Where all is as expected, all stay. What was expected beside a ``...`` and not printed gives way to the line at
    that end of what the ``...`` stands for, so that as much is verified as before. Where only ``...`` and ``<any>``
    would be left, which verifies nothing, all that was printed is written.

    Raises match.PatternError for an expectation that the parser should not have let through.
    """
    patterns, printed = compile_lines(expectation), printable(data)
    match = match_lines(patterns, printed, expectation.unordered)
    arrange = _in_any_order if expectation.unordered else _in_order
    found: list[Line] = list(arrange(patterns, printed, match))
    if verifies_nothing(tuple(LinePattern(one) if isinstance(one, str) else patterns[one] for one in found)):
        found = list(printed)
    return tuple(one if isinstance(one, int) else written(one, expectation.dialect) for one in found)


def _in_order(patterns: Sequence[LinePattern], printed: Sequence[str], match: Match) -> Iterator[Line]:
    taken = _beside_dots(patterns, match)
    extra = list(reversed(match.extra))
    for index, at in enumerate(taken):
        if at is None:
            continue
        while extra and extra[-1] < at:
            yield printed[extra.pop()]
        yield printed[at] if match.taken[index] is None else index
    yield from (printed[at] for at in reversed(extra))


def _beside_dots(patterns: Sequence[LinePattern], match: Match) -> list[int | None]:
    """For each pattern the line at which it, or what takes its place, stands; None for what goes."""
    first = [span[0] if span else None for span in match.taken]
    ends = {index: list(span) for index, span in enumerate(match.taken) if span and patterns[index].any_lines}
    index = 0
    while index < len(patterns):
        stop = index
        while stop < len(patterns) and match.taken[stop] is None:
            stop += 1
        before, behind = ends.get(index - 1), ends.get(stop)
        if stop > index and before and before[0] < before[1]:
            count = min(stop - index, before[1] - before[0])
            before[1] -= count
            first[index : index + count] = range(before[1], before[1] + count)
        elif stop > index and behind:
            count = min(stop - index, behind[1] - behind[0])
            first[index : index + count] = range(behind[0], behind[0] + count)
            behind[0] += count
            first[stop] = behind[0]
        index = stop + 1
    return first


def _in_any_order(patterns: Sequence[LinePattern], printed: Sequence[str], match: Match) -> Iterator[Line]:
    extra = [printed[at] for at in reversed(match.extra)]
    for index, span in enumerate(match.taken):
        if span:
            yield index
        elif extra:
            yield extra.pop()
    yield from reversed(extra)


def written(text: str, dialect: Dialect) -> str:
    """A printed line as a note writes it, so that it stands for itself."""
    if text == "...":
        return "\\..."
    if dialect == "output":
        return "<any>..." if text == "\\..." else _escaped(text)
    if not _MARK[dialect].match(text):
        return _escaped(text)
    # A backslash that begins the line and one that belongs to a wildcard must not be taken for one another.
    return f"\\{text[0]}{_escaped(text[1:])}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: "<any>" if found["unclosed"] else "\\<", text)
