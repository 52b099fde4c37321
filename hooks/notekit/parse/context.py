"""What the reading of a note is held against, and what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from notekit.model import Note, Problem
from notekit.parse.files import Folder


@dataclass(frozen=True, slots=True)
class Context:
    """The project's settings and registries.

    ``languages`` are those that each note must have, the default original first; ``diagrams`` has the JSON Schema
    of each diagram type's body; ``names`` the signature of each computed name; ``related`` each note's slug by
    the slug itself and, where it is the only one, by its last part (an empty text where there are several).
    """

    languages: tuple[str, ...]
    diagrams: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, inspect.Signature]
    capabilities: frozenset[str]
    related: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoteRead:
    """A note, or None where it has a problem; and everything found in it."""

    note: Note | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


#: Reads the note with a slug in a folder; the text is the folder's path, with a final ``/``, as places name it.
ReadNote = Callable[[str, str, Folder, Context], NoteRead]
