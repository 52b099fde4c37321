"""One note: its documents, held against each other."""

from __future__ import annotations

from collections.abc import Sequence

from notekit.model import Diagram, Example, Note, Problem
from notekit.parse.context import Context, NoteRead
from notekit.parse.document import Draft, read_draft
from notekit.parse.examples import read_diagram_block, read_example
from notekit.parse.files import FileError, Folder
from notekit.parse.outputs import read_outputs
from notekit.parse.references import check_references, read_definitions
from notekit.parse.report import Report, shortened, suggestion
from notekit.parse.staleness import held_against


def read_note(slug: str, prefix: str, folder: Folder, context: Context) -> NoteRead:
    """Reads the note in a folder. ``prefix`` is the folder's path, with a final ``/``, as places name it."""
    errors: list[Problem] = []
    drafts = _drafts(prefix, folder, context, errors)
    original = _original(drafts, context)
    definitions = read_definitions(drafts, context)
    examples: list[Example] = []
    diagrams: list[Diagram] = []
    for draft in drafts:
        outputs = read_outputs(draft, definitions)
        for block in draft.blocks:
            if not block.sound:
                continue
            if block.kind == "diagram":
                diagram = read_diagram_block(slug, draft, block, context)
                diagrams += [diagram] if diagram else []
            elif block.is_defined_here:
                example = read_example(slug, draft, block, outputs.get(block.id or "", ()), folder)
                examples += [example] if example else []
        _check_sessions(draft)
    check_references(drafts, definitions)
    related = {draft.language: _related(draft, context) for draft in drafts}
    sections, warnings = held_against(slug, original, drafts)
    if errors or any(draft.head is None for draft in drafts):
        return NoteRead(None, tuple(errors), tuple(warnings))
    documents = tuple(draft.document(sections[draft.language], related[draft.language]) for draft in drafts)
    note = Note(slug, original, documents, tuple(examples), tuple(diagrams))
    return NoteRead(note, (), tuple(warnings))


def _drafts(prefix: str, folder: Folder, context: Context, errors: list[Problem]) -> list[Draft]:
    """The documents that are there; what is missing is reported where one is."""
    drafts: list[Draft] = []
    missing: list[str] = []
    present: list[str] = []
    for language in context.languages:
        report = Report(f"{prefix}{language}.md", errors)
        if not folder.has(f"{language}.md"):
            missing.append(language)
            continue
        present.append(report.file)
        try:
            data = folder.file(f"{language}.md").content
        except FileError as error:
            report(1, error.message, error.remedy)
            continue
        draft = read_draft(data, language, context, report)
        drafts += [draft] if draft else []
    where = Report(present[0] if present else f"{prefix}{context.languages[0]}.md", errors)
    for language in missing if present else missing[:1]:
        if present:
            where(1, f"the note has no {language}.md", f"write {language}.md beside this file")
        else:
            where(1, "the file does not exist", "write the note here, or take its folder away")
    return drafts


def _original(drafts: Sequence[Draft], context: Context) -> str:
    """The language that the note is written in first, which every head must say alike."""
    heads = [(draft, draft.head) for draft in drafts if draft.head]
    said = {draft.language: head.head.original or context.languages[0] for draft, head in heads}
    if not heads:
        return context.languages[0]
    first, first_head = heads[0]
    for draft, head in heads[1:]:
        if said[draft.language] != said[first.language]:
            here, line = (draft, head.original) if head.original else (first, first_head.original)
            other = first if here is draft else draft
            here.report(
                line,
                f"original is {said[here.language]} here and {said[other.language]} in {other.language}.md",
                "write the same in every file of the note",
            )
    return said[first.language]


def _related(draft: Draft, context: Context) -> tuple[str, ...]:
    """The related notes by their whole slugs."""
    if draft.head is None:
        return ()
    found = []
    for name, line in zip(draft.head.head.related, draft.head.related, strict=True):
        slug = context.related.get(name)
        if slug is None:
            known = (known for known in context.related if "/" in known)
            remedy = suggestion(name, known, "name a note as area/name")
            draft.report(line, f"the related note {shortened(name)} does not exist", remedy)
        elif not slug:
            draft.report(line, f"several areas have a note {shortened(name)}", "name it as area/name")
        else:
            found.append(slug)
    return tuple(found)


def _check_sessions(draft: Draft) -> None:
    """All blocks of a session run in one place."""
    first: dict[str, tuple[int, str]] = {}
    for block in draft.blocks:
        session = block.options.session
        if session is None or not block.sound:
            continue
        line, runner = first.setdefault(session, (block.first, block.options.runner))
        if runner != block.options.runner:
            draft.report(
                block.first,
                f"the session {session} has runner={block.options.runner} here and {runner} in line {line}",
                "give all its blocks one runner",
            )
        elif line != block.first and (block.options.machine or block.options.file):
            draft.report(
                block.first,
                f"the session {session} began in line {line}, where its machine was made",
                "write machine and file on its first block",
            )
        elif line != block.first and (block.options.guest or block.options.modules):
            draft.report(
                block.first,
                f"the session {session} began in line {line}, where its guest was made",
                "write guest and modules on its first block",
            )
