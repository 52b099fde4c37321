"""The page of each language that lists the notes of each tag."""

from __future__ import annotations

from notekit.emit.findings import Findings
from notekit.emit.listing import in_order, note_items, overview
from notekit.emit.markdown import plain
from notekit.emit.paths import TAGS
from notekit.emit.texts import text
from notekit.model import Collection, Note, Page


def tags_page(collection: Collection, findings: Findings, language: str) -> Page:
    """All tags of a language, each with its notes."""
    by_tag: dict[str, list[Note]] = {}
    for note in collection.notes:
        for tag in dict.fromkeys(note.document(language).head.tags):
            by_tag.setdefault(tag, []).append(note)
    ids = findings.tag_ids[language]
    lines: list[str] = []
    for tag in in_order(by_tag, language):
        lines += ["", f"## {plain(tag)} {{: #{ids[tag]} }}", "", *note_items(by_tag[tag], TAGS, findings, language)]
    return overview(TAGS, "tags", lines or ["", text(language, "no_tags")], findings, language)
