"""Taking over what came out: the notes' new bytes, planned from a check, shown as a diff, written whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from notekit.accept.edits import Edit, edited, edits_for
from notekit.accept.refusals import refusal
from notekit.files import write_whole
from notekit.match import visible
from notekit.model import Document, Example, Note, Place, Problem, Result
from notekit.parse.document import LARGEST
from notekit.parse.text import NotUtf8Error, read_lines
from notekit.pipeline import Checked
from notekit.translated import ChangedError

__all__ = ["Change", "ChangedError", "Plan", "diff", "plan", "write"]

# The failed results by note and name.
Failed = Mapping[tuple[str, str], Result]


@dataclass(frozen=True, slots=True)
class Change:
    """A document's bytes before and after, and the names of the examples whose outputs are taken over."""

    file: str
    before: bytes
    after: bytes
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What accepting would write, in the order of the notes, and why some failures stay."""

    changes: tuple[Change, ...]
    refused: tuple[Problem, ...]


def plan(base: Path, checked: Checked) -> Plan:
    """What to write so that the failed examples pass, as far as output can do that; one change for a file.

    ``base`` is the folder that the collection's file names are relative to. Raises OSError.
    """
    failed = {(result.note, result.name): result for result in checked.failed}
    changes: list[Change] = []
    refused: list[Problem] = []
    for note in checked.collection.notes:
        refused += _of_diagrams(note, failed)
        for document in note.documents:
            edits: dict[str, tuple[Edit, ...]] = {}
            for example, result in _failed_in(note, document, failed):
                output = checked.outputs[note.slug, example.name]
                problem = _broken(result) or refusal(example, output)
                if problem:
                    refused.append(problem)
                else:
                    edits[example.name] = edits_for(document, example, output)
            found = _change(base, document, edits) if edits else None
            changes += [found] if isinstance(found, Change) else []
            refused += [found] if isinstance(found, Problem) else []
    return Plan(tuple(changes), tuple(sorted(refused)))


def _failed_in(note: Note, document: Document, failed: Failed) -> Iterator[tuple[Example, Result]]:
    for example in note.examples:
        if example.document == document.language and (note.slug, example.name) in failed:
            yield example, failed[note.slug, example.name]


def _of_diagrams(note: Note, failed: Failed) -> Iterator[Problem]:
    for diagram in note.diagrams:
        result = failed.get((note.slug, diagram.name))
        for failure in result.failures if result else ():
            message = f"what {diagram.name} expects is not what the simulator found, which is no output"
            yield Problem(failure.place, message, "correct the diagram")


def _broken(result: Result) -> Problem | None:
    if result.status != "error":
        return None
    return Problem(result.place, f"{result.name} could not be run: {visible(result.reason)}", "let it run first")


def _change(base: Path, document: Document, edits: dict[str, tuple[Edit, ...]]) -> Change | Problem:
    data = (base / document.file).read_bytes()
    if not _still_is(data, document):
        return Problem(Place(document.file, 1), "the file changed while it was checked", "run the command again")
    after = edited(data, [edit for one in edits.values() for edit in one])
    if len(after) > LARGEST:
        message = f"with what its examples print, the file would have more than {LARGEST >> 20} MiB"
        return Problem(Place(document.file, 1), message, "let them print less")
    return Change(document.file, data, after, tuple(edits))


def _still_is(data: bytes, document: Document) -> bool:
    try:
        return read_lines(data) == document.lines
    except NotUtf8Error:
        return False


def diff(change: Change) -> tuple[str, ...]:
    """The change as the lines of a unified diff; no character of them acts on a terminal."""
    before, after = (_rows(data) for data in (change.before, change.after))
    return tuple(difflib.unified_diff(before, after, change.file, change.file, lineterm=""))


def _rows(data: bytes) -> list[str]:
    return [visible(line) for line in read_lines(data)]


def write(base: Path, change: Change) -> None:
    """Replaces a document whole or not at all.

    Raises ChangedError where it is no longer what the change was planned for, and OSError.
    """
    path = base / change.file
    if path.read_bytes() != change.before:
        raise ChangedError(f"{change.file}:1: the file changed while it was checked; run the command again")
    write_whole(path, change.after)
