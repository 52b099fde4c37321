"""What is prose in a document: neither a block nor a comment nor a code span."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence

from notekit.parse.text import Span

# Stands for each character of a code span, so that columns stay as they are.
HIDDEN = "\ufffc"

_STEP = re.compile(r"\\.|`+", re.DOTALL)
_RUN = re.compile(r"`+")


def prose(
    lines: Sequence[str], body_first: int, paragraphs: Iterable[Span], skipped: Collection[int]
) -> Mapping[int, str]:
    """The lines from ``body_first`` on that are not ``skipped``, by number, with code spans hidden.

    ``paragraphs`` are the runs of inline text: a code span may reach from one of its lines to the next, and
    never further.
    """
    found: dict[int, str] = {}
    for first, last in paragraphs:
        numbers = range(max(first, body_first), last + 1)
        text = hidden_code("\n".join(lines[number - 1] for number in numbers))
        found.update(zip(numbers, text.split("\n"), strict=True) if numbers else ())
    for number in range(body_first, len(lines) + 1):
        if number not in found:
            found[number] = hidden_code(lines[number - 1])
    return {number: found[number] for number in sorted(found) if number not in skipped}


def hidden_code(text: str) -> str:
    """The text with each character of its code spans (line ends aside) replaced by ``HIDDEN``.

    CommonMark, "Code spans": a run of backticks is closed by the next run that is as long; a backslash
    before a run keeps its first backtick from opening a span, and does nothing inside one.
    """
    if "`" not in text:
        return text
    starts: dict[int, list[int]] = {}
    for run in _RUN.finditer(text):
        starts.setdefault(len(run[0]), []).append(run.start())
    parts: list[str] = []
    done = position = 0
    while step := _STEP.search(text, position):
        position = step.end()
        if step[0][0] == "\\":
            continue
        same = starts.get(len(step[0]), [])
        closing = bisect_left(same, position)
        if closing < len(same):
            position = same[closing] + len(step[0])
            parts += [text[done : step.start()], re.sub(".", HIDDEN, text[step.start() : position])]
            done = position
    return "".join([*parts, text[done:]])
