"""Where the prose of a document first uses each term of the glossary: there the page explains it.

Found are whole words outside of code, links, headings, mark-up and computed text. In doubt a use is left out: a term
that is not explained in one place is no loss, a link in a link is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notekit.model import Document, Term
from notekit.parse.prose import HIDDEN, hidden_code

_HEADING = re.compile(r"\s{0,3}(#{1,6}\s|=+\s*$|-{2,}\s*$)")
# Where inline text cannot go on from the line before: a list's item, a row of a table, a definition, a quotation.
_BEGINS = re.compile(r"\s*([-*+:>|]|\d+[.)]|\[\^?[^\]]+\]:|!!!|===|\?\?\?)")
_MARKED = re.compile(
    r"!?\[[^\[\]]*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\]|:.*$)?"  # a link, an image, a footnote, their targets
    r"|<[^<>]*>|\{[^{}]*\}|\w+://\S+|\+\+[^+]+\+\+",  # HTML, attributes, an address, keys
    re.MULTILINE,
)
_CALL = re.compile(r"\[\[\[.*?\]\]\]")


@dataclass(frozen=True, slots=True)
class Use:
    """A term in columns ``start`` to ``end`` (from 0, the end excluded) of a line of a document."""

    line: int
    start: int
    end: int
    term: Term


def uses(document: Document, terms: Sequence[Term]) -> tuple[Use, ...]:
    """The first use of each term in a document, in the order of the text."""
    names = {
        _key(name): term
        for term in reversed(terms)
        for name in term.names(document.language)
        if not name.startswith("A ")  # "A flag" may be any flag
    }
    if not names:
        return ()
    pattern = _pattern(names)
    found: dict[str, Use] = {}
    for first, lines in _paragraphs(document):
        shown = _MARKED.sub(_hide, _CALL.sub(_hide, hidden_code("\n".join(lines))))
        for number, line in enumerate(shown.split("\n"), start=first):
            for match in pattern.finditer(line):
                term = _meant(match[0], names)
                found.setdefault(term.id, Use(number, *match.span(), term))
    return tuple(found.values())


def _hide(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", HIDDEN, found[0])


def _key(name: str) -> str:
    """A name as it is looked up: words of small letters may begin a sentence, ``TLB`` is written in one way."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _pattern(names: Mapping[str, Term]) -> re.Pattern[str]:
    """Any of the names, longer ones first."""
    return re.compile("|".join(map(_one, sorted(names, key=len, reverse=True))))


def _one(name: str) -> str:
    """A Latin name stands apart from other letters, digits, ``-`` and ``_``; its plural counts."""
    text = re.escape(name)
    if name[0].islower() and name[1:2].islower():
        text = f"(?i:{re.escape(name[0])}){re.escape(name[1:])}"
    before = r"(?<![A-Za-z0-9_-])" if name[0].isascii() else ""
    after = r"(?:(?:(?<=[sxzh])e)?s)?(?![A-Za-z0-9_]|-\w)" if name[-1].isascii() else ""
    return before + text + after


def _meant(text: str, names: Mapping[str, Term]) -> Term:
    key = _key(text)
    return names[next(one for one in (key, key.removesuffix("s"), key.removesuffix("es")) if one in names)]


def _paragraphs(document: Document) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of each run of lines that inline mark-up may reach across."""
    taken = {number for region in document.regions for number in range(region.first, region.last + 1)}
    taken |= {number for first, last in document.comments for number in range(first, last + 1)}
    lines: list[str] = []
    for number in range(document.body_first, len(document.lines) + 2):
        line = "" if number in taken or number > len(document.lines) else document.lines[number - 1]
        ends = not line.strip() or _HEADING.match(line)
        if ends and line.strip() and lines and not line.lstrip().startswith("#"):
            lines = []  # what stands above === or --- is a heading
        if lines and (ends or _BEGINS.match(line)):
            yield number - len(lines), lines
            lines = []
        if not ends:
            lines.append(line)
