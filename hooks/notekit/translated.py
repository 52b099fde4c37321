"""The comments ``<!-- of: 1a2b3c4d -->``, by which each section of a translation says what it renders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from notekit.files import write_whole
from notekit.model import Collection, Document, Note, Section
from notekit.parse.text import leading, read_lines

_UNDERLINE = re.compile(r"[ \t]*(?:=+|-+)[ \t]*")


class ChangedError(RuntimeError):
    """A document changed between being read and being marked; its text says what to do."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """A comment that goes below line ``after``, or takes the place of line ``instead`` (0: of none)."""

    after: int
    instead: int
    comment: str


def mark(collection: Collection, slug: str) -> dict[str, str]:
    """The new text of each document of a note that is to be changed, by its file.

    Each section of each translation gets the digest of the original's section. Lines end with LF here; ``write``
    keeps those of the file. Marking again changes nothing. Raises KeyError where no readable note has that slug.
    """
    note = _note(collection, slug)
    return {document.file: _text(document, edits) for document, edits in _edits(note)}


def write(base: Path, collection: Collection, slug: str) -> tuple[str, ...]:
    """Marks a note's documents on disk and gives the files that it changed.

    ``base`` is the folder that the collection's file names are relative to. Every byte but the comments stays as it
    is: line ends, a byte-order mark, a missing end of the last line. A file is replaced whole or not at all.
    Raises KeyError as ``mark`` does, ChangedError where a file is no longer what was read, and OSError.
    """
    planned = []
    for document, edits in _edits(_note(collection, slug)):
        path = base / document.file
        data = path.read_bytes()
        if read_lines(data) != document.lines:
            raise ChangedError(f"{document.file}:1: the file changed while it was read; run the command again")
        planned.append((path, document.file, _edited(data, edits)))
    for path, _, data in planned:
        write_whole(path, data)
    return tuple(file for _, file, _ in planned)


def _note(collection: Collection, slug: str) -> Note:
    for note in collection.notes:
        if note.slug == slug:
            return note
    raise KeyError(slug)


def _edits(note: Note) -> list[tuple[Document, list[_Edit]]]:
    """The documents that are to be changed, each with its edits from the first line to the last."""
    original = note.document(note.original)
    found = []
    for document in note.documents:
        if document.language == original.language:
            continue
        pairs = zip(document.sections, original.sections, strict=True)
        edits = [_edit(document, section, of.digest) for section, of in pairs if section.stale]
        if edits:
            found.append((document, edits))
    return found


def _edit(document: Document, section: Section, digest: str) -> _Edit:
    comment = f"<!-- of: {digest} -->"
    if section.of_line:
        return _Edit(0, section.of_line, leading(document.lines[section.of_line - 1]) + comment)
    return _Edit(_heading_end(document, section), 0, comment)


def _heading_end(document: Document, section: Section) -> int:
    """The last line of a section's heading; of the head, for the text before the first heading."""
    if section.level == 0:
        return document.body_first - 1
    if document.lines[section.first - 1].lstrip().startswith("#"):
        return section.first
    return next(number for number in range(section.first + 1, section.last + 1) if _is_underline(document, number))


def _is_underline(document: Document, number: int) -> bool:
    return _UNDERLINE.fullmatch(document.lines[number - 1]) is not None


def _text(document: Document, edits: list[_Edit]) -> str:
    return _edited("".join(f"{line}\n" for line in document.lines).encode(), edits).decode()


def _edited(data: bytes, edits: list[_Edit]) -> bytes:
    """The text with its edits made; each new line ends as the line above it does."""
    lines = data.split(b"\n")
    ends = [b"\r\n" if line.endswith(b"\r") else b"\n" for line in lines]
    for edit in reversed(edits):
        number = edit.instead or edit.after
        line, end = lines[number - 1], ends[number - 1]
        comment = edit.comment.encode()
        if edit.instead:
            lines[number - 1] = comment + (b"\r" if end == b"\r\n" and number < len(lines) else b"")
        elif number < len(lines):
            lines.insert(number, comment + end[:-1])
        else:
            lines[number - 1 :] = [line + ends[0][:-1], comment]
    return b"\n".join(lines)
