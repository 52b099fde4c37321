"""What is known of a collection when its pages are made, and what follows from it for the pages about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from notekit.diagrams import Drawing
from notekit.model import Collection, Result, Term

State = Literal["passed", "checked", "computed", "not-verified", "failed", "error"]
#: In the order of the pages. A diagram without ``expect`` is computed, and no more is said of it.
STATES: tuple[State, ...] = ("passed", "checked", "computed", "not-verified", "failed", "error")
VERIFIED: frozenset[State] = frozenset({"passed", "checked"})


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a collection's examples when pages are made.

    ``results``, ``packages`` (Debian's, that the example needs) and ``capabilities`` (that it used) by (note's slug,
    example's name); ``drawings`` by (slug, diagram's name, language); ``titles`` by (slug, language); ``related``
    by slug, see ``related``; ``tag_ids`` by language and tag, see ``tag_ids``; ``tools`` has the
    executable of a capability; ``changes`` is what is new in the original of a stale section, as the lines of a diff,
    by (slug, language, the section's number from 0). ``default_language`` is the one that is served at the site's root.
    """

    results: Mapping[tuple[str, str], Result]
    drawings: Mapping[tuple[str, str, str], Drawing]
    titles: Mapping[tuple[str, str], str]
    packages: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    capabilities: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    changes: Mapping[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    default_language: str = "en"


@dataclass(frozen=True, slots=True)
class Entry:
    """An example or a diagram, as the pages about all of them name it. ``document`` is the language it is in."""

    note: str
    name: str
    language: str
    document: str
    runner: str
    state: State
    capabilities: tuple[str, ...]
    result: Result


def entries(collection: Collection, findings: Findings) -> tuple[Entry, ...]:
    """All examples and diagrams, in the order of areas and notes; in a note examples come first."""
    found: list[Entry] = []
    for note in collection.notes:
        for example in note.examples:
            result = findings.results[note.slug, example.name]
            found.append(_entry(result, example.document, result.status, findings))
        for diagram in note.diagrams:
            result = findings.results[note.slug, diagram.name]
            drawn: State = "computed" if diagram.expect is None else "checked"
            state = drawn if result.status == "passed" else result.status
            found.append(_entry(result, diagram.document, state, findings))
    return tuple(found)


def _entry(result: Result, document: str, state: State, findings: Findings) -> Entry:
    capabilities = findings.capabilities.get((result.note, result.name), ())
    return Entry(result.note, result.name, result.language, document, result.runner, state, capabilities, result)


def related(collection: Collection) -> Mapping[str, tuple[str, ...]]:
    """The related notes of each note: those that it names, in any language, then those that name it."""
    named = {
        note.slug: tuple(dict.fromkeys(slug for document in note.documents for slug in document.head.related))
        for note in collection.notes
    }
    return {
        slug: tuple(other for other in dict.fromkeys((*own, *_naming(slug, named))) if other in named and other != slug)
        for slug, own in named.items()
    }


def tag_ids(collection: Collection) -> Mapping[str, Mapping[str, str]]:
    """By language, the anchor of each tag: its letters and digits, and a number where two have the same (C, C++)."""
    return {
        language: _ids(tag for note in collection.notes for tag in note.document(language).head.tags)
        for language in collection.languages
    }


def _ids(tags: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for tag in sorted(set(tags)):
        own = re.sub(r"\W+", "-", tag.lower()).strip("-") or "tag"
        number = next(number for number in count(1) if _numbered(own, number) not in found.values())
        found[tag] = _numbered(own, number)
    return found


def _numbered(own: str, number: int) -> str:
    return own if number == 1 else f"{own}-{number}"


def _naming(slug: str, named: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(other for other, others in named.items() if slug in others)
