"""What changed in an original since a section of its translation was made: from git's history, where there is one."""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from notekit.model import Collection, Document, Note, Section
from notekit.parse.context import Context
from notekit.parse.report import Report

#: A stale section's note, language and number, from 0, to the lines of a unified diff without its heads.
Changes = Mapping[tuple[str, str, int], tuple[str, ...]]

_VERSIONS = 200
_LINES = 60
_TIMEOUT = 20


def changes(root: Path, collection: Collection, context: Context) -> Changes:
    """For each stale section whose translation says what it renders, how the original differs from that now.

    Nothing for those whose state is in no commit of the last 200 of the file, or where there is no git repository.
    """
    found: dict[tuple[str, str, int], tuple[str, ...]] = {}
    for note in collection.notes:
        wanted = [
            (document.language, number, section.of.lower())
            for document in note.documents
            for number, section in enumerate(document.sections)
            if section.stale and section.of
        ]
        if wanted:
            earlier = _earlier(root, note, {of for _, _, of in wanted}, context)
            now = note.document(note.original)
            for language, number, of in wanted:
                if of in earlier:
                    found[note.slug, language, number] = _diff(earlier[of], _lines(now, now.sections[number]))
    return found


def _earlier(root: Path, note: Note, digests: set[str], context: Context) -> dict[str, tuple[str, ...]]:
    """The lines of the original's sections with these digests, as the newest version has them that has them."""
    from notekit.parse.document import read_draft  # only where something is stale: it takes 80 ms to import (measured)

    found: dict[str, tuple[str, ...]] = {}
    original = note.document(note.original)
    for data in _versions(root, original.file):
        draft = read_draft(data, original.language, context, Report(original.file))
        for section in draft.sections if draft else ():
            if draft and section.digest in digests and section.digest not in found:
                found[section.digest] = draft.lines[section.first - 1 : section.last]
        if found.keys() == digests:
            break
    return found


def _versions(root: Path, file: str) -> Iterator[bytes]:
    """The contents of a file, the newest commit first."""
    for commit in (_git(root, "log", f"--max-count={_VERSIONS}", "--format=%H", "--", file) or b"").split():
        # Not `git show`, which would run what .gitattributes names as a filter for showing it.
        data = _git(root, "cat-file", "blob", f"{commit.decode()}:./{file}")
        if data is not None:
            yield data


def _git(root: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails, is not there, or takes too long."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _lines(document: Document, section: Section) -> tuple[str, ...]:
    return document.lines[section.first - 1 : section.last]


def _diff(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    lines = [line for line in difflib.unified_diff(before, after, n=1, lineterm="") if not line.startswith("@@")][2:]
    return tuple(lines[:_LINES] + (["…"] if len(lines) > _LINES else []))
