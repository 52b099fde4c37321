"""The ids of sections: the same in every language of a note, so that an address keeps its section across languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from notekit.model import Document, Note, Section

# What else a page has an id for.
RESERVED = frozenset({"sources", "related"})

_COMPUTED = re.compile(r"\[\[\[.*?\]\]\]")
_LINK_TARGET = re.compile(r"\]\([^)]*\)")
_NO_WORD = re.compile(r"[^\w\- ]")
_OWN = re.compile(r"[ ]\{:?[ ]*#([\w-]+)[^}]*\}[ ]*$")
_CLOSING = re.compile(r"[ \t]+#+[ \t]*$")


def section_ids(note: Note) -> tuple[str, ...]:
    """The id of each section, in their order, made from the original's headings; empty for text before the first.

    None is that of an example or a diagram, or another section's.
    """
    taken = {*RESERVED, *(example.name for example in note.examples), *(diagram.name for diagram in note.diagrams)}
    found: list[str] = []
    for section in note.document(note.original).sections:
        identifier = _unique(section.heading, taken) if section.level else ""
        taken.add(identifier)
        found.append(identifier)
    return tuple(found)


def headings(document: Document, identifiers: Collection[str]) -> dict[int, str]:
    """The line of each section's heading with its id in braces, by the line's number."""
    pairs = zip(document.sections, identifiers, strict=True)
    return {section.first: _with_id(document, section, identifier) for section, identifier in pairs if section.level}


def shown(heading: str) -> str:
    """A heading without an id of its own at its end."""
    return _OWN.sub("", heading)


def _with_id(document: Document, section: Section, identifier: str) -> str:
    line = document.lines[section.first - 1].rstrip()
    if _OWN.search(line):
        return line
    text = _CLOSING.sub("", line) if line.lstrip().startswith("#") else line
    return f"{text} {{#{identifier}}}"


def _unique(heading: str, taken: Collection[str]) -> str:
    own = _OWN.search(heading)
    base = own[1] if own else _slug(heading)
    identifier, number = base, 1
    while identifier in taken:
        number += 1
        identifier = f"{base}-{number}"
    return identifier


def _slug(heading: str) -> str:
    """As GitHub makes it: small letters, words joined by hyphens, no other signs."""
    text = _LINK_TARGET.sub("", _COMPUTED.sub("", unicodedata.normalize("NFC", heading)))
    return "-".join(_NO_WORD.sub("", text).lower().split()).strip("-") or "section"
