"""One example or diagram as Markdown: what the page shows of it, its output and its state."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import groupby

from notekit.diagrams import Drawing
from notekit.emit import state
from notekit.emit.data import data_of
from notekit.emit.markdown import attributes, fence, paragraph, plain
from notekit.emit.state import Surroundings
from notekit.emit.texts import text
from notekit.model import STREAMS, Diagram, Example, Failure, Result, Stream, describe_exit


def code_block(example: Example, result: Result) -> list[str]:
    """What runs: a console with what it printed, or a program's text.

    ``data-lines`` tells what the lines of a console are, for who copies them: ``1c2o1x`` is one of a command, two of
    output and one about how it ended. No line's own text could tell, since a command may print a prompt.
    """
    if example.language == "console":
        lines = tuple(_console_lines(example, result))
        runs = "".join(f"{len(list(run))}{kind}" for kind, run in groupby(kind for kind, _ in lines))
        header = attributes(classes=_example("console"), identifier=example.name, data={"lines": runs})
        return fence(tuple(line for _, line in lines), header)
    title = example.file.path if example.file else ""
    header = attributes(classes=_example(example.language), identifier=example.name, title=title)
    shown = example.shown.removesuffix("\n")
    return fence(tuple(shown.split("\n")), header)


def _example(language: str) -> tuple[str, ...]:
    """The classes of a block that has buttons of its own, and so not the theme's."""
    return (language, "example", "no-copy")


def _console_lines(example: Example, result: Result) -> Iterator[tuple[str, str]]:
    """(kind, line): ``c`` of a command, ``o`` of output, ``x`` about its end."""
    for number, command in enumerate(example.commands):
        first, *further = command.text.split("\n")
        prompt = f"({command.asked})" if command.asked else "#" if command.root else "$"
        yield "c", f"{prompt} {first}"
        for line in further:
            yield "c", f"> {line}" if line else ">"
        if number < len(result.texts):
            for line in result.texts[number]:
                yield "o", line
        if number < len(result.exits) and result.exits[number] != 0:
            yield "x", f"[{describe_exit(result.exits[number])}]"


def output_block(result: Result, stream: Stream, language: str) -> list[str]:
    """What a program printed on one stream."""
    position = STREAMS.index(stream)
    lines = result.texts[position] if position < len(result.texts) else ()
    what = "output" if stream == "stdout" else stream
    data = {"of": result.name, "what": what}
    return fence(lines, attributes(classes=("text", "output", "no-copy"), title=text(language, what), data=data))


def failure_block(failures: tuple[Failure, ...], language: str) -> list[str]:
    """What went wrong, for the page that ``serve`` shows."""
    lines: list[str] = []
    for failure in failures:
        lines += ["", f'!!! failure "{plain(str(failure.place))}"', ""]
        inside = [plain(failure.message), ""]
        if failure.command:
            inside += fence(tuple(failure.command.split("\n")), attributes(classes=("text",)))
        if failure.diff:
            inside += fence(failure.diff, attributes(classes=("diff",)))
        if failure.end:
            inside += ["", plain(text(language, "end", end=failure.end))]
        if failure.how:
            inside += ["", plain(text(language, "how", how=failure.how))]
        lines += ["    " + line if line else "" for line in inside]
    return lines


def example_blocks(example: Example, result: Result, around: Surroundings) -> list[str]:
    """An example whole: its code, its outputs, its state. For the languages that do not hold it."""
    lines = code_block(example, result)
    for expectation in sorted(example.expectations, key=lambda found: STREAMS.index(found.stream)):
        lines += ["", *output_block(result, expectation.stream, around.language)]
    return lines + after(example, result, around)


def after(example: Example, result: Result, around: Surroundings) -> list[str]:
    """What follows the last block of an example: how a program ended if not with 0, its state, its failures."""
    ended: list[str] = []
    if example.exit != 0 and example.run == "yes":
        ended = paragraph(text(around.language, "end", end=describe_exit(example.exit)), "example-end")
    return ended + state.of_example(example, result, around) + failure_block(result.failures, around.language)


def figure(diagram: Diagram, drawing: Drawing | None, result: Result, around: Surroundings) -> list[str]:
    """A diagram: the picture, the same as text, and its state."""
    lines: list[str] = []
    if drawing is not None:
        lines += [
            f'<figure class="diagram" id="{html.escape(diagram.name)}">',
            # The text version below says the same; the search reads that.
            *drawing.svg.strip().replace("<svg", '<svg data-search-exclude="1"', 1).split("\n"),
            f"<details><summary>{html.escape(text(around.language, 'as_text'))}</summary>",
            *f"<pre>{html.escape(drawing.text.rstrip(), quote=False)}</pre>".split("\n"),
            "</details>",
            *(data_of(diagram.name, drawing, around.language) if drawing.table else ()),
            "</figure>",
        ]
    return lines + state.of_diagram(diagram, result, around) + failure_block(result.failures, around.language)
