"""(Note, Results) -> Page: a document as plain Markdown with its results and pictures in it.

Only ``[[[ name(…) ]]]`` of prose is left for mkdocs-macros to expand; whatever else looks like one of its
delimiters, in prose, in code or in what an example printed, is written so that it comes out as itself.
"""

from __future__ import annotations

from notekit.emit import anchors, blocks, prose
from notekit.emit.findings import Findings, related, tag_ids
from notekit.emit.home import Home
from notekit.emit.markdown import attributes, fence, indented, paragraph, plain, without_delimiters
from notekit.emit.overviews import overviews
from notekit.emit.paths import TAGS, link, note_path, note_url
from notekit.emit.state import Surroundings
from notekit.emit.texts import text
from notekit.model import Document, Failure, Note, Page, Problem, Region, Section, Source
from notekit.outline import hand_written_path

__all__ = ["Findings", "Home", "overviews", "page", "problem_page", "related", "tag_ids"]


def page(note: Note, document: Document, findings: Findings) -> Page:
    """The page of one document of a note."""
    head = document.head
    lines = [f"# {plain(head.title)}", *paragraph(plain(head.question), "question")]
    lines += _tags(document, findings)
    lines += _body(note, document, findings)
    lines += _references(note, document, findings)
    return Page(
        path=note_path(note.slug, document.language),
        url=note_url(note.slug, document.language, findings.default_language),
        language=document.language,
        slug=note.slug,
        title=head.title,
        description=head.question,
        tags=head.tags,
        markdown="\n".join(lines) + "\n",
        anchors=(*(example.name for example in note.examples), *(diagram.name for diagram in note.diagrams)),
    )


def problem_page(slug: str, language: str, problems: tuple[Problem, ...], default_language: str) -> Page:
    """A page for a note that could not be read: it lists what is wrong. For ``serve``."""
    title = text(language, "broken_note")
    failures = tuple(Failure(problem.place, f"{problem.message}; {problem.remedy}") for problem in problems)
    shown = [without_delimiters(line) for line in blocks.failure_block(failures, language)]
    return Page(
        path=note_path(slug, language),
        url=note_url(slug, language, default_language),
        language=language,
        slug=slug,
        title=f"{title} ({slug})",
        description="",
        tags=(),
        markdown="\n".join([f"# {plain(title)}", *shown]) + "\n",
    )


def _body(note: Note, document: Document, findings: Findings) -> list[str]:
    regions = {region.first: region for region in document.regions}
    last_of = {region.name: region.first for region in document.regions if region.kind in ("example", "output")}
    # superfences looks for fences in comments too, and would pair one there with one further down.
    comments = {number for first, last in document.comments for number in range(first, last + 1)}
    identifiers = anchors.section_ids(note)
    headings = anchors.headings(document, identifiers)
    notices = {
        _last_heading_line(document, section): _notice(note, document, section, identifier, findings)
        for section, identifier in zip(document.sections, identifiers, strict=True)
        if section.stale
    }
    replaced = prose.replaced(document, findings)

    lines: list[str] = notices.get(0, [])
    number = document.body_first
    while number <= len(document.lines):
        region = regions.get(number)
        if region is not None:
            is_last = last_of.get(region.name) == region.first
            block = _block(note, document, region, findings, is_last=is_last)
            # Set apart: below a table a block would be a row of it, above `---` a heading.
            lines += ["", *(without_delimiters(line) for line in indented(block, region.indent)), ""]
            number = region.last + 1
        else:
            line = headings.get(number, document.lines[number - 1])
            lines.append("" if number in comments else prose.line(line, replaced.get(number, [])))
            number += 1
        if number - 1 in notices:
            lines += notices[number - 1]
    return lines


def _notice(note: Note, document: Document, section: Section, identifier: str, findings: Findings) -> list[str]:
    """That a section is behind its original, with a link to what it should render, and what has changed there."""
    number = document.sections.index(section)
    original = note.document(note.original)
    place = f"{original.language}.md#{identifier}".removesuffix("#")
    heading = anchors.shown(original.sections[number].heading) or original.head.title
    link = f"[{without_delimiters(plain(heading))}]({place}){{: lang={original.language} }}"
    said = text(document.language, "stale" if section.of else "unmarked", original=link)
    lines = paragraph(said, "stale", searched=False)
    changes = findings.changes.get((note.slug, document.language, number))
    if changes:
        block = fence(changes, attributes(classes=("diff",)))
        shown = indented([without_delimiters(line) for line in block], 4)
        lines += ["", f'??? stale-changes "{text(document.language, "changes")}"', "", *shown, ""]
    return lines


def _last_heading_line(document: Document, section: Section) -> int:
    """The line after which a section's notice goes; 0 for the text before the first heading."""
    if section.level == 0:
        return 0
    is_atx = document.lines[section.first - 1].lstrip().startswith("#")
    return section.first if is_atx else section.first + 1


def _block(note: Note, document: Document, region: Region, findings: Findings, *, is_last: bool) -> list[str]:
    if region.kind == "listing":
        classes = (region.language or "text",)
        return fence(region.body, attributes(classes=classes))
    result = findings.results[note.slug, region.name]
    language = document.language
    around = Surroundings(
        language=language,
        url=note_url(note.slug, language, findings.default_language),
        packages=findings.packages.get((note.slug, region.name), ()),
        before=_before(note, region.name),
    )
    diagram = next((found for found in note.diagrams if found.name == region.name), None)
    if diagram is not None:
        drawing = findings.drawings.get((note.slug, diagram.name, language))
        return ["", *blocks.figure(diagram, drawing, result, around), ""]
    example = next(found for found in note.examples if found.name == region.name)
    if region.kind == "translated":
        return blocks.example_blocks(example, result, around)
    if region.kind == "output":
        lines = blocks.output_block(result, region.stream, language)
    else:
        lines = blocks.code_block(example, result)
    return lines + blocks.after(example, result, around) if is_last else lines


def _before(note: Note, name: str) -> str:
    """The name of the example before this one in its session; empty for one that begins a session, or has none."""
    before: dict[tuple[str, str | None], str] = {}
    for example in note.examples:
        session = (example.document, example.session)
        if example.name == name:
            return before.get(session, "") if example.session else ""
        before[session] = example.name
    return ""


def _tags(document: Document, findings: Findings) -> list[str]:
    """The note's tags, each a link to its place on the page of all tags."""
    language = document.language
    page = hand_written_path(TAGS, language, findings.default_language)
    ids = findings.tag_ids.get(language, {})
    links = [
        link(plain(tag), note_path("area/note", language), page, ids.get(tag, ""))
        for tag in dict.fromkeys(document.head.tags)
    ]
    return paragraph(" ".join(links), "tags") if links else []


def _references(note: Note, document: Document, findings: Findings) -> list[str]:
    language, head = document.language, document.head
    lines: list[str] = []
    if head.sources:
        lines += ["", f"## {text(language, 'sources')} {{: #sources }}", ""]
        lines += [f"- {_source(source)}" for source in head.sources]
    others = findings.related.get(note.slug, ())
    if others:
        lines += ["", f"## {text(language, 'related')} {{: #related }}", ""]
        for slug in others:
            title = plain(findings.titles[slug, language])
            lines.append(f"- {link(title, note_path(note.slug, language), note_path(slug, language))}")
    return lines


def _source(source: Source) -> str:
    shown = plain(source.text)
    return f"[{shown}](<{without_delimiters(source.url)}>)" if source.url else shown
