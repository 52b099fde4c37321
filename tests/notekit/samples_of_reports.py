"""What a check found, in the few words that a test needs."""

from __future__ import annotations

from typing import Any

from notekit.model import Collection, Failure, Place, Problem, Result
from notekit.pipeline import Checked
from notekit.report import Report

FILE = "notes_src/a/b/en.md"
HOSTILE = "]]>&<b>\x00\x1b[2J\r\n::error::harm\n   ::add-mask::harm\n##[add-mask]harm %0A \ud800\uffff | `a` </pre>"


def failure(message: str = "wrong", line: int = 12, **options: Any) -> Failure:
    """A failure at a line of the note."""
    return Failure(Place(FILE, line), message, **options)


def result(status: Any = "passed", *failures: Failure, name: str = "x", note: str = "a/b", **options: Any) -> Result:
    """The result of a console block at line 10."""
    return Result(note, name, "console", Place(FILE, 10), "host", status, failures=failures, **options)


def problem(message: str = "no head", line: int = 1, file: str = FILE) -> Problem:
    """Something wrong with a note's text."""
    return Problem(Place(file, line), message, "write one")


def report(*results: Result, problems: tuple[Problem, ...] = (), warnings: tuple[Problem, ...] = ()) -> Report:
    """The report of a check of these results."""
    return Report(Checked(Collection(("en",), (), problems, warnings), results, (), problems))
