"""Console blocks beside a bare machine: ``(qemu) ``, ``(qmp) `` and ``(gdb) `` ask about it, ``$ `` is the host's bash.

The machine is held before its first instruction until gdb or the monitor lets it go. It is the console runner's bash
that drives all of it, with functions for the three that are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from notekit import machine, sandbox
from notekit.machine import asking
from notekit.machine.assembling import ASSEMBLING, too_large
from notekit.model import BuildOutput, Example, NamedFile, Output, Unit
from notekit.runners import _program
from notekit.runners._contract import limits_of
from notekit.runners._opening import Opening
from notekit.runners._words import words_of
from notekit.runners.console import ConsoleRunner, Talk, files_of
from notekit.sandbox import Limits

_ASSEMBLY = (".s", ".asm")


class MachineConsoleRunner(ConsoleRunner):
    """Runs the commands of consoles in one shell beside one machine."""

    name = "machine-console"
    where = "machine"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """bash and QEMU; what assembles the program, where there is one; gdb, where it is asked."""
        first = unit.examples[0]
        found = ["bash", machine.NAME, *(("as", "ld", "objcopy") if first.file else ())]
        if first.file and first.bare.assembler == "nasm":
            found.append("nasm")
        if any(command.asked == "gdb" for one in unit.examples for command in one.commands):
            found.append("gdb")
        return tuple(found)

    def tools(self, unit: Unit) -> tuple[str, ...]:
        """All of these, and what the shell's commands call."""
        texts = (command.text for one in unit.examples for command in one.commands if not command.asked)
        words = (word for text in texts for word in words_of(text))
        return tuple(dict.fromkeys((*super(ConsoleRunner, self).tools(unit), *words)))

    def limits(self, unit: Unit) -> tuple[Limits, ...]:
        """Those of the assembler, and of the console."""
        return (*((ASSEMBLING,) if unit.examples[0].file else ()), *super().limits(unit))

    def environment(self, unit: Unit) -> dict[str, str]:
        """What every runner has, the machine, the loader, and the functions that ask."""
        bare = unit.examples[0].bare
        return {**super().environment(unit), "machine": str(bare), "loader": machine.identity()}

    def start(self, unit: Unit) -> Sequence[Output]:
        """Makes the machine and runs all commands of the unit's blocks."""
        built = _built(unit.examples[0])
        if built is not None and built.image is None:
            return [Output(build=built.build, how=built.how, exceeded=built.exceeded) for _ in unit.examples]
        examples = _asked(unit.examples, built)
        talk = Talk(examples)
        files = _files(examples, built)
        done = sandbox.execute(
            talk.command, files=files, merge_output=True, limits=limits_of(examples[0]), dialogue=talk
        )
        return talk.outputs(done)

    def opening(self, unit: Unit, example: Example) -> Opening:
        """The shell of the unit, with the machine made, after the commands of its earlier blocks."""
        built = _built(unit.examples[0])
        examples = _asked(unit.examples, built)
        opening = super().opening(Unit(examples), examples[unit.examples.index(example)])
        return replace(opening, files=_files(examples, built))


def _built(example: Example) -> machine.Assembled | None:
    """What the machine has in its memory: a program of the note's folder, assembled, or an image of it."""
    file = example.file
    if file is None:
        return None
    if file.path.endswith(_ASSEMBLY):
        path = _program.path_of(example, "")
        return machine.assemble(example.bare, path, _program.files_of(example, path))
    said = too_large(file.content)
    return machine.Assembled(BuildOutput(said, 1 if said else 0), "", None if said else file.content)


def _files(examples: Sequence[Example], built: machine.Assembled | None) -> tuple[NamedFile, ...]:
    """What the blocks name, the program's source for gdb to show, and the machine."""
    file = examples[0].file
    source = (file,) if file and file.path.endswith(_ASSEMBLY) else ()
    found = {one.path: one for one in (*source, *files_of(examples), *asking.files(examples[0].bare, built))}
    return tuple(found.values())


def _asked(examples: Sequence[Example], built: machine.Assembled | None) -> tuple[Example, ...]:
    bare = examples[0].bare
    return tuple(
        replace(one, commands=asking.questions(bare, built, one.commands, first=one is examples[0])) for one in examples
    )


RUNNER = MachineConsoleRunner()
