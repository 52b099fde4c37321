"""Sections of a document, and the digests by which a translation says what it renders.

The recipe of a digest: the first eight hexadecimal digits of the SHA-256 of the UTF-8 text of these items, each
ended by a line feed, in the order of the document:

* ``|`` and the line, for each line of prose, headings included, without white space at its end;
* nothing but the line feed, for each run of blank lines between two other items;
* a backtick and the id, for each example or diagram, whether it stands here or an ``example`` block in its place;
* a backtick, a space and the language, then for each of its lines ``'`` and the line without white space at its end,
  for a block that is only shown;
* nothing at all for output blocks and comments.

So line ends, white space at line ends, the number of blank lines, bodies of examples, outputs and comments do not
count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from notekit.model import Section
from notekit.parse.block import Block
from notekit.parse.markup import Heading
from notekit.parse.text import is_blank

_OF = re.compile(r"[ \t]*<!--[ \t]*of:[ \t]*([^\s>]*?)[ \t]*-->[ \t]*")


def read_sections(
    lines: Sequence[str],
    body_first: int,
    headings: Iterable[Heading],
    blocks: Mapping[int, Block],
    comments: Collection[int],
) -> tuple[Section, ...]:
    """The sections from ``body_first`` on; the text before the first heading is one if it is not empty.

    ``blocks`` are by their first line, ``comments`` the lines of comments.
    """
    starts = [heading for heading in headings if heading.level in (2, 3)]
    ends = [*(heading.first - 1 for heading in starts), len(lines)]
    found = []
    if any(number not in comments and not is_blank(lines[number - 1]) for number in range(body_first, ends[0] + 1)):
        found.append(_section(lines, Heading(body_first, body_first - 1, 0, ""), ends[0], blocks, comments))
    found += [_section(lines, heading, end, blocks, comments) for heading, end in zip(starts, ends[1:], strict=True)]
    return tuple(found)


def _section(
    lines: Sequence[str], heading: Heading, last: int, blocks: Mapping[int, Block], comments: Collection[int]
) -> Section:
    of, of_line = None, 0
    for number in range(heading.last + 1, last + 1):
        if not is_blank(lines[number - 1]):
            mark = _OF.fullmatch(lines[number - 1])
            if mark and number in comments:
                of, of_line = mark[1], number
            break
    return Section(
        first=heading.first,
        last=last,
        level=heading.level,
        heading=heading.text,
        digest=_digest(lines, heading.first, last, blocks, comments),
        of=of,
        of_line=of_line,
    )


def _digest(lines: Sequence[str], first: int, last: int, blocks: Mapping[int, Block], comments: Collection[int]) -> str:
    items: list[str] = []
    number = first
    while number <= last:
        block = blocks.get(number)
        if block is not None:
            items += _block_items(block)
            number = block.last
        elif number not in comments:
            line = lines[number - 1].rstrip()
            if line:
                items.append(f"|{line}")
            elif items and items[-1]:
                items.append("")
        number += 1
    while items and not items[-1]:
        items.pop()
    return hashlib.sha256("".join(f"{item}\n" for item in items).encode()).hexdigest()[:8]


def _block_items(block: Block) -> list[str]:
    if block.kind == "output":
        return []
    if block.kind == "listing":
        return [f"` {block.language}", *(f"'{line.rstrip()}" for line in block.body)]
    return [f"`{block.options.of if block.kind == 'example' else block.id or ''}"]
