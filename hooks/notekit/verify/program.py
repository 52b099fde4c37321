"""A program held against what the note says: that it compiles or does not, what it prints, how it ends."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from notekit.match import match_lines, printable
from notekit.model import (
    MACHINE_ENDS,
    BuildOutput,
    Example,
    Exceeded,
    Expectation,
    Failure,
    Output,
    Place,
    Stream,
    describe_exit,
    streams_of,
)
from notekit.verify.complaint import complaint
from notekit.verify.diff import draw, shorten
from notekit.verify.text import Compared, compare, ended, exceeded_text, joined, remedy_for

__all__ = ["not_built", "verify_program"]

_NAMES: dict[Stream, str] = {
    "stdout": "",
    "stderr": "standard error",
    "registers": "the registers",
    "interrupts": "the log of interrupts",
}
#: What these hold may be stated, and need not.
_FREE: tuple[Stream, ...] = ("registers", "interrupts")
_Checked = tuple[tuple[Failure, ...], tuple[tuple[str, ...], ...]]


def verify_program(example: Example, output: Output) -> _Checked:
    """The failures, each at its line, and the texts of standard output and standard error.

    What a compiler or syntax check says is the standard error of an example that is not run. With ``fails`` it may
    be stated, and need not.
    """
    build, only_built = output.build, example.run in ("build", "syntax")
    if example.language == "json" and output.exit and not example.expectations:
        # A document has no output of its own: what its runner says is a complaint about it.
        build = BuildOutput(output.stderr, output.exit)
    if build and build.exit != 0 and not example.fails:
        return not_built(example, build, output)
    printed: dict[Stream, bytes] = {"stdout": output.stdout, "stderr": output.stderr, **dict(output.streams)}
    if only_built:
        printed = {"stdout": b"", "stderr": build.text if build else b""}
    compared = {
        one.stream: compare(one, printed.get(one.stream, b""), _NAMES[one.stream]) for one in _expectations(example)
    }
    texts = tuple(compared[stream].shown if stream in compared else () for stream in streams_of(example.language))
    if output.exceeded:
        return (_exceeded(example, output, output.exceeded, list(compared.values())),), texts
    status = build.exit if build and only_built else output.exit
    failures = list(_wrong_texts(example, output, compared.values(), status))
    failures += _wrong_build(example, status, output.how) if only_built else _wrong_end(example, status, output.how)
    return tuple(sorted(failures, key=lambda failure: failure.place)), texts


def _expectations(example: Example) -> Iterator[Expectation]:
    """One for each stream: what the note does not state must be empty, but for what a compiler says with ``fails``."""
    given = {one.stream: one for one in example.expectations}
    for stream in _NAMES:
        if stream in given:
            yield given[stream]
        elif stream not in _FREE and not (example.fails and stream == "stderr"):
            yield Expectation((), example.place.line, stream)


def _command(example: Example) -> str:
    """What ran, as the failure names it: ``seek.c big``, or ``python retry`` where the text stands in the note."""
    name = shlex.quote(example.file.path) if example.file else f"{example.language} {example.name}"
    return " ".join([name, *map(shlex.quote, example.args)])


def _wrong_texts(
    example: Example, output: Output, compared: Iterable[Compared], status: int | None
) -> Iterator[Failure]:
    for found in compared:
        if found.message:
            place = Place(example.place.file, found.line)
            message = f"{found.message}; {remedy_for(example.note)}"
            yield Failure(place, message, _command(example), found.diff, describe_exit(status), output.how)


def _wrong_end(example: Example, status: int | None, how: str) -> Iterator[Failure]:
    if status == example.exit:
        return
    place = Place(example.place.file, example.exit_line or example.place.line)
    by_name = {number: name for name, number in MACHINE_ENDS.items()}
    end = by_name.get(status or 0, status)
    remedy = "correct the program" if status is None else f"correct the program, or write exit={end} on the block"
    message = f"{ended(status, example.exit)}; {remedy}"
    yield Failure(place, message, _command(example), (), describe_exit(status), how)


def _wrong_build(example: Example, status: int | None, how: str) -> Iterator[Failure]:
    """The failure of what should not compile or parse, and did, or came to no end."""
    if not example.fails or status not in (0, None):
        return
    did = "compiled" if example.run == "build" else "was parsed without an error"
    message = f"{did}, though the note says that it fails; correct the program, or take off `fails`"
    if status is None:
        message = f"{describe_exit(status)}, where the note says that it fails; correct the program"
    yield Failure(example.place, message, _command(example), (), describe_exit(status), how)


def not_built(example: Example, build: BuildOutput, output: Output) -> _Checked:
    """The one failure of what did not compile or parse, at the line of which the compiler complains.

    That may be a kernel module which an example needs.
    """
    lines = printable(build.text)
    diff = draw((), lines, match_lines((), lines))
    if output.exceeded:
        failure = _exceeded(example, output, output.exceeded, [])
        return (replace(failure, diff=diff),), ((), lines)
    place, text = complaint(example, lines)
    end = describe_exit(build.exit)
    did, what = "does not compile", "program"
    if example.language == "json":
        did, what = "is not valid", "document"
    elif example.run == "syntax":
        did = "cannot be parsed"
    elif example.language == "asm":
        did = "cannot be assembled"
    elif example.language == "image":
        did, what = "cannot be loaded", "image"
    if example.modules:
        what = "module"
    message = f"{did}: {shorten(text) or end}; correct the {what}"
    return (Failure(place, message, _command(example), diff, end, output.how),), ((), lines)


def _exceeded(example: Example, output: Output, exceeded: Exceeded, compared: list[Compared]) -> Failure:
    """The one failure of what a limit ended; what it printed until then is in the diff."""
    end = exceeded_text(exceeded)
    wrong = next((found for found in compared if found.message), None)
    what = joined([f"exceeded a limit ({end})", wrong.message if wrong else ""])
    place = Place(example.place.file, wrong.line if wrong else example.place.line)
    message = f"{what}; {remedy_for(example.note, exceeded)}"
    return Failure(place, message, _command(example), wrong.diff if wrong else (), end, output.how)
