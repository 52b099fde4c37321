"""(Note, Results) -> Page: a document as plain Markdown with its results and pictures in it.

Only ``[[[ name(…) ]]]`` of prose is left for mkdocs-macros to expand; whatever else looks like one of its
delimiters, in prose, in code or in what an example printed, is written so that it comes out as itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notekit.diagrams import Drawing
from notekit.emit import anchors, blocks
from notekit.emit.markdown import attributes, fence, indented, paragraph, plain, without_delimiters
from notekit.emit.texts import text
from notekit.model import ComputedCall, Document, Failure, Note, Page, Problem, Region, Result, Section, Source

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a collection's examples when pages are made.

    ``results`` by (note's slug, example's name); ``drawings`` by (slug, diagram's name, language);
    ``titles`` by (slug, language).
    """

    results: Mapping[tuple[str, str], Result]
    drawings: Mapping[tuple[str, str, str], Drawing]
    titles: Mapping[tuple[str, str], str]


def page_url(slug: str, language: str, default_language: str = DEFAULT_LANGUAGE) -> str:
    """Where a note is served, relative to the site's root: ``area/slug/`` or ``zh/area/slug/``."""
    return f"{slug}/" if language == default_language else f"{language}/{slug}/"


def page(note: Note, document: Document, findings: Findings) -> Page:
    """The page of one document of a note."""
    head = document.head
    lines = [f"# {plain(head.title)}", *paragraph(plain(head.question), "question")]
    lines += _body(note, document, findings)
    lines += _references(note, document, findings)
    return Page(
        path=f"{note.slug}/{document.language}.md",
        url=page_url(note.slug, document.language),
        language=document.language,
        slug=note.slug,
        title=head.title,
        description=head.question,
        tags=head.tags,
        markdown="\n".join(lines) + "\n",
    )


def problem_page(slug: str, language: str, problems: tuple[Problem, ...]) -> Page:
    """A page for a note that could not be read: it lists what is wrong. For ``serve``."""
    title = text(language, "broken_note")
    failures = tuple(Failure(problem.place, f"{problem.message}; {problem.remedy}") for problem in problems)
    shown = [without_delimiters(line) for line in blocks.failure_block(failures, language)]
    return Page(
        path=f"{slug}/{language}.md",
        url=page_url(slug, language),
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
        _last_heading_line(document, section): _notice(note, document, section, identifier)
        for section, identifier in zip(document.sections, identifiers, strict=True)
        if section.stale
    }
    calls: dict[int, list[ComputedCall]] = {}
    for call in document.calls:
        calls.setdefault(call.line, []).append(call)

    lines: list[str] = paragraph(notices[0], "stale", searched=False) if 0 in notices else []
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
            lines.append("" if number in comments else _prose(line, calls.get(number, [])))
            number += 1
        if number - 1 in notices:
            lines += paragraph(notices[number - 1], "stale", searched=False)
    return lines


def _notice(note: Note, document: Document, section: Section, identifier: str) -> str:
    """That a section is behind its original, with a link to what it should render."""
    original = note.document(note.original)
    place = f"{original.language}.md#{identifier}".removesuffix("#")
    heading = anchors.shown(original.sections[document.sections.index(section)].heading) or original.head.title
    link = f"[{without_delimiters(plain(heading))}]({place}){{: lang={original.language} }}"
    return text(document.language, "stale" if section.of else "unmarked", original=link)


def _last_heading_line(document: Document, section: Section) -> int:
    """The line after which a section's notice goes; 0 for the text before the first heading."""
    if section.level == 0:
        return 0
    is_atx = document.lines[section.first - 1].lstrip().startswith("#")
    return section.first if is_atx else section.first + 1


def _prose(line: str, calls: list[ComputedCall]) -> str:
    """A line of prose: its computed calls in one canonical form, every other delimiter quoted."""
    parts: list[str] = []
    done = 0
    for call in calls:
        before = without_delimiters(line[done : call.start])
        # A bracket right before the call would make a list of it: `[[[[ f() ]]]` is `[[[ [f()] …`.
        parts.append(before[:-1] + "[[[ '[' ]]]" if before.endswith("[") else before)
        parts.append(call_text(call))
        done = call.end
    # Python-Markdown takes a lone carriage return for the end of a line; the parser and CommonMark do not.
    return "".join([*parts, without_delimiters(line[done:])]).replace("\r", " ")


def call_text(call: ComputedCall) -> str:
    """``[[[ name(arguments) ]]]`` with literal arguments, as Jinja reads them."""
    arguments = [repr(value) for value in call.args]
    arguments += [f"{key}={value!r}" for key, value in call.kwargs]
    return f"[[[ {call.name}({', '.join(arguments)}) ]]]"


def _block(note: Note, document: Document, region: Region, findings: Findings, *, is_last: bool) -> list[str]:
    if region.kind == "listing":
        classes = (region.language or "text",)
        return fence(region.body, attributes(classes=classes))
    result = findings.results[note.slug, region.name]
    language = document.language
    diagram = next((found for found in note.diagrams if found.name == region.name), None)
    if diagram is not None:
        drawing = findings.drawings.get((note.slug, diagram.name, language))
        return ["", *blocks.figure(diagram, drawing, result, language), ""]
    example = next(found for found in note.examples if found.name == region.name)
    if region.kind == "translated":
        return blocks.example_blocks(example, result, language)
    if region.kind == "output":
        lines = blocks.output_block(result, region.stream, language)
    else:
        lines = blocks.code_block(example, result)
    return lines + blocks.after(example, result, language) if is_last else lines


def _references(note: Note, document: Document, findings: Findings) -> list[str]:
    language, head = document.language, document.head
    lines: list[str] = []
    if head.sources:
        lines += ["", f"## {text(language, 'sources')} {{: #sources }}", ""]
        lines += [f"- {_source(source)}" for source in head.sources]
    if head.related:
        lines += ["", f"## {text(language, 'related')} {{: #related }}", ""]
        for slug in head.related:
            title = without_delimiters(plain(findings.titles.get((slug, language), slug)))
            lines.append(f"- [{title}](../../{slug}/{language}.md)")
    return [without_delimiters(line) if not line.startswith("- [") else line for line in lines]


def _source(source: Source) -> str:
    shown = without_delimiters(plain(source.text))
    return f"[{shown}](<{source.url}>)" if source.url else shown
