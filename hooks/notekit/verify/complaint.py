"""Where in a note, or in a file of its folder, a compiler or a syntax check found something wrong."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from notekit.model import Example, Place

__all__ = ["complaint"]

# gcc: ``seek.c:5:3: error: …``; bash and sh: ``x.sh: line 3: …``, ``x.sh: 3: …``; fish: ``x.fish (line 3): …``;
# the runner of JSON: ``line 3, column 5: …``. Python: ``  File "x.py", line 3``, the last of them, with the text in the
# last line.
# as: ``boot.s:3: Error: …``; ld: ``ld: boot.s:(.text+0x1): undefined …`` has no line.
_FORMS = (
    re.compile(r"(?P<name>[^:\n]+):(?P<line>\d+): Error: (?P<text>.+)"),
    re.compile(r"(?P<name>[^:\n]+):(?P<line>\d+)(?::\d+)?: (?:fatal )?error: (?P<text>.+)"),
    re.compile(r"(?P<name>[^:\n]+): (?:line )?(?P<line>\d+): (?P<text>.+)"),
    re.compile(r"(?P<name>[^:\n]+) \(line (?P<line>\d+)\): (?P<text>.+)"),
    re.compile(r"(?P<name>)line (?P<line>\d+), (?P<text>column \d+: .+)"),
)
_PYTHON = re.compile(r'\s*File "(?P<name>[^"\n]+)", line (?P<line>\d+)')


def complaint(example: Example, lines: Sequence[str]) -> tuple[Place, str]:
    """The place and the text of the first complaint; the block, and the first line, where none is recognised."""
    for form in _FORMS:
        for found in filter(None, map(form.match, lines)):
            place = _place(example, found["name"], int(found["line"]))
            if place:
                return place, found["text"]
    for found in filter(None, map(_PYTHON.match, reversed(lines))):
        place = _place(example, found["name"], int(found["line"]))
        if place:
            return place, lines[-1].strip()
    errors = (line for line in lines if "error:" in line or "undefined reference" in line)
    return example.place, next(errors, lines[0] if lines else "")


def _place(example: Example, name: str, line: int) -> Place | None:
    """A line of the file that the compiler names (none: the program); None for files that are not the note's."""
    folder = posixpath.dirname(example.place.file)
    path = posixpath.normpath(name)
    for file in example.files:
        # The kernel's build names files by their whole path.
        if path == file.path or (path.startswith("/home/") and path.endswith(f"/{file.path}")):
            return Place(posixpath.join(folder, file.path), line)
    if name and not _is_program(example, path):
        return None
    if example.file:
        return Place(posixpath.join(folder, example.file.path), line)
    # The body begins in the line after the fence.
    first = example.shown_place.line if example.shown_place else example.place.line + 1
    return Place(example.place.file, first + line - 1)


def _is_program(example: Example, path: str) -> bool:
    if example.file:
        return posixpath.basename(path) == posixpath.basename(example.file.path)
    # A program whose text stands in the note is run under a name of the runner's own.
    return not path.startswith("/") or posixpath.splitext(posixpath.basename(path))[0] == example.name
