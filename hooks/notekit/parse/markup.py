"""A document's blocks as markdown-it-py sees them, with their lines.

Glossary
    Fence      a block between lines of backticks: what may become a region
    Heading    of level 1 to 6, at the margin
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from notekit.parse.text import Span

# What opens a container whose content is indented by 4, as Python-Markdown (admonition) and
# pymdown-extensions (details, tabbed) recognise it. CommonMark has no such thing.
ADMONITION = re.compile(r'!!! ?[\w\-]+(?: +[\w\-]+)*(?: +"[^"\n]*")? *$')
DETAILS = re.compile(r'\?\?\?\+? ?(?:[\w\-]+(?: +[\w\-]+)*(?: +"[^"\n]*")?| *"[^"\n]*") *$')
TAB = re.compile(r'===(?:\+!?|!\+?)? +"[^"\n]*" *$')

# markdown-it-py silently drops what is nested deeper; a document may not come near.
MAX_NESTING = 60


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block. ``mark`` is its opening run of backticks or tildes, ``info`` what follows it.

    ``closed`` is false where the document, or the list or admonition around it, ended first. ``quoted`` says
    that it stands in a quotation.
    """

    first: int
    last: int
    mark: str
    info: str
    closed: bool
    quoted: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; its text as written, without marks."""

    first: int
    last: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Markup:
    """Everything found, in the order of the text. ``indented`` are indented code blocks.

    ``paragraphs`` are the lines of each run of inline text: paragraph, heading, or row of table cells.
    ``too_deep`` is the line of the first thing nested too deeply to be read, 0 for none.
    """

    fences: tuple[Fence, ...]
    headings: tuple[Heading, ...]
    html: tuple[Span, ...]
    indented: tuple[Span, ...]
    paragraphs: tuple[Span, ...]
    too_deep: int


def read_markup(lines: Sequence[str], body_first: int) -> Markup:
    """The blocks of the lines from ``body_first`` on; lines before it (the head) are passed over."""
    text = [""] * (body_first - 1)
    # A carriage return that ends no line must not become a line end, which markdown-it would make of it.
    text += [line.replace("\r", " ") for line in lines[body_first - 1 :]]
    fences: list[Fence] = []
    headings: list[Heading] = []
    spans: dict[str, list[Span]] = {"html_block": [], "code_block": [], "inline": []}
    quotes = too_deep = 0
    tokens = _markdown().parse("\n".join(text) + "\n")
    for position, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.map is None:
            continue
        first, last = token.map[0] + 1, max(token.map[0] + 1, token.map[1])
        if token.type == "fence":
            closed = last - first == token.content.count("\n") + 1
            fences.append(Fence(first, last, token.markup, token.info, closed, quotes > 0))
        elif token.type == "heading_open" and token.level == 0:
            headings.append(Heading(first, last, int(token.tag[1]), tokens[position + 1].content))
        elif token.type in spans:
            spans[token.type].append((first, _last_text(text, first, last)))
        if token.level >= MAX_NESTING - 2 and not too_deep:
            too_deep = first
    return Markup(
        tuple(fences),
        tuple(headings),
        tuple(spans["html_block"]),
        tuple(spans["code_block"]),
        tuple(dict.fromkeys(spans["inline"])),
        too_deep,
    )


def _last_text(lines: Sequence[str], first: int, last: int) -> int:
    """The last line from ``first`` to ``last`` that is not empty."""
    last = min(last, len(lines))
    while last > first and not lines[last - 1].strip():
        last -= 1
    return last


@cache
def _markdown() -> MarkdownIt:
    """CommonMark with tables, footnotes, definition lists and containers, blocks only: no inline text is read."""
    markdown = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    markdown.use(footnote_plugin, move_to_end=False).use(deflist_plugin)
    interrupts: Any = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("fence", "container", _container, interrupts)
    markdown.core.ruler.enableOnly(["normalize", "block"])
    return markdown


def _container(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The block rule for admonitions, details and tabs: what follows indented by 4 is inside."""
    if state.is_code_block(start):
        return False
    opening = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    if opening[:3] not in ("!!!", "???", "==="):
        return False
    if not any(pattern.match(opening) for pattern in (ADMONITION, DETAILS, TAB)):
        return False
    if silent:
        return True
    indent = state.sCount[start] + 4
    after = start + 1
    while after < end and (state.isEmpty(after) or state.sCount[after] >= indent):
        after += 1
    before: Any = (state.blkIndent, state.lineMax, state.parentType)
    state.blkIndent, state.lineMax, state.parentType = indent, after, "container"
    _pushed(state, "container_open", 1).map = [start, after]
    state.md.block.tokenize(state, start + 1, after)
    _pushed(state, "container_close", -1)
    state.blkIndent, state.lineMax, state.parentType = before
    state.line = after
    return True


def _pushed(state: StateBlock, kind: str, nesting: Any) -> Token:
    return state.push(kind, "div", nesting)
