"""The pages that are made from all notes: of each area, of all examples, of tags and of the terms."""

from __future__ import annotations

from collections.abc import Iterator

from notekit.emit.areas import area_page
from notekit.emit.examples import examples_page, not_verified_page
from notekit.emit.findings import Findings, entries
from notekit.emit.glossary import glossary_page
from notekit.emit.tags import tags_page
from notekit.model import Collection, Page


def overviews(collection: Collection, findings: Findings) -> Iterator[Page]:
    """All of them, in each language. An area without a readable note has no page."""
    found = entries(collection, findings)
    for language in collection.languages:
        for area in collection.areas:
            if area.notes:
                of_area = tuple(entry for entry in found if entry.note.startswith(f"{area.slug}/"))
                yield area_page(area, of_area, findings, language)
        yield examples_page(found, findings, language)
        yield not_verified_page(found, findings, language)
        yield tags_page(collection, findings, language)
        if findings.terms:
            yield glossary_page(findings, language)
