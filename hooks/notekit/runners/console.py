"""Console blocks: all commands of a block, or of a session's blocks, in one bash, each known by itself.

The driver below is all of what bash was given. Before each command, in a subshell, it tells the status of the
last one on the launcher's status pipe and reads the next from the launcher's other pipe; the supervisor takes what
is printed until then before it answers. So nothing that a command prints, or does to its own descriptors, can be
taken for the end of a command, and no list of processes shows commands that are yet to come.

Known differences from typing at a prompt, all from the driver's `eval`: `set -x` traces it, and what it runs with
two plus signs; a trap on ERR runs for it too; under `set -e`, `! true` ends the shell; `$_` is not kept.
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Sequence

from notekit import sandbox
from notekit.model import CommandOutput, Example, NamedFile, Output, Unit
from notekit.runners._contract import Runner, limits_of
from notekit.runners._opening import Opening
from notekit.runners._words import words_of
from notekit.sandbox import Execution, Limits
from notekit.sandbox.steps import step

HOW = "bash"  # what a person would open to type the commands into


class ConsoleRunner(Runner):
    """Runs the commands of consoles, one after the other, in one shell."""

    name = "console"
    languages = ("console",)

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """bash."""
        return ("bash",)

    def tools(self, unit: Unit) -> tuple[str, ...]:
        """bash, and what the commands call."""
        words = (word for example in unit.examples for command in example.commands for word in words_of(command.text))
        return tuple(dict.fromkeys((*super().tools(unit), *words)))

    def start(self, unit: Unit) -> Sequence[Output]:
        """Runs all commands of the unit's blocks."""
        talk = Talk(unit.examples)
        done = sandbox.execute(
            talk.command,
            files=files_of(unit.examples),
            merge_output=True,
            limits=limits_of(unit.examples[0]),
            dialogue=talk,
        )
        return talk.outputs(done)

    def opening(self, unit: Unit, example: Example) -> Opening:
        """The shell of the unit, after the commands of its earlier blocks."""
        earlier = unit.examples[: unit.examples.index(example)]
        return Opening(
            files_of(unit.examples),
            limits_of(example),
            before=tuple(command.text for one in earlier for command in one.commands),
            then=tuple(command.text for command in example.commands),
        )


def files_of(examples: Sequence[Example]) -> tuple[NamedFile, ...]:
    """All files of a session are there from its start."""
    found = {posixpath.normpath(file.path): file for example in examples for file in example.files}
    return tuple(NamedFile(path, file.content, file.executable) for path, file in sorted(found.items()))


class Talk:
    """What is said to the driver: the commands in order. Keeps where each one's output ends, its status, and when."""

    def __init__(self, examples: Sequence[Example], limits_of: Callable[[Example], Limits] = limits_of) -> None:
        self._examples = examples
        self._limits_of = limits_of
        self._commands = [(index, command.text) for index, one in enumerate(examples) for command in one.commands]
        self._ends: list[tuple[int, int | None, float]] = []
        self._starts: list[float] = []
        self._step = ""

    def command(self, say: str, hear: str) -> tuple[str, ...]:
        """bash with the driver: one line, so that messages read ``line 1``, and no loop or function, in which
        ``break``, ``return`` and ``local`` would mean something."""
        self._step = step(say, hear)
        return ("bash", "-c", "; ".join([self._step] * (len(self._commands) + 1)))

    def __call__(self, status: int, printed: int) -> tuple[bytes, float | None] | None:
        """The next command and, where it is the first of its block, that block's seconds; None after the last."""
        if self._starts:
            self._ends.append((printed, status, time.monotonic()))
        number = len(self._starts)
        if number == len(self._commands):
            return None
        index, text = self._commands[number]
        first = number == 0 or self._commands[number - 1][0] != index
        self._starts.append(time.monotonic())
        # The end of an eval is a pipeline too, and sets PIPESTATUS: a command that asks for it runs inside the last.
        if number + 1 < len(self._commands) and "PIPESTATUS" in self._commands[number + 1][1]:
            text = f"{text}\n{self._step}"
        # A note may hold a NUL, which a shell leaves out of a script; here it would end the command.
        told = text.replace("\0", "").encode() + b"\0"
        return told, self._limits_of(self._examples[index]).seconds if first else None

    def outputs(self, done: Execution) -> tuple[Output, ...]:
        """One Output per example; a limit that was exceeded belongs to the block that was running."""
        ends = list(self._ends)
        if len(self._starts) > len(ends):  # the shell ended, or was ended, under this command
            ends.append((len(done.stdout), done.exit, time.monotonic()))
        running = self._commands[len(ends) - 1][0] if ends else 0
        begins = [0, *(end for end, _, _ in ends)]
        by_example: list[list[CommandOutput]] = [[] for _ in self._examples]
        seconds = [0.0 for _ in self._examples]
        for number, (index, _) in enumerate(self._commands):
            if number < len(ends):
                end, status, at = ends[number]
                by_example[index].append(CommandOutput(done.stdout[begins[number] : end], status))
                seconds[index] += at - self._starts[number]
            else:
                by_example[index].append(CommandOutput(b"", None))
        return tuple(
            Output(
                commands=tuple(commands),
                exceeded=done.exceeded if index == running else None,
                how=HOW,
                seconds=seconds[index],
            )
            for index, commands in enumerate(by_example)
        )


RUNNER = ConsoleRunner()
