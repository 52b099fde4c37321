"""The site's structure as plain values: one navigation for each language, and each page's counterparts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notekit.model import Collection, Page


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the navigation, by the path of its source."""

    path: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A section of the navigation."""

    title: str
    children: tuple[Leaf | Branch, ...]


class UntranslatedError(Exception):
    """The interface has no text in a language; the message names both and says where it belongs."""


def interface_text(interface: Mapping[str, Mapping[str, str]], language: str, key: str) -> str:
    """What the interface says for ``key``; UntranslatedError where ``extra.interface`` has no such text."""
    try:
        return interface[language][key]
    except KeyError:
        raise UntranslatedError(
            f"mkdocs.yml:1: extra.interface.{language} has no text for {key!r}; add it below that key"
        ) from None


def hand_written_path(path: str, language: str, default_language: str) -> str:
    """Where the page of that language lies: ``guides/x.md``, ``zh/guides/x.md``."""
    return path if language == default_language else f"{language}/{path}"


def outline(
    collection: Collection,
    pages: Sequence[Page],
    hand_written: Sequence[Any],
    interface: Mapping[str, Mapping[str, str]],
    language: str,
) -> tuple[Leaf | Branch, ...]:
    """The first hand-written page, then a section for each area, its opening page first, then the other pages.

    ``hand_written`` is ``nav`` of mkdocs.yml: paths, or mappings of one title to a path or a list.
    """
    default = collection.languages[0]
    first, *others = [_hand_written(item, interface, language, default) for item in hand_written]
    titles = {area.slug: area.title.get(language, area.slug) for area in collection.areas}
    by_area: dict[str, list[Leaf]] = {area.slug: [] for area in collection.areas}
    for page in pages:
        if page.language == language and page.kind != "overview":
            leaves = by_area.setdefault(page.slug.split("/")[0], [])
            leaves.insert(0 if page.kind == "area" else len(leaves), Leaf(page.path))
    areas = [Branch(titles.get(slug, slug), tuple(leaves)) for slug, leaves in by_area.items() if leaves]
    return (first, *areas, *others)


def _hand_written(item: Any, interface: Mapping[str, Mapping[str, str]], language: str, default: str) -> Leaf | Branch:
    if isinstance(item, str):
        return Leaf(hand_written_path(item, language, default))
    ((title, inside),) = item.items()
    if isinstance(inside, str):
        return Leaf(hand_written_path(inside, language, default))
    children = tuple(_hand_written(child, interface, language, default) for child in inside)
    return Branch(interface_text(interface, language, title), children)


def translations(
    path: str, pages: Mapping[str, Page], known: Container[str], languages: Sequence[str]
) -> dict[str, str]:
    """For each language that has this page the source path of it there, its own included.

    ``known`` are the paths of all pages of the site.
    """
    note_page = pages.get(path)
    if note_page is not None and note_page.kind == "note":
        found = {language: f"{note_page.slug}/{language}.md" for language in languages}
    else:
        own = language_of(path, pages, languages)
        plain = path if own == languages[0] else path.removeprefix(f"{own}/")
        found = {language: hand_written_path(plain, language, languages[0]) for language in languages}
    return {language: found[language] for language in languages if found[language] in known}


def counterparts(
    path: str, pages: Mapping[str, Page], known: Container[str], languages: Sequence[str]
) -> dict[str, str]:
    """The page's translations; where a language has none, that language's first page."""
    home = {language: hand_written_path("index.md", language, languages[0]) for language in languages}
    return {**home, **translations(path, pages, known, languages)}


def language_of(path: str, pages: Mapping[str, Page], languages: Sequence[str]) -> str:
    """The language of a page: a note's own; ``zh`` for ``zh/…``; the first language otherwise."""
    note_page = pages.get(path)
    if note_page is not None:
        return note_page.language
    folder = path.split("/")[0]
    return folder if folder in languages[1:] else languages[0]
