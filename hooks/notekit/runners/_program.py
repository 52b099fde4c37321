"""What runners of programs share: the program's file, the command line, an execution as an Output."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence

from notekit import sandbox
from notekit.model import BuildOutput, Example, NamedFile, Output
from notekit.runners._contract import limits_of


def path_of(example: Example, extension: str) -> str:
    """The program's path in the working directory: as in the note's folder, else its id (``example`` without one)
    with the extension. It must not depend on where in the note the block stands."""
    return posixpath.normpath(example.file.path) if example.file else f"{example.id or 'example'}{extension}"


def files_of(example: Example, path: str) -> tuple[NamedFile, ...]:
    """All files that the example finds, the program included."""
    program = example.file or NamedFile(path, example.code.encode())
    others = {posixpath.normpath(file.path): file for file in example.files}
    merged = {**others, path: program}
    return tuple(NamedFile(name, file.content, file.executable) for name, file in sorted(merged.items()))


def typed(command: Sequence[str], stdin: str = "") -> str:
    """The command line that a person would type."""
    line = shlex.join(command)
    return f"printf %s {shlex.quote(stdin)} | {line}" if stdin else line


def run(example: Example, command: Sequence[str], files: Sequence[NamedFile]) -> Output:
    """Runs the program of an example with its arguments and its standard input."""
    argv = [*command, *example.args]
    done = sandbox.execute(argv, files=files, stdin=example.stdin.encode(), limits=limits_of(example))
    return Output(
        stdout=done.stdout,
        stderr=done.stderr,
        exit=done.exit,
        exceeded=done.exceeded,
        how=typed(argv, example.stdin),
        seconds=done.seconds,
    )


def check(example: Example, command: Sequence[str], files: Sequence[NamedFile]) -> Output:
    """Runs a command that only reads the program; what it says is the output's ``build``."""
    done = sandbox.execute(command, files=files, merge_output=True, limits=limits_of(example))
    return Output(
        build=BuildOutput(done.stdout, done.exit), exceeded=done.exceeded, how=typed(command), seconds=done.seconds
    )
