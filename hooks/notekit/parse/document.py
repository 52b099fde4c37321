"""One language's text of a note, read as far as that can be done without the other languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notekit.model import ComputedCall, Document, Head, Region, RegionKind, Section
from notekit.parse.block import Block, by_line, read_block
from notekit.parse.computed import read_calls
from notekit.parse.context import Context
from notekit.parse.head import HeadRead, read_head
from notekit.parse.languages import BlockKind
from notekit.parse.lookout import look_at_prose, look_for_code, regions_of
from notekit.parse.markup import Markup, read_markup
from notekit.parse.prose import prose
from notekit.parse.report import Report
from notekit.parse.sections import read_sections
from notekit.parse.text import NotUtf8Error, Span, read_lines

LARGEST = 4 << 20

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# What ends a comment for HTML 5 and not for CommonMark or Python-Markdown, or the other way round.
_ENDS_EARLY = re.compile(r"<!--(?=-?>)|--!>")
_KINDS: dict[BlockKind, RegionKind] = {
    "console": "example",
    "program": "example",
    "json": "example",
    "output": "output",
    "example": "translated",
    "diagram": "diagram",
    "listing": "listing",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A document by itself. ``head`` is None where it has a problem.

    ``cut_short`` says that what follows some line could not be read, so that nothing can be missed in it.
    """

    language: str
    report: Report
    head: HeadRead | None
    lines: tuple[str, ...]
    body_first: int
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]
    calls: tuple[ComputedCall, ...]
    comments: tuple[Span, ...]

    @property
    def file(self) -> str:
        """The document's path."""
        return self.report.file

    @property
    def cut_short(self) -> bool:
        """Whether a part could not be read."""
        return self.report.cut_short

    def document(self, sections: tuple[Section, ...], related: tuple[str, ...]) -> Document:
        """The document, with sections held against the original's and related notes by their whole slugs."""
        head = self.head.head if self.head else Head("", "")
        return Document(
            language=self.language,
            file=self.file,
            head=Head(head.title, head.question, head.tags, related, head.sources, head.original),
            lines=self.lines,
            body_first=self.body_first,
            regions=tuple(self._region(block) for block in self.blocks),
            sections=sections,
            calls=self.calls,
            comments=self.comments,
        )

    def name(self, block: Block) -> str:
        """The name of an example or a diagram of this document, unique in its note."""
        return block.id or f"{self.language}-{block.first}"

    def _region(self, block: Block) -> Region:
        name = self.name(block) if block.is_defined_here else block.options.of
        return Region(
            first=block.first,
            last=block.last,
            indent=block.indent,
            kind=_KINDS[block.kind],
            name=name,
            stream=block.options.stream,
            language=block.language,
            body=block.body,
        )


def read_draft(data: bytes, language: str, context: Context, report: Report) -> Draft | None:
    """Reads a document; None, with a problem, where it is no text at all."""
    if len(data) > LARGEST:
        report(1, f"the file has more than {LARGEST >> 20} MiB", "split the note")
        return None
    try:
        lines = read_lines(data)
    except NotUtf8Error as error:
        report(error.line, f"the byte {error.byte:#04x} is not UTF-8", "save the file as UTF-8")
        return None
    head, body_first = read_head(lines, context.languages, report)
    markup = read_markup(lines, body_first)
    if markup.too_deep:
        report.cut_short = True
        report(markup.too_deep, "lists and quotations are nested too deeply here", "write it flatter")
    comments = _comments(lines, markup, report)
    fences = regions_of(markup, lines, report)
    in_comments = {number for first, last in comments for number in range(first, last + 1)}
    in_fences = {number for fence in markup.fences for number in range(fence.first, fence.last + 1)}
    read = {fence.first: fence.last for fence in fences}
    refused = {fence.first: fence.last for fence in markup.fences if fence.first not in read}
    look_for_code(lines, body_first, dict(markup.indented), read, refused, dict(comments), report)
    text = prose(lines, body_first, markup.paragraphs, in_comments | in_fences)
    look_at_prose(text, report)
    blocks = tuple(read_block(fence, lines, context, report) for fence in fences)
    return Draft(
        language=language,
        report=report,
        head=head,
        lines=lines,
        body_first=body_first,
        blocks=blocks,
        sections=read_sections(lines, body_first, markup.headings, by_line(blocks), in_comments),
        calls=read_calls(text, lines, context.names, report),
        comments=comments,
    )


def _comments(lines: Sequence[str], markup: Markup, report: Report) -> tuple[Span, ...]:
    """The lines of the comments that stand by themselves; every other block of HTML is text."""
    found = []
    for first, last in markup.html:
        text = "\n".join(lines[first - 1 : last])
        if not text.lstrip(" \t").startswith("<!--"):
            continue
        if "-->" not in text:
            report.cut_short = True
            report(first, "the comment that begins here is not closed", "end it with -->")
        elif _ENDS_EARLY.search(text):
            report(first, "a comment that some readers end earlier than others", "write it as <!-- text -->")
        elif _COMMENT.sub("", text).strip():
            report(last, "text behind a comment, on the line where it ends", "put it on a line of its own")
        found.append((first, last))
    return tuple(found)
