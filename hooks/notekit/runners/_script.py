"""A runner of programs that an interpreter reads: one that runs them, and a way to only parse them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notekit.model import Example, Output, Unit
from notekit.runners import _program
from notekit.runners._contract import Runner, limits_of
from notekit.runners._opening import Opening


@dataclass(frozen=True, slots=True)
class Interpreter:
    """``tool`` runs a file; ``tool`` with the words of ``parse`` before the file only parses it."""

    tool: str
    extension: str
    parse: tuple[str, ...]


class ScriptRunner(Runner):
    """Runs the programs of interpreters, given by language."""

    def __init__(self, name: str, interpreters: dict[str, Interpreter]) -> None:
        self.name = name
        self.languages = tuple(interpreters)
        self._interpreters = interpreters

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """The interpreter."""
        return (self._interpreters[unit.examples[0].language].tool,)

    def start(self, unit: Unit) -> Sequence[Output]:
        """Runs the one program of the unit, or parses it (``run=syntax``)."""
        (example,) = unit.examples
        interpreter = self._interpreters[example.language]
        path = _program.path_of(example, interpreter.extension)
        files = _program.files_of(example, path)
        if example.run == "syntax":
            return (_program.check(example, (interpreter.tool, *interpreter.parse, path), files),)
        return (_program.run(example, (interpreter.tool, path), files),)

    def opening(self, unit: Unit, example: Example) -> Opening:
        """The program's file beside the others, before the interpreter starts."""
        interpreter = self._interpreters[example.language]
        path = _program.path_of(example, interpreter.extension)
        options = interpreter.parse if example.run == "syntax" else ()
        line = _program.typed((interpreter.tool, *options, path, *example.args), example.stdin)
        return Opening(_program.files_of(example, path), limits_of(example), then=(line,))
