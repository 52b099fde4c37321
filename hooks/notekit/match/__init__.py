"""What was printed, held against the lines that a note expects.

Glossary
    pattern     an expected line (``LinePattern``): ``...``, or literal text with wildcards
    line        a printed line, as ``printable`` gives it
    taken       for each pattern the lines that it stands for
    extra       the lines that no pattern stands for

Where all is as expected, ``...`` takes as few lines as it can. Where something is not, the lines are aligned so that
as few patterns and lines as possible are left over: what a diff should show. Each of the three ways below holds a
pattern against a line at most patterns times lines times, the last two far less where that is much.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from notekit.match.pattern import LinePattern, PatternError, compile_lines, verifies_nothing
from notekit.match.text import printable, visible

__all__ = [
    "LinePattern",
    "Match",
    "PatternError",
    "compile_lines",
    "match_lines",
    "printable",
    "verifies_nothing",
    "visible",
]

Span = tuple[int, int]

# Aligning costs about 0.5 µs a cell: an eighth of a second for the largest table, and a byte a cell.
_LARGEST_TABLE = 250_000
# A second of looking behind ``...`` for lines that may not be there; beyond it they count as missing.
_LONGEST_SEARCH = 1_000_000


@dataclass(frozen=True, slots=True)
class Match:
    """How expected and printed lines go together; all indices count from 0.

    ``taken`` has for each pattern the first line that it took and the one after the last, or None where no line
    is left for it; ``...`` may take none (both ends equal). ``extra`` are the lines that no pattern took, in order.
    """

    taken: tuple[Span | None, ...]
    extra: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether everything expected was printed and nothing else."""
        return None not in self.taken and not self.extra


def match_lines(patterns: Sequence[LinePattern], lines: Sequence[str], unordered: bool = False) -> Match:
    """Which lines each pattern takes; the whole of ``lines`` must be taken for the match to be complete.

    ``unordered``: the lines may come in any order, and as many patterns as possible get a line each.

    Raises ValueError where ``unordered`` patterns hold a ``...``, which the note format does not allow.
    """
    if unordered:
        if any(pattern.any_lines for pattern in patterns):
            raise ValueError("'...' has no meaning where lines may come in any order")
        taken = _assign(patterns, lines)
    else:
        taken = _in_order(patterns, lines) or _align(patterns, lines)
    used = {index for span in taken if span for index in range(*span)}
    return Match(tuple(taken), tuple(index for index in range(len(lines)) if index not in used))


def _in_order(patterns: Sequence[LinePattern], lines: Sequence[str]) -> list[Span | None] | None:
    """The spans if everything matches, else None: the glob algorithm, which only ever goes back to the last ``...``."""
    taken: list[Span | None] = [None] * len(patterns)
    at = line = 0
    last, first, resume = -1, 0, 0
    while line < len(lines) or at < len(patterns):
        if at < len(patterns) and patterns[at].any_lines:
            taken[at] = (line, line)
            last, first, resume = at, line, line
            at += 1
        elif at < len(patterns) and line < len(lines) and patterns[at].matches(lines[line]):
            taken[at] = (line, line + 1)
            at, line = at + 1, line + 1
        elif last >= 0 and resume < len(lines):
            resume += 1
            taken[last] = (first, resume)
            at, line = last + 1, resume
        else:
            return None
    return taken


def _align(patterns: Sequence[LinePattern], lines: Sequence[str]) -> list[Span | None]:
    """The spans with the fewest patterns and lines left over, ends first: a common end is always part of a best one."""
    head = 0
    while head < min(len(patterns), len(lines)) and _takes(patterns[head], lines[head]):
        head += 1
    tail = 0
    while tail < min(len(patterns), len(lines)) - head and _takes(patterns[-1 - tail], lines[-1 - tail]):
        tail += 1
    middle = patterns[head : len(patterns) - tail]
    between = lines[head : len(lines) - tail]
    small = (len(middle) + 1) * (len(between) + 1) <= _LARGEST_TABLE
    spans = _by_table(middle, between) if small else _in_one_pass(middle, between)
    return [
        *((index, index + 1) for index in range(head)),
        *(span and (span[0] + head, span[1] + head) for span in spans),
        *((index, index + 1) for index in range(len(lines) - tail, len(lines))),
    ]


def _takes(pattern: LinePattern, line: str) -> bool:
    return not pattern.any_lines and pattern.matches(line)


_TAKE, _SKIP_PATTERN, _SKIP_LINE = range(3)


def _by_table(patterns: Sequence[LinePattern], lines: Sequence[str]) -> list[Span | None]:
    """The longest common subsequence, from the end; ``...`` leaves nothing over whatever it takes."""
    below = list(range(len(lines), -1, -1))
    choices: list[bytearray] = []
    for pattern in reversed(patterns):
        free = pattern.any_lines
        row = [below[-1] + (not free)] * (len(lines) + 1)
        choice = bytearray([_SKIP_PATTERN]) * (len(lines) + 1)
        for at in range(len(lines) - 1, -1, -1):
            if _takes(pattern, lines[at]):
                row[at], choice[at] = below[at + 1], _TAKE
            elif below[at] <= row[at + 1]:
                row[at] = below[at] + (not free)
            else:
                row[at], choice[at] = row[at + 1] + (not free), _SKIP_LINE
        below = row
        choices.append(choice)
    return _walk(patterns, choices[::-1], len(lines))


def _walk(patterns: Sequence[LinePattern], choices: Sequence[bytearray], count: int) -> list[Span | None]:
    spans: list[Span | None] = []
    at = 0
    for pattern, choice in zip(patterns, choices, strict=True):
        first = at
        while at < count and choice[at] == _SKIP_LINE:
            at += 1
        if pattern.any_lines:
            spans.append((first, at))
        elif choice[at] == _TAKE:
            spans.append((at, at + 1))
            at += 1
        else:
            spans.append(None)
    return spans


def _in_one_pass(patterns: Sequence[LinePattern], lines: Sequence[str]) -> list[Span | None]:
    """A plain alignment for what is too large for the table: only after ``...`` is a line looked for further on."""
    spans: list[Span | None] = []
    at = 0
    budget = _LONGEST_SEARCH
    opened: int | None = None
    for number, pattern in enumerate(patterns):
        if pattern.any_lines:
            opened = number if opened is None else opened
            spans.append((at, at))
            continue
        last = min(len(lines), at + (1 if opened is None else budget))
        found = next((index for index in range(at, last) if pattern.matches(lines[index])), None)
        budget -= (last if found is None else found) - at
        if found is None:
            spans.append(None)
            continue
        if opened is not None:
            spans[opened] = (at, found)
        spans.append((found, found + 1))
        at, opened = found + 1, None
    if opened is not None:
        spans[opened] = (at, len(lines))
    return spans


def _assign(patterns: Sequence[LinePattern], lines: Sequence[str]) -> list[Span | None]:
    """As many patterns as possible get a line of their own.

    A pattern that only one text meets takes a line with that text at once: equal lines can stand in for each other,
    so this costs no other pattern its chance. The rest is a bipartite matching by augmenting paths.
    """
    free: dict[str, list[int]] = {}
    for index in range(len(lines) - 1, -1, -1):
        free.setdefault(lines[index], []).append(index)
    spans: list[Span | None] = [None] * len(patterns)
    open_patterns = []
    for number, pattern in enumerate(patterns):
        if pattern.literal is None:
            open_patterns.append(number)
        elif free.get(pattern.literal):
            line = free[pattern.literal].pop()
            spans[number] = (line, line + 1)
    left = sorted(index for indices in free.values() for index in indices)
    if open_patterns:
        # More lines than patterns are a failure already; then it is enough to look at some of them.
        left = left[: max(len(open_patterns), _LARGEST_TABLE // len(open_patterns))]
    pairs = _pairs([patterns[number] for number in open_patterns], [lines[index] for index in left])
    for number, line in pairs.items():
        spans[open_patterns[number]] = (left[line], left[line] + 1)
    return spans


def _pairs(patterns: Sequence[LinePattern], lines: Sequence[str]) -> dict[int, int]:
    """The line of each pattern in a largest matching: each looks, breadth first, for a line that can be freed."""
    wanted = [[line for line, text in enumerate(lines) if pattern.matches(text)] for pattern in patterns]
    line_of: dict[int, int] = {}
    pattern_of: dict[int, int] = {}
    for start in range(len(patterns)):
        came_from: dict[int, int] = {}
        waiting = deque([start])
        end: int | None = None
        while waiting and end is None:
            pattern = waiting.popleft()
            for line in wanted[pattern]:
                if line in came_from:
                    continue
                came_from[line] = pattern
                if line not in pattern_of:
                    end = line
                    break
                waiting.append(pattern_of[line])
        while end is not None:
            pattern = came_from[end]
            before = line_of.get(pattern)
            pattern_of[end], line_of[pattern] = pattern, end
            end = before
    return line_of
