"""The opening page of each area, and its card on the home page."""

from __future__ import annotations

from collections.abc import Sequence

from notekit.emit.findings import Entry, Findings
from notekit.emit.listing import counted, note_items
from notekit.emit.markdown import plain, without_delimiters
from notekit.emit.paths import area_path, link, note_path, url_of
from notekit.emit.texts import text
from notekit.model import Area, Page


def area_page(area: Area, entries: Sequence[Entry], findings: Findings, language: str) -> Page:
    """The notes of an area, each with the question that it answers. ``entries`` are the area's."""
    path = area_path(area.slug, language, findings.default_language)
    title = area.title[language]
    lines = [f"# {plain(title)}", "", _size(area, entries, language), ""]
    lines += note_items(area.notes, f"{area.slug}/index.md", findings, language)
    return Page(
        path=path,
        url=url_of(path),
        language=language,
        slug=area.slug,
        title=title,
        description=text(language, "area_lead", area=title),
        tags=(),
        markdown="\n".join(map(without_delimiters, lines)) + "\n",
        kind="area",
        weight=0,
    )


def area_card(area: Area, entries: Sequence[Entry], origin: str, findings: Findings, language: str) -> list[str]:
    """An item of a list for the page at ``origin``: the area, how much it has, its notes."""
    path = area_path(area.slug, language, findings.default_language)
    title = link(plain(area.title[language]), origin, path)
    lines = [f"-   **{title}**", "", f"    {_size(area, entries, language)}", ""]
    for note in area.notes:
        name = plain(findings.titles[note.slug, language])
        lines.append(f"    - {link(name, origin, note_path(note.slug, language))}")
    return [*lines, ""]


def _size(area: Area, entries: Sequence[Entry], language: str) -> str:
    notes = text(language, "note" if len(area.notes) == 1 else "notes", number=str(len(area.notes)))
    return notes + text(language, "comma") + counted(entries, language)
