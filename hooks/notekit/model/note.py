"""A note as it was read: its documents and what stands where in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from notekit.model.example import Diagram, Example, Stream
from notekit.model.place import Problem
from notekit.model.term import Term

RegionKind = Literal["example", "output", "translated", "diagram", "listing"]


@dataclass(frozen=True, slots=True)
class Source:
    """A reference that a reader would look up."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The YAML head of a document."""

    title: str
    question: str
    tags: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """Lines ``first`` to ``last`` (both included) of a document that one fenced block takes up.

    ``name`` is that of the example or diagram that is shown (``example``, ``translated``, ``diagram``)
    or whose output is stated (``output``); empty for a ``listing``, a block that is shown and nothing
    more. ``indent`` is the number of columns before the fence; ``language`` the block's own.
    """

    first: int
    last: int
    indent: int
    kind: RegionKind
    name: str = ""
    stream: Stream = "stdout"
    language: str = ""
    body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """``first`` to ``last`` line of a section; ``digest`` of its own text, eight hexadecimal digits.

    ``heading`` is empty, and ``level`` 0, for the text before the first heading. ``of`` is what the
    ``<!-- of: … -->`` comment says, ``of_line`` its line (0: none). ``stale`` is set where the original's
    section has another digest, or the comment is missing.
    """

    first: int
    last: int
    level: int
    heading: str
    digest: str
    of: str | None = None
    of_line: int = 0
    stale: bool = False


@dataclass(frozen=True, slots=True)
class ComputedCall:
    """``[[[ name(arguments) ]]]`` in prose: from ``start`` to ``end`` (columns from 0) of a line."""

    line: int
    start: int
    end: int
    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One language's text of a note. ``lines`` have no line ends; ``body_first`` is the first line after
    the head. ``regions``, ``sections``, ``calls`` and ``comments`` are in the order of the text.

    ``comments`` are the first and last lines of each HTML comment that stands by itself. A page leaves those lines
    empty: superfences, which knows no comments, would take a fence in one for the beginning of a block.
    """

    language: str
    file: str
    head: Head
    lines: tuple[str, ...]
    body_first: int
    regions: tuple[Region, ...] = ()
    sections: tuple[Section, ...] = ()
    calls: tuple[ComputedCall, ...] = ()
    comments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """One note. ``slug`` is ``area/name``; ``original`` the language it is written in first."""

    slug: str
    original: str
    documents: tuple[Document, ...]
    examples: tuple[Example, ...] = ()
    diagrams: tuple[Diagram, ...] = ()

    def document(self, language: str) -> Document:
        """The document in that language; KeyError where the note has none."""
        for document in self.documents:
            if document.language == language:
                return document
        raise KeyError(language)


@dataclass(frozen=True, slots=True)
class Area:
    """A folder of notes; ``title`` by language."""

    slug: str
    title: Mapping[str, str]
    order: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """All notes under a root. ``errors`` break the build; ``warnings`` (stale sections) do not.

    ``areas`` are in their order and hold the notes that could be read; a note with an error is not
    among them. ``terms`` are those of the collection's ``glossary.yml``, where it has one.
    """

    languages: tuple[str, ...]
    areas: tuple[Area, ...]
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    terms: tuple[Term, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes that could be read, in the order of their areas."""
        return tuple(note for area in self.areas for note in area.notes)
