"""Sections of translations, held against those of the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from notekit.model import Place, Problem, Section
from notekit.parse.document import Draft
from notekit.parse.report import shortened


def held_against(
    slug: str, original: str, drafts: Sequence[Draft]
) -> tuple[Mapping[str, tuple[Section, ...]], list[Problem]]:
    """Each document's sections by language, stale ones marked; and a warning for each stale one.

    Reports a document that has another number of sections than the original.
    """
    first = next((draft for draft in drafts if draft.language == original), None)
    sections = {draft.language: draft.sections for draft in drafts}
    warnings: list[Problem] = []
    for draft in drafts:
        if first is None or draft is first or first.cut_short or draft.cut_short:
            continue
        if len(draft.sections) != len(first.sections):
            _report_number(first, draft)
            continue
        marked = tuple(
            replace(section, stale=(section.of or "").lower() != of.digest)
            for section, of in zip(draft.sections, first.sections, strict=True)
        )
        sections[draft.language] = marked
        warnings += [_warning(slug, draft, first, section) for section in marked if section.stale]
    return sections, warnings


def _report_number(first: Draft, draft: Draft) -> None:
    """At the first section that the other document does not have, by their order."""
    longer, shorter = (first, draft) if len(first.sections) > len(draft.sections) else (draft, first)
    surplus = longer.sections[len(shorter.sections)]
    longer.report(
        surplus.first,
        f"this file has {_count(longer)}, {shorter.language}.md has {len(shorter.sections)}",
        f"write the same sections (level 2 and 3) in both: this is number {len(shorter.sections) + 1}",
    )


def _count(draft: Draft) -> str:
    return f"{len(draft.sections)} section{'s' if len(draft.sections) > 1 else ''}"


def _warning(slug: str, draft: Draft, first: Draft, section: Section) -> Problem:
    name = f"the section {shortened(section.heading)}" if section.level else "the text before the first heading"
    remedy = f"bring it up to date with {first.language}.md, then run: notes translated {slug}"
    if section.of is None:
        return Problem(
            Place(draft.file, section.first),
            f"{name} does not say which state of {first.language}.md it renders",
            remedy,
        )
    return Problem(
        Place(draft.file, section.of_line), f"{name} renders an earlier state of {first.language}.md", remedy
    )
