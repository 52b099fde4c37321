"""C programs, compiled in one sandbox and run in another.

So the compiler has limits of its own, nothing that it leaves is there at the run, and what is run is what was built.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from notekit import sandbox
from notekit.match import printable
from notekit.model import BuildOutput, Example, NamedFile, Output, Unit
from notekit.runners import _program
from notekit.runners._contract import Runner, limits_of
from notekit.runners._opening import Opening
from notekit.sandbox import MIB, Limits

FLAGS = ("-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O2", "-pthread")
#: A compiler needs more than most programs: it is not the example's own limits that it should run into.
COMPILING = Limits(seconds=60, memory=1024 * MIB, disk=256 * MIB)


class CRunner(Runner):
    """Compiles with gcc and runs what comes out; ``run=build`` and ``run=syntax`` stop before."""

    name = "c"
    languages = ("c",)

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """gcc."""
        return ("gcc",)

    def tools(self, unit: Unit) -> tuple[str, ...]:
        """gcc, the assembler and linker that it calls, and the C library."""
        return (*super().tools(unit), "as", "ld", "libc.so.6")

    def limits(self, unit: Unit) -> tuple[Limits, ...]:
        """Those of the compiler, and of the program."""
        return (COMPILING, *super().limits(unit))

    def start(self, unit: Unit) -> Sequence[Output]:
        """Compiles the one program of the unit and, where the note says so, runs it."""
        (example,) = unit.examples
        source = _program.path_of(example, ".c")
        files = _program.files_of(example, source)
        program = posixpath.splitext(posixpath.basename(source))[0]
        built, content = compile_program(example, source, program, files)
        if content is None:
            return (built,)
        executable = NamedFile(program, content, executable=True)
        others = tuple(file for file in files if file.path != program)
        ran = _program.run(example, (f"./{program}",), (*others, executable))
        return (replace(ran, build=built.build, how=f"{built.how} && {ran.how}", seconds=built.seconds + ran.seconds),)

    def opening(self, unit: Unit, example: Example) -> Opening:
        """Where the run would be, with the program compiled; where the compiler is, if there is none to run."""
        source = _program.path_of(example, ".c")
        files = _program.files_of(example, source)
        program = posixpath.splitext(posixpath.basename(source))[0]
        compiling = _program.typed(command(example, source, program))
        if example.run != "yes":
            return Opening(files, COMPILING, then=(compiling,))
        built, content = compile_program(example, source, program, files)
        if content is None:
            said = built.broken or "\n".join(printable(built.build.text if built.build else b""))
            return Opening(files, COMPILING, then=(compiling,), said=said)
        others = tuple(file for file in files if file.path != program)
        line = _program.typed((f"./{program}", *example.args), example.stdin)
        return Opening((*others, NamedFile(program, content, executable=True)), limits_of(example), then=(line,))


def command(example: Example, source: str, program: str) -> tuple[str, ...]:
    """How gcc is called; libraries among ``cflags`` must stand after the source."""
    if example.run == "syntax":
        return ("gcc", *FLAGS, "-fsyntax-only", source, *example.cflags)
    return ("gcc", *FLAGS, source, *example.cflags, "-o", program)


def compile_program(
    example: Example, source: str, program: str, files: Sequence[NamedFile]
) -> tuple[Output, bytes | None]:
    """What the compiler said, and the program where there is one to run."""
    argv = command(example, source, program)
    wanted = [(program, sandbox.Limits().disk)] if example.run == "yes" else []
    done = sandbox.execute(argv, files=files, merge_output=True, limits=COMPILING, collect=wanted)
    output = Output(
        build=BuildOutput(done.stdout, done.exit),
        exceeded=done.exceeded,
        how=_program.typed(argv),
        seconds=done.seconds,
    )
    content = done.files.get(program) if done.exit == 0 else None
    if wanted and done.exit == 0 and content is None:
        reason = f"gcc ended with 0, but left no program {program} of at most {wanted[0][1] // MIB} MiB"
        output = replace(output, broken=reason)
    return output, content


RUNNER = CRunner()
