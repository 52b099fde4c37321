"""Programs without a system: a few lines of assembly, or a flat image, on a bare machine that QEMU emulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from notekit import machine
from notekit.machine.assembling import ASSEMBLING, too_large
from notekit.model import STREAMS, BuildOutput, Example, NamedFile, Output, Stream, Unit
from notekit.runners import _program
from notekit.runners._contract import Runner, limits_of
from notekit.runners._opening import Opening
from notekit.sandbox import Limits

_EXTENSIONS = {"as": ".s", "nasm": ".asm"}


class MachineRunner(Runner):
    """Assembles an ``asm`` block, takes an ``image`` block as it is, and starts it on a machine of its own."""

    name = "machine"
    languages = ("asm", "image")
    where = "machine"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """QEMU, and what assembles the loader and the program."""
        nasm = ("nasm",) if unit.examples[0].bare.assembler == "nasm" else ()
        return (machine.NAME, "as", "ld", "objcopy", *nasm)

    def limits(self, unit: Unit) -> tuple[Limits, ...]:
        """Those of the assembler, and of QEMU."""
        return (ASSEMBLING, *super().limits(unit))

    def environment(self, unit: Unit) -> dict[str, str]:
        """What every runner has, the machine, the loader, and the streams that are recorded."""
        (example,) = unit.examples
        return {
            **super().environment(unit),
            "machine": str(example.bare),
            "loader": machine.identity(),
            "streams": " ".join(_streams(example)),
        }

    def start(self, unit: Unit) -> Sequence[Output]:
        """Assembles and runs the one program of the unit."""
        (example,) = unit.examples
        if example.language == "image":
            content = example.file.content if example.file else b""
            if said := too_large(content):
                return (Output(build=BuildOutput(said, 1), how=""),)
            return (self._run(example, content),)
        built = _assembled(example)
        output = Output(build=built.build, exceeded=built.exceeded, how=built.how, seconds=built.seconds)
        if built.image is None or example.run == "build":
            return (output,)
        ran = self._run(example, built.image)
        return (replace(ran, build=built.build, how=f"{built.how} && {ran.how}", seconds=built.seconds + ran.seconds),)

    def _run(self, example: Example, image: bytes) -> Output:
        return machine.run(example.bare, image, limits_of(example), _streams(example))

    def opening(self, unit: Unit, example: Example) -> Opening:
        """The image, the loader, and the command that starts them."""
        if example.language == "image":
            built, image = "", example.file.content if example.file else b""
        else:
            done = _assembled(example)
            built, image = done.build.text.decode("utf-8", "replace"), done.image or b""
        files = (NamedFile("image", image), NamedFile("loader", machine.firmware(example.bare.bits)))
        line = _program.typed(machine.arguments(example.bare, "stdio,signal=off", firmware="loader", image="image"))
        return Opening(files, limits_of(example), then=(line,), said=built)


def _assembled(example: Example) -> machine.Assembled:
    path = _program.path_of(example, _EXTENSIONS[example.bare.assembler])
    return machine.assemble(example.bare, path, _program.files_of(example, path))


def _streams(example: Example) -> tuple[Stream, ...]:
    """The further streams that the note states: recording one has a price."""
    stated = {one.stream for one in example.expectations}
    return tuple(stream for stream in STREAMS[2:] if stream in stated)


RUNNER = MachineRunner()
