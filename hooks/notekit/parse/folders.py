"""What lies below a collection's root: areas, the folders of notes in them, and text where no note is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notekit.parse.report import shortened

_NAME = re.compile(r"\w[\w.-]*")
_IGNORED = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True, slots=True)
class Stray:
    """Something where no note can be: its path below the root, what is wrong, and what would be right."""

    path: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Folders:
    """The names of the note folders of each area, both sorted."""

    areas: Mapping[str, tuple[str, ...]]
    strays: tuple[Stray, ...]


def find_folders(root: Path, languages: Sequence[str]) -> Folders:
    """Looks two levels deep. A folder is an area if it has ``area.yml``, or folders with Markdown in them."""
    if not root.is_dir():
        return Folders({}, (Stray("", "the folder of areas does not exist", "name the folder that holds them"),))
    if (root / "area.yml").is_file():
        message = "this folder is an area, not a folder of areas"
        return Folders({}, (Stray("area.yml", message, "name the folder above it as the root"),))
    areas: dict[str, tuple[str, ...]] = {}
    strays: list[Stray] = []
    for entry in _entries(root):
        notes = _notes(Path(entry.path)) if entry.is_dir() else None
        if _is_note_text(entry):
            strays.append(_misplaced(entry.name, f"AREA/{_stem(entry)}/{languages[0]}.md"))
        elif notes is not None and entry.is_symlink():
            strays.append(_linked(entry.name))
        elif notes is not None:
            wrong = [path for path in (entry.name, *(f"{entry.name}/{name}" for name in notes)) if not _is_named(path)]
            strays += [*map(_misnamed, wrong), *_strays_of(entry, languages)]
            if entry.name not in wrong:
                areas[entry.name] = tuple(name for name in notes if f"{entry.name}/{name}" not in wrong)
    return Folders(areas, tuple(strays))


def _strays_of(area: os.DirEntry[str], languages: Sequence[str]) -> Iterator[Stray]:
    """What lies in an area folder and can be no note."""
    for entry in _entries(Path(area.path)):
        path = f"{area.name}/{entry.name}"
        if entry.is_symlink() and entry.is_dir():
            yield _linked(path)
        elif _is_note_text(entry):
            name = "NOTE" if _stem(entry) in languages else _stem(entry)
            yield _misplaced(path, f"{area.name}/{name}/{languages[0]}.md")


def _notes(area: Path) -> tuple[str, ...] | None:
    """The folders of an area that are notes, or should be; None where the folder is no area."""
    folders = [entry for entry in _entries(area) if entry.is_dir()]
    with_text = [entry for entry in folders if any(_is_note_text(inner) for inner in _entries(Path(entry.path)))]
    is_area = os.path.lexists(area / "area.yml") or os.path.lexists(area / "area.yaml")
    if not is_area and not with_text and not any(_is_note_text(entry) for entry in _entries(area)):
        return None
    return tuple(entry.name for entry in (folders if is_area else with_text) if not entry.is_symlink())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name, but for hidden files and what tools leave behind."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not entry.name.startswith(".") and entry.name not in _IGNORED]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry.name)


def _is_note_text(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".md") and entry.name.lower() != "readme.md" and not entry.is_dir()


def _stem(entry: os.DirEntry[str]) -> str:
    return entry.name.removesuffix(".md")


def _is_named(path: str) -> bool:
    return _NAME.fullmatch(path.rpartition("/")[2]) is not None


def _misplaced(path: str, better: str) -> Stray:
    return Stray(path, "no note is read here", f"move it to {shortened(better)}: a note is a folder in an area")


def _linked(path: str) -> Stray:
    return Stray(path, "this folder is a link", "put the folder itself here")


def _misnamed(path: str) -> Stray:
    return Stray(path, "the folder's name has other characters than letters, digits, - _ and .", "rename it")
