"""A folder of areas to a collection."""

from __future__ import annotations

import inspect
import os
from collections.abc import Collection as Container
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from notekit.model import Area, Collection, Note, Problem
from notekit.parse.area import AreaFile, read_area
from notekit.parse.context import Context, NoteRead, ReadNote
from notekit.parse.files import FileError, Folder
from notekit.parse.folders import find_folders
from notekit.parse.report import Report, shortened


def _read_note(slug: str, prefix: str, folder: Folder, context: Context) -> NoteRead:
    from notekit.parse.note import read_note  # only where one is read: it takes 80 ms to import (measured)

    return read_note(slug, prefix, folder, context)


def read_collection(
    root: Path,
    *,
    languages: tuple[str, ...],
    diagrams: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, inspect.Signature],
    capabilities: frozenset[str],
    only: Container[str] | None = None,
    base: Path | None = None,
    read_note: ReadNote = _read_note,
) -> Collection:
    """Reads all notes below ``root`` (``root/area/note/en.md``), or the notes whose slugs are in ``only``.

    Args:
        root: the folder that holds the areas.
        languages: the languages that each note must have; the first is the default original.
        diagrams: for each diagram type the JSON Schema (Draft 2020-12) of its whole body, ``expect`` included.
        names: the signature of each computed name.
        capabilities: what ``needs=`` may name.
        only: slugs ``area/note``; None for all.
        base: the folder that file names in places are relative to; default ``root``.
        read_note: reads a note of it.

    Never raises for what it reads: all problems of all notes are in the collection, sorted by file and line.
    """
    found = find_folders(root, languages)
    prefix = _prefix(root, base or root)
    context = Context(languages, diagrams, names, capabilities, _related(found.areas))
    errors: list[Problem] = []
    for stray in found.strays if only is None else ():
        Report(shortened((prefix + stray.path).rstrip("/"), 200) or root.name, errors)(1, stray.message, stray.remedy)
    warnings: list[Problem] = []
    areas: list[Area] = []
    for slug, folders in found.areas.items():
        chosen = [name for name in folders if only is None or f"{slug}/{name}" in only]
        if not chosen and (folders or only is not None):
            continue
        notes: list[Note] = []
        for name in chosen:
            read = read_note(f"{slug}/{name}", f"{prefix}{slug}/{name}/", Folder(root / slug / name), context)
            errors += read.errors
            warnings += read.warnings
            notes += [read.note] if read.note else []
        head = _area_file(Folder(root / slug), Report(f"{prefix}{slug}/area.yml", errors), languages)
        # An area without a sound area.yml still has its notes run; the error breaks the build all the same.
        title = head.title if head else dict.fromkeys(languages, slug)
        areas.append(Area(slug, title, head.order if head else 0, tuple(notes)))
    areas.sort(key=lambda area: (area.order, area.slug))
    return Collection(languages, tuple(areas), tuple(sorted(set(errors))), tuple(sorted(set(warnings))))


def _prefix(root: Path, base: Path) -> str:
    path = Path(os.path.relpath(root, base)).as_posix()
    return "" if path == "." else f"{path}/"


def _related(areas: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """Each note's slug by the slug and by its last part, which is empty text where several notes have it."""
    slugs = [(name, f"{area}/{name}") for area, names in areas.items() for name in names]
    found: dict[str, str] = {}
    for name, slug in slugs:
        found[name] = "" if name in found else slug
    return {**found, **{slug: slug for _, slug in slugs}}


def _area_file(folder: Folder, report: Report, languages: tuple[str, ...]) -> AreaFile | None:
    if not folder.has("area.yml"):
        titles = ", ".join(f"{language}: …" for language in languages)
        remedy = "rename area.yaml" if folder.has("area.yaml") else f"write title: {{{titles}}} and order: 1 into it"
        report(1, "the file does not exist", remedy)
        return None
    try:
        return read_area(folder.file("area.yml").content, languages, report)
    except FileError as error:
        report(1, error.message, error.remedy)
        return None
