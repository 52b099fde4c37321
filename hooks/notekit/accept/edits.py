"""(Document, Example, Output) -> the edits that make the note say what came out. Pure.

Glossary
    Edit       lines of a document that give way to others
    region     the lines of a fenced block, its fences included
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notekit.accept.lines import Line, new_lines
from notekit.model import STREAMS, Dialect, Document, Example, Expectation, Output, Region, Stream
from notekit.parse.text import columns, leading

__all__ = ["Edit", "edited", "edits_for"]

_CLOSES = re.compile(r"[ \t]*(`{3,})[ \t]*")
_FENCE = re.compile(r"([ \t]*)(`+)")


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines ``first`` to ``last`` (both included, from 1) give way to ``lines``, which have no ends.

    ``last`` is ``first - 1`` where the lines go before line ``first`` and none is taken away.
    """

    first: int
    last: int
    lines: tuple[str, ...]


def edits_for(document: Document, example: Example, output: Output) -> tuple[Edit, ...]:
    """The edits in the order of the text; none where all is as expected.

    The output must be whole: ``accept.refusals.refusal`` says of which outputs it is not.
    """
    if example.language == "console":
        region = _region(document, example, "example")
        assert region is not None
        return tuple(_of_console(document, region, example, output))
    return tuple(_of_program(document, example, output))


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The text of a document with its edits made, which do not overlap.

    A new line ends as the line in whose place it stands, or else as the one above it.
    """
    rows = re.findall(rb"[^\n]*\n|[^\n]+", data)
    made: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.first, edit.last)):
        made += rows[done : edit.first - 1]
        done = edit.last
        for index, line in enumerate(edit.lines):
            like = min(edit.first - 1 + index, edit.last - 1) if edit.last >= edit.first else edit.first - 2
            end = _end(rows[like])
            if not end and edit.last < edit.first:
                made.append(_end(rows[like - 1]) + line.encode())
            else:
                made.append(line.encode() + end)
    return b"".join([*made, *rows[done:]])


def _end(row: bytes) -> bytes:
    return b"\r\n" if row.endswith(b"\r\n") else b"\n" if row.endswith(b"\n") else b""


def _region(document: Document, example: Example, kind: str, stream: Stream = "stdout") -> Region | None:
    for region in document.regions:
        if region.kind == kind and region.name == example.name and (kind == "example" or region.stream == stream):
            return region
    return None


def _of_console(document: Document, region: Region, example: Example, output: Output) -> Iterator[Edit]:
    indent = leading(document.lines[region.first - 1])
    found: list[Edit] = []
    for command, one in zip(example.commands, output.commands, strict=True):
        first = command.line + 1 + command.text.count("\n")
        after = first + len(command.expectation.lines)
        found += _of_lines(command.expectation, first, new_lines(command.expectation, one.text), indent)
        if one.exit == command.exit:
            continue
        mark = () if one.exit == 0 else (f"{indent}[exit {one.exit}]",)
        found.append(Edit(after, after - (command.exit_line == command.line), mark))
    yield from _with_fences(document, region, found)


def _of_program(document: Document, example: Example, output: Output) -> Iterator[Edit]:
    printed: dict[Stream, bytes] = {"stdout": output.stdout, "stderr": output.stderr, **dict(output.streams)}
    if example.run in ("build", "syntax"):
        printed = {"stdout": b"", "stderr": output.build.text if output.build else b""}
    home = _region(document, example, "example")
    assert home is not None
    indent = leading(document.lines[home.first - 1])
    last = home.last
    created: list[str] = []
    stated = {one.stream: one for one in example.expectations}
    for stream in STREAMS:
        region = _region(document, example, "output", stream)
        if region is not None:
            last = region.last
            lines = new_lines(stated[stream], printed.get(stream, b""))
            inside = leading(document.lines[region.first - 1])
            yield from _with_fences(document, region, _of_lines(stated[stream], region.first + 1, lines, inside))
        elif stream in ("stdout", "stderr") and printed[stream] and not (example.fails and stream == "stderr"):
            created += _new_block(example, stream, printed[stream], indent)
    if created:
        yield Edit(last + 1, last, tuple(created))


def _new_block(example: Example, stream: Stream, data: bytes, indent: str) -> Iterator[str]:
    dialect: Dialect = "output"
    lines = [str(line) for line in new_lines(Expectation((), 0, stream, dialect), data)]
    fence = "`" * max(3, _longest_closing(lines) + 1)
    yield f"{indent}{fence}output {{of={example.name}{' stream=stderr' if stream == 'stderr' else ''}}}"
    yield from (_indented(indent, line) for line in lines)
    yield f"{indent}{fence}"


def _of_lines(expectation: Expectation, first: int, found: Sequence[Line], indent: str) -> list[Edit]:
    """The edits between the lines that stay, where the expectation's first line is or would be line ``first``."""
    edits: list[Edit] = []
    new: list[str] = []
    at = 0
    for line in (*found, len(expectation.lines)):
        if isinstance(line, str):
            new.append(_indented(indent, line))
            continue
        if new or at < line:
            edits.append(Edit(first + at, first + line - 1, tuple(new)))
        new, at = [], line + 1
    return edits


def _indented(indent: str, line: str) -> str:
    return indent + line if line else ""


def _with_fences(document: Document, region: Region, edits: Sequence[Edit]) -> Iterator[Edit]:
    """The edits of a block's body, and of its two fences where a new line would end it before its time."""
    indent = leading(document.lines[region.first - 1])
    needed = _longest_closing([line.removeprefix(indent) for edit in edits for line in edit.lines]) + 1
    opening, closing = (_longer(document.lines[number - 1], needed) for number in (region.first, region.last))
    if opening != document.lines[region.first - 1]:
        yield Edit(region.first, region.first, (opening,))
    yield from edits
    if opening != document.lines[region.first - 1] and closing != document.lines[region.last - 1]:
        yield Edit(region.last, region.last, (closing,))


def _longer(line: str, length: int) -> str:
    found = _FENCE.match(line)
    assert found is not None
    return found[1] + found[2].ljust(length, "`") + line[found.end() :]


def _longest_closing(lines: Sequence[str]) -> int:
    """The longest run of backticks that could end a block: CommonMark lets a closing fence be indented by up to 3."""
    found = (_CLOSES.fullmatch(line) for line in lines if columns(line) < 4)
    return max((len(one[1]) for one in found if one), default=0)
