"""One example or diagram as Markdown: what the page shows of it, its output and its state."""

from __future__ import annotations

import html
import re

from notekit.diagrams import Drawing
from notekit.emit.markdown import attributes, fence, paragraph, plain
from notekit.emit.texts import text
from notekit.model import Diagram, Example, Failure, Result, Stream, describe_exit

# Debian Policy, 5.6.12: [epoch:]upstream-version[-revision].
_UPSTREAM = re.compile(r"^\d+:(?=\d)|-[^-:]*$")
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")


def code_block(example: Example, result: Result) -> list[str]:
    """What runs: a console with what it printed, or a program's text."""
    identifier = example.id
    if example.language == "console":
        header = attributes(classes=("console", "example"), identifier=identifier)
        return fence(_console_lines(example, result), header)
    title = example.file.path if example.file else ""
    header = attributes(classes=(example.language, "example"), identifier=identifier, title=title)
    shown = example.shown.removesuffix("\n")
    return fence(tuple(shown.split("\n")), header)


def _console_lines(example: Example, result: Result) -> tuple[str, ...]:
    lines: list[str] = []
    for number, command in enumerate(example.commands):
        first, *further = command.text.split("\n")
        lines.append(f"{'#' if command.root else '$'} {first}")
        lines.extend(f"> {line}" if line else ">" for line in further)
        if number < len(result.texts):
            lines.extend(result.texts[number])
        if number < len(result.exits) and result.exits[number] != 0:
            lines.append(f"[{describe_exit(result.exits[number])}]")
    return tuple(lines)


def output_block(result: Result, stream: Stream, language: str) -> list[str]:
    """What a program printed on one stream."""
    position = _STREAMS.index(stream)
    lines = result.texts[position] if position < len(result.texts) else ()
    name = text(language, "output" if stream == "stdout" else "stderr")
    return fence(lines, attributes(classes=("text", "output"), title=name))


def state_line(result: Result, language: str, *, passed: str = "passed") -> list[str]:
    """Whether it was verified; with what, when and how long it took, or why it was not.

    ``passed`` names the text that says so where all is well.
    """
    if result.status == "passed":
        parts = [text(language, passed)]
        if result.versions:
            parts.append(text(language, "with", tools=plain(tools_text(result.versions))))
        if result.finished:
            parts.append(text(language, "on", date=result.finished[:10]))
            parts.append(text(language, "took", seconds=f"{result.seconds:.2f}"))
        said = text(language, "joint").join(parts)
    else:
        said = text(language, result.status)
        if result.reason:
            said += text(language, "colon") + plain(result.reason)
        if result.status == "not-verified":
            said += text(language, "stop") + text(language, "recorded")
    return paragraph(said, "example-state", f"example-{result.status}", searched=False)


def tools_text(versions: tuple[tuple[str, str], ...]) -> str:
    """``bash 5.2.15, cat/cp/stat 9.1``: tools of one package together, without Debian's epoch and revision.

    The whole versions are in the report of ``notes check --json``.
    """
    tools_of: dict[str, list[str]] = {}
    for tool, version in versions:
        tools_of.setdefault(version, []).append(tool)
    return ", ".join(f"{'/'.join(tools)} {_UPSTREAM.sub('', version)}" for version, tools in tools_of.items())


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


def example_blocks(example: Example, result: Result, language: str) -> list[str]:
    """An example whole: its code, its outputs, its state. For the languages that do not hold it."""
    lines = code_block(example, result)
    for expectation in sorted(example.expectations, key=lambda found: _STREAMS.index(found.stream)):
        lines += ["", *output_block(result, expectation.stream, language)]
    return lines + after(example, result, language)


def after(example: Example, result: Result, language: str) -> list[str]:
    """What follows the last block of an example: how a program ended if not with 0, its state, its failures."""
    ended: list[str] = []
    if example.exit != 0 and example.run == "yes":
        ended = paragraph(text(language, "end", end=describe_exit(example.exit)), "example-end")
    return ended + state_line(result, language) + failure_block(result.failures, language)


def figure(diagram: Diagram, drawing: Drawing | None, result: Result, language: str) -> list[str]:
    """A diagram: the picture, the same as text, and its state."""
    lines: list[str] = []
    if drawing is not None:
        identifier = f' id="{html.escape(diagram.id)}"' if diagram.id else ""
        lines += [
            f'<figure class="diagram"{identifier}>',
            # The text version below says the same; the search reads that.
            *drawing.svg.strip().replace("<svg", '<svg data-search-exclude="1"', 1).split("\n"),
            f"<details><summary>{html.escape(text(language, 'as_text'))}</summary>",
            *f"<pre>{html.escape(drawing.text.rstrip(), quote=False)}</pre>".split("\n"),
            "</details>",
            "</figure>",
        ]
    state = state_line(result, language, passed="computed" if diagram.expect is None else "checked")
    return lines + state + failure_block(result.failures, language)
