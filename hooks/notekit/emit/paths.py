"""Where pages lie and are served, and links between them as Markdown. Pure functions over strings."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from notekit.outline import hand_written_path

#: The pages that are made from all notes, by their path in the first language. No area may have these names.
EXAMPLES = "examples.md"
NOT_VERIFIED = "examples/not-verified.md"
TAGS = "tags.md"
GLOSSARY = "glossary.md"


def note_path(slug: str, language: str) -> str:
    """Where the page of a note lies: beside its text, ``area/slug/en.md``."""
    return f"{slug}/{language}.md"


def note_url(slug: str, language: str, default_language: str) -> str:
    """Where a note is served, relative to the site's root: ``area/slug/`` or ``zh/area/slug/``."""
    return f"{slug}/" if language == default_language else f"{language}/{slug}/"


def area_path(area: str, language: str, default_language: str) -> str:
    """Where the opening page of an area lies: ``area/index.md`` or ``zh/area/index.md``."""
    return hand_written_path(f"{area}/index.md", language, default_language)


def url_of(path: str) -> str:
    """Where a page that is no note's is served: ``tags/`` for ``tags.md``, ``git/`` for ``git/index.md``."""
    return path.removesuffix("index.md") if path.endswith("index.md") else path.removesuffix(".md") + "/"


def link(shown: str, origin: str, target: str, anchor: str = "", title: str = "") -> str:
    """A Markdown link from the page at one path to that at another; ``shown`` and ``title`` are Markdown already."""
    path = posixpath.relpath(target, posixpath.dirname(origin) or ".")
    return f"[{shown}]({quote(path)}{f'#{anchor}' if anchor else ''}" + (f' "{title}")' if title else ")")


def href(origin_url: str, target: str) -> str:
    """The relative address, for raw HTML, of what the site serves at ``target`` from the page at a URL."""
    return quote(posixpath.relpath(target, origin_url or "."))
