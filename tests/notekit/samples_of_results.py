"""Examples and outputs in the few words that a test needs."""

from __future__ import annotations

from typing import Any

from notekit.model import Command, CommandOutput, Dialect, Example, Expectation, Output, Place, exit_status

FILE = "notes_src/a/b/en.md"


def console(text: str, first: int = 11, dialect: Dialect = "console", **options: Any) -> Example:
    """A console block whose first line is line ``first`` of the note; written as a note writes it."""
    commands: list[Command] = []
    lines = text.strip("\n").split("\n")
    starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        stated = lines[start + 1 : end]
        status, exit_line = 0, first + start
        if stated and stated[-1].startswith("[exit"):
            status, exit_line = exit_status(stated.pop()[6:-1]) or 0, first + end - 1
        line = first + start + 1 if stated else first + start
        expectation = Expectation(tuple(stated), line, dialect=dialect, unordered=options.get("unordered", False))
        commands.append(Command(lines[start][2:], first + start, expectation, status, exit_line))
    return example("console", commands=tuple(commands), **options)


def example(language: str, **options: Any) -> Example:
    """An example whose block begins at line 10 of the note."""
    known: dict[str, Any] = {
        "note": "a/b",
        "name": "x",
        "id": "x",
        "place": Place(FILE, 10),
        "document": "en",
        "runner": "host",
        "shown_place": Place(FILE, 11),
    }
    return Example(language=language, **{**known, **options})


def ran(*outputs: tuple[str, int | None], **options: Any) -> Output:
    """What the commands of a console printed, and their ends."""
    return Output(commands=tuple(CommandOutput(text.encode(), status) for text, status in outputs), **options)
