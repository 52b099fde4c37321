"""The failures of a run as text: for a terminal, for a build's exception, for a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from notekit.match import visible
from notekit.model import Failure, Place, Result

__all__ = ["report"]


def report(results: Iterable[Result]) -> str:
    """All failures, and what broke, in the order of their places; empty where nothing failed.

    Each begins with ``path:line: message``; below it, indented, stand the command, the diff, the end, how it was
    run, and what a guest's kernel said last. No character of it acts on a terminal.
    """
    found = [one for result in results for one in _entries(result)]
    return "\n".join(text for _, text in sorted(found, key=lambda entry: entry[0]))


def _entries(result: Result) -> Iterator[tuple[Place, str]]:
    log = [f"    console: {visible(line)}" for line in result.log.splitlines()]
    if result.status == "error":
        first = visible(f"{result.place}: {result.name} could not be run: {result.reason}")
        yield result.place, "\n".join([first, *log])
    for failure in result.failures:
        yield failure.place, "\n".join([*_lines(failure), *log])


def _lines(failure: Failure) -> Iterator[str]:
    yield visible(f"{failure.place}: {failure.message}")
    for number, line in enumerate(failure.command.split("\n") if failure.command else ()):
        yield f"    {'     ' if number else 'ran: '}{visible(line)}"
    yield from (f"    {visible(line)}" for line in failure.diff)
    if failure.end:
        yield f"    end: {visible(failure.end)}"
    if failure.how:
        yield f"    how: {visible(failure.how)}"
