"""Where the problems of a file are collected while it is read: all of them, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

from notekit.model import Place, Problem


class Report:
    """The problems of one file; reports of several files may share one list.

    ``cut_short`` is set once the rest of the file cannot be trusted (an unclosed fence swallows what follows),
    so that nothing is said about what seems to be missing there.
    """

    def __init__(self, file: str, found: list[Problem] | None = None) -> None:
        self.file = file
        self.found: list[Problem] = [] if found is None else found
        self.cut_short = False

    def __call__(self, line: int, message: str, remedy: str) -> None:
        """Adds a problem of this file, unless it is known already."""
        problem = Problem(Place(self.file, line), message, remedy)
        if problem not in self.found[-20:]:
            self.found.append(problem)

    def of(self, file: str) -> Report:
        """A report of another file that collects in the same list."""
        return Report(file, self.found)


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean …?`` where a known word is near, else ``otherwise``."""
    # A comparison takes some 10 µs, and there may be a problem in every line of a file.
    near = difflib.get_close_matches(word[:40], list(islice(known, 100)), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


def listed(words: Iterable[str], last: str = "or") -> str:
    """``a``, ``a or b``, ``a, b or c``; shortened after a dozen."""
    known = list(words)
    if len(known) > 12:
        return f"{', '.join(known[:12])} …"
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {last} {known[-1]}"


def shortened(text: str, limit: int = 60) -> str:
    """The text on one line, cut where it is longer than ``limit`` characters."""
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return line if len(line) <= limit else line[: limit - 1] + "…"
