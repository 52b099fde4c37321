"""Notes to pages: the whole way. parse, run, verify, store, emit.

The functions of the layers below are pure or keep their effects to themselves; here they are only put in
order. ``check`` is the way to results, ``pages`` from there to Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Collection as Container
from dataclasses import dataclass, field, replace
from pathlib import Path

from notekit import diagrams, emit, glossary, history, names, runners, settings, shards, store, verify
from notekit.emit.paths import note_path
from notekit.evidence import see
from notekit.model import Collection, Diagram, Example, Output, Page, Problem, Result
from notekit.parse import read_collection
from notekit.parse.context import Context
from notekit.parse.report import Report
from notekit.parsed import Parsed
from notekit.running import Progress, Ran, run, seconds
from notekit.shards import Shard
from notekit.units import names_of, units_of


@dataclass(frozen=True, slots=True)
class Checked:
    """A collection after its examples ran. ``results`` stand in the order of the notes' text.

    ``problems`` are all that stops a note from being read, those of computed text included. ``outputs`` are those
    of the examples, by note and name; one that says ``run=no`` has none. ``division`` says which
    of them a shard took, None where all were checked. ``keys`` are those under which the store holds outputs now;
    ``changes`` what is new in the originals of stale sections.
    """

    collection: Collection
    results: tuple[Result, ...]
    drawings: tuple[tuple[str, str, str, diagrams.Drawing], ...]
    problems: tuple[Problem, ...]
    outputs: Mapping[tuple[str, str], Output] = field(default_factory=dict)
    division: shards.Division | None = None
    keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    changes: history.Changes = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The results that break a build."""
        return tuple(result for result in self.results if result.status in ("failed", "error"))


def read(root: Path, only: Container[str] | None = None) -> Collection:
    """All notes of a project (``root/notes_src``) or of a bare collection (``root`` holds the areas), and its terms."""
    folder = settings.notes_folder(root)
    parsed = Parsed(root / ".cache/notes")
    collection = read_collection(
        folder,
        base=root,
        languages=settings.languages(root),
        diagrams=diagrams.SCHEMAS,
        names=names.SIGNATURES,
        capabilities=runners.CAPABILITIES,
        only=only,
        read_note=parsed,
    )
    if only is None:
        parsed.forget_all_but({note.slug for note in collection.notes})
    path = folder / glossary.FILE
    if not path.is_file():
        return collection
    report = Report(path.relative_to(root).as_posix(), list(collection.errors))
    terms = glossary.read_glossary(path.read_bytes(), collection.languages, report)
    return replace(collection, terms=terms, errors=tuple(sorted(report.found)))


def store_of(root: Path) -> store.Store:
    """The project's store, as its settings say. Raises SettingError."""
    return store.Store(settings.store_folder(root), settings.store_size(root))


def check(
    root: Path,
    kept: store.Store,
    *,
    only: Container[str] | None = None,
    shard: Shard | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Reads the notes, runs what is not yet known, and holds each output against what the note states.

    Of a collection that is checked in shards only that shard's examples and diagrams are run, drawn and in the
    results.
    """
    runners.look_again(root / ".cache", settings.guest_folder(root))
    collection = read(root, only)
    division = None if shard is None else shards.division(kept, collection, shard)
    units = tuple(unit for note in collection.notes for unit in units_of(note.examples))
    if division is not None:
        units = tuple(unit for unit in units if names_of(unit)[0] in division.names)
    outputs = run(units, kept, progress)
    kept.record(seconds(outputs.values()))
    drawn = _drawn(collection, division)
    evidence = see((one for one, picture in drawn.values() if picture.drawings), kept)
    results: list[Result] = []
    drawings: list[tuple[str, str, str, diagrams.Drawing]] = []
    problems = list(collection.errors)
    for note in collection.notes:
        mine = _chosen(note.slug, division)
        results += [_verified(example, outputs) for example in note.examples if mine(example.name)]
        for diagram in (diagram for diagram in note.diagrams if mine(diagram.name)):
            name = note.slug, diagram.name
            results.append(verify.with_evidence(drawn[name][1].result, evidence.get(name)))
            drawings += [(*name, language, one) for language, one in drawn[name][1].drawings.items()]
        for document in note.documents:
            problems += names.problems(document)
    printed = {name: ran.output for name, ran in outputs.items()}
    keys = {name: ran.key for name, ran in outputs.items() if ran.key is not None}
    context = Context(collection.languages, diagrams.SCHEMAS, names.SIGNATURES, runners.CAPABILITIES, {})
    return Checked(
        collection,
        tuple(results),
        tuple(drawings),
        tuple(sorted(problems)),
        printed,
        division,
        keys,
        history.changes(root, collection, context),
    )


def _drawn(
    collection: Collection, division: shards.Division | None
) -> dict[tuple[str, str], tuple[Diagram, diagrams.Drawn]]:
    """Each diagram that is the shard's, and its picture in the languages of its note, by note and name."""
    found: dict[tuple[str, str], tuple[Diagram, diagrams.Drawn]] = {}
    for note in collection.notes:
        languages = tuple(document.language for document in note.documents)
        mine = _chosen(note.slug, division)
        for diagram in (diagram for diagram in note.diagrams if mine(diagram.name)):
            found[note.slug, diagram.name] = diagram, diagrams.draw(diagram, languages)
    return found


def _chosen(slug: str, division: shards.Division | None) -> Callable[[str], bool]:
    """Whether an example or diagram of a note, by its name, is in the shard; all are where there is none."""
    return lambda name: division is None or f"{slug}#{name}" in division.names


def _verified(example: Example, outputs: Mapping[tuple[str, str], Ran]) -> Result:
    if example.run == "no":
        return verify.not_run(example, example.because or "")
    ran = outputs[example.note, example.name]
    return replace(verify.verify(example, ran.output), cached=ran.cached)


def pages(checked: Checked, findings: emit.Findings | None = None, *, with_problems: bool = False) -> tuple[Page, ...]:
    """The pages of all notes that could be read, then those about all notes; with ``with_problems``, one for each
    other note too. ``findings`` are those of ``findings_of``, where the caller has them already."""
    collection, findings = checked.collection, findings or findings_of(checked)
    made = [emit.page(note, document, findings) for note in collection.notes for document in note.documents]
    made += emit.overviews(collection, findings)
    if with_problems:
        made += _problem_pages(checked)
    return tuple(made)


def findings_of(checked: Checked) -> emit.Findings:
    """What pages say of the results beside the notes' own text."""
    collection = checked.collection
    units = [unit for note in collection.notes for unit in units_of(note.examples)]
    results = {(result.note, result.name): result for result in checked.results}
    return emit.Findings(
        results=results,
        drawings={(slug, name, language): one for slug, name, language, one in checked.drawings},
        titles={
            (note.slug, document.language): document.head.title
            for note in collection.notes
            for document in note.documents
        },
        packages={
            (example.note, example.name): runners.packages(runners.for_example(example), unit)
            for unit in units
            for example in unit.examples
        },
        capabilities={
            (example.note, example.name): runners.used(example, results[example.note, example.name].versions)
            for note in collection.notes
            for example in note.examples
        },
        related=emit.related(collection),
        tag_ids=emit.tag_ids(collection),
        tools=runners.TOOL_OF,
        terms=collection.terms,
        changes=checked.changes,
        default_language=collection.languages[0],
    )


def _problem_pages(checked: Checked) -> list[Page]:
    readable = {note.slug for note in checked.collection.notes}
    by_slug: dict[str, list[Problem]] = {}
    for problem in checked.problems:
        parts = problem.place.file.removeprefix("notes_src/").split("/")
        slug = "/".join(parts[:2])
        if len(parts) >= 3 and slug not in readable:
            by_slug.setdefault(slug, []).append(problem)
    return [
        emit.problem_page(slug, language, tuple(found), checked.collection.languages[0])
        for slug, found in by_slug.items()
        for language in checked.collection.languages
    ]


def named_files(checked: Checked) -> dict[str, bytes]:
    """The files that the notes' examples use, by the path at which the site serves them: ``area/slug/file``.

    A note's own text is not among them: there its page is served.
    """
    pages = {note_path(note.slug, one.language) for note in checked.collection.notes for one in note.documents}
    found = {
        f"{note.slug}/{file.path}": file.content
        for note in checked.collection.notes
        for example in note.examples
        for file in (*example.files, example.file, example.schema)
        if file
    }
    return {path: content for path, content in found.items() if path not in pages}
