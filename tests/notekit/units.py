"""Units to run, in the few words that a test needs."""

from __future__ import annotations

from typing import Any

from notekit import runners
from notekit.model import Command, Example, Expectation, Output, Place, Unit


def example(language: str, code: str = "", **options: Any) -> Example:
    """An example with the id ``x``; a console's commands stand in ``commands``, as texts."""
    commands = tuple(Command(text, 1, Expectation((), 1)) for text in options.pop("commands", ()))
    given: dict[str, Any] = {"note": "a/b", "name": "x", "id": "x", "document": "en", "runner": "host", **options}
    return Example(language=language, code=code, commands=commands, place=Place("a/b/en.md", 1), **given)


def run(*examples: Example) -> tuple[Output, ...]:
    """The outputs of examples that run together."""
    return runners.for_example(examples[0]).run(Unit(examples))


def console(*commands: str, **options: Any) -> list[tuple[bytes, int | None]]:
    """What each command of a console printed, and its status."""
    (output,) = run(example("console", commands=commands, **options))
    assert (output.broken, output.missing) == (None, None)
    return [(command.text, command.exit) for command in output.commands]
