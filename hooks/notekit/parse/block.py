"""A fenced block of a document with its attributes read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notekit.parse.attributes import read_info
from notekit.parse.context import Context
from notekit.parse.languages import RUNNER_OF, BlockKind, block_kind
from notekit.parse.markup import Fence
from notekit.parse.options import Options, read_options
from notekit.parse.report import Report
from notekit.parse.text import columns, without_columns

_MEANT_LANGUAGES = (*RUNNER_OF, "output", "example")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines ``first`` to ``last`` of a document, fences included.

    ``body`` are the lines between the fences, without the fence's indentation. ``sound`` is false where its
    attributes have a problem; then ``options`` are the default ones, and ``id`` is what seems to be meant.
    """

    first: int
    last: int
    indent: int
    kind: BlockKind
    language: str
    id: str | None
    options: Options
    body: tuple[str, ...]
    sound: bool

    @property
    def is_defined_here(self) -> bool:
        """Whether the block is an example or a diagram itself."""
        return self.kind in ("console", "program", "json", "diagram")


def read_block(fence: Fence, lines: Sequence[str], context: Context, report: Report) -> Block:
    """Reads a fence's attributes and body."""
    indent = columns(lines[fence.first - 1])
    before = len(report.found)
    info = read_info(fence.info, fence.first, report)
    kind = block_kind(info.language, context.diagrams)
    meant = info.language.lower()
    if kind == "listing" and meant != info.language and meant in (*_MEANT_LANGUAGES, *context.diagrams):
        report(fence.first, f"the language {info.language} is only shown", f"write {meant}")
    options = read_options(info, kind, fence.first, context.capabilities, report)
    return Block(
        first=fence.first,
        last=fence.last,
        indent=indent,
        kind=kind,
        language=info.language,
        id=info.id,
        options=options or Options(),
        body=tuple(without_columns(line, indent) for line in lines[fence.first : fence.last - 1]),
        sound=len(report.found) == before,
    )


def by_line(blocks: Sequence[Block]) -> Mapping[int, Block]:
    """The blocks by their first line."""
    return {block.first: block for block in blocks}
