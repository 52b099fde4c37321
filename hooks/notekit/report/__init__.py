"""What a check found, as every report tells it: what is wrong, the worst first, and how the check ends.

The reports are pure functions of a Report: ``report.text`` for people, ``report.json`` and ``report.junit`` for
programs, ``report.github`` and ``report.step_summary`` for GitHub's pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from notekit import verify
from notekit.match import visible
from notekit.model import Example, Place, Problem, Result
from notekit.pipeline import Checked

Kind = Literal["error", "could not be run", "failed"]
_WORST_FIRST: tuple[Kind, ...] = ("error", "could not be run", "failed")


@dataclass(frozen=True, slots=True)
class Report:
    """A check, after ``required.demand``. ``complaints`` are about the project and not about a note's text."""

    checked: Checked
    complaints: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the notes' text, then the complaints."""
        return (*self.checked.problems, *self.complaints)

    @property
    def run_no(self) -> tuple[Example, ...]:
        """The blocks that say ``run=no``."""
        return tuple(one for note in self.checked.collection.notes for one in note.examples if one.run == "no")

    @property
    def status(self) -> int:
        """The exit status: 2 for a note that could not be read, 1 for anything else that is wrong, otherwise 0."""
        if self.checked.problems:
            return 2
        return 1 if self.checked.failed or self.complaints else 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. ``name`` is ``area/slug#example``, or the file where it is about no example.

    ``text`` is what a terminal shows of it, ``message`` its first line without the place; both are visible text.
    """

    kind: Kind
    place: Place
    name: str
    message: str
    text: str


def troubles(report: Report) -> tuple[Trouble, ...]:
    """All that is wrong, the worst first: files, runners that broke, examples. Of each example its first failure stands
    before the further ones of any."""
    found: list[tuple[int, int, Place, Trouble]] = []
    for number, trouble in _troubles(report):
        found.append((_WORST_FIRST.index(trouble.kind), number, trouble.place, trouble))
    return tuple(entry[3] for entry in sorted(found, key=lambda entry: entry[:3]))


def _troubles(report: Report) -> Iterator[tuple[int, Trouble]]:
    for problem in report.problems:
        message = visible(f"{problem.message}; {problem.remedy}")
        yield 0, Trouble("error", problem.place, visible(problem.place.file), message, visible(str(problem)))
    for result in report.checked.failed:
        if result.status == "error":
            yield 0, Trouble("could not be run", result.place, name(result), visible(result.reason), told(result))
        for number, failure in enumerate(result.failures):
            text = verify.report([replace(result, status="failed", failures=(failure,))])
            yield number, Trouble("failed", failure.place, name(result), visible(failure.message), text)


def name(result: Result) -> str:
    """``area/slug#example``."""
    return visible(f"{result.note}#{result.name}")


def told(result: Result) -> str:
    """All that is wrong with one example, as a terminal shows it."""
    return verify.report([result])
