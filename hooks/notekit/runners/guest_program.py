"""Programs in a guest, run as root: shell scripts by the guest's own shells, C programs compiled here.

A C program is linked statically, so that it needs no library of the guest's: what was compiled with this machine's
runs there, whatever its version.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from notekit import guest
from notekit.match import printable
from notekit.model import BuildOutput, Example, NamedFile, Output, Unit
from notekit.runners import _guest, _program, c
from notekit.runners._opening import Opening

_SHELLS = {"bash": ".sh", "sh": ".sh"}


class GuestProgramRunner(_guest.GuestRunner):
    """Runs bash, sh and C programs in a guest; what is only built or parsed is so on the host.

    A C source with ``run=build`` and ``modules=`` is one of a kernel module: that is built, and nothing else.
    """

    name = "guest-program"
    languages = ("bash", "c", "sh")

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """QEMU, and gcc for C."""
        return (*super().needed(unit), *self.host_tools(unit)[:1])

    def host_tools(self, unit: Unit) -> tuple[str, ...]:
        """For C what compiles it."""
        return ("gcc", "as", "ld") if unit.examples[0].language == "c" else ()

    def interpreters(self, unit: Unit) -> tuple[str, ...]:
        """The shell of a script."""
        language = unit.examples[0].language
        return (language,) if language in _SHELLS else ()

    def start(self, unit: Unit) -> Sequence[Output]:
        """Runs the one program of the unit."""
        (example,) = unit.examples
        modules = _guest.built(unit)
        if example.modules and example.run == "build":
            return modules.failures(unit) or (Output(build=BuildOutput(b"", 0), seconds=modules.seconds),)
        if failures := modules.failures(unit):
            return failures
        example = replace(example, files=(*example.files, *modules.files))
        if example.language == "c":
            return (_c(unit, example),)
        path = _program.path_of(example, _SHELLS[example.language])
        if example.run == "syntax":
            return (_program.check(example, (example.language, "-n", path), _program.files_of(example, path)),)
        return (_run(unit, example, (example.language, path), _program.files_of(example, path)),)

    def opening(self, unit: Unit, example: Example) -> Opening:
        """A shell of root's beside the program, which is compiled where it has to be."""
        modules = _guest.built(unit)
        said = _guest.complaint(modules)
        if example.language == "c":
            built, command, files = _compiled(example)
            said = said or (
                "" if command else built.broken or "\n".join(printable(built.build.text if built.build else b""))
            )
        else:
            path = _program.path_of(example, _SHELLS[example.language])
            command, files = (example.language, path), _program.files_of(example, path)
        then = (_program.typed((*command, *example.args), example.stdin),) if command else ()
        return Opening(
            (*files, *modules.files),
            _guest.limits_of(example),
            then=then,
            said=said,
            machine=_guest.machine_of(unit),
            prompts=("#",),
        )


def _compiled(example: Example) -> tuple[Output, tuple[str, ...], tuple[NamedFile, ...]]:
    """What the compiler said, the command that runs the program (none where there is no program), and its files."""
    source = _program.path_of(example, ".c")
    program = posixpath.splitext(posixpath.basename(source))[0]
    files = _program.files_of(example, source)
    built, content = c.compile_program(replace(example, cflags=(*example.cflags, "-static")), source, program, files)
    if content is None:
        return built, (), files
    others = tuple(file for file in files if file.path != program)
    return built, (f"./{program}",), (*others, NamedFile(program, content, executable=True))


def _c(unit: Unit, example: Example) -> Output:
    built, command, files = _compiled(example)
    if not command:
        return built
    ran = _run(unit, example, command, files)
    return replace(ran, build=built.build, how=f"{built.how} && {ran.how}", seconds=built.seconds + ran.seconds)


def _run(unit: Unit, example: Example, command: Sequence[str], files: Sequence[NamedFile]) -> Output:
    argv = (*command, *example.args)
    stdin = example.stdin.encode()
    with _guest.template(unit) as template:
        done = guest.run(template, argv, files=files, stdin=stdin, limits=_guest.limits_of(example))
    return Output(
        stdout=done.stdout,
        stderr=done.stderr,
        exit=done.exit,
        exceeded=done.exceeded,
        broken=done.gone or None,
        how=_program.typed(argv, example.stdin),
        seconds=done.seconds,
        log=done.console,
    )


RUNNER = GuestProgramRunner()
