"""What a project sets: where its notes are, and which languages they have. Read from ``mkdocs.yml``."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

DEFAULT_LANGUAGES = ("en", "zh")


class SettingError(Exception):
    """A setting that cannot be used; its text is for the user (``path:line: what; what would be right``)."""


class _AnyTag(yaml.SafeLoader):
    """Reads ``mkdocs.yml`` without making objects of its ``!ENV`` and ``!!python`` tags."""


_AnyTag.add_multi_constructor("", lambda loader, suffix, node: None)


def find_root(start: Path) -> Path:
    """The nearest folder from ``start`` upwards with ``mkdocs.yml`` or ``notes_src``; else ``start`` itself."""
    for folder in (start, *start.parents):
        if (folder / "mkdocs.yml").is_file() or (folder / "notes_src").is_dir():
            return folder
    return start


def notes_folder(root: Path) -> Path:
    """``root/notes_src`` of a project (a folder with ``mkdocs.yml``); otherwise ``root`` is the collection itself.

    Raises SettingError for a project without that folder.
    """
    inside = root / "notes_src"
    if inside.is_dir():
        return inside
    if (root / "mkdocs.yml").is_file():
        raise SettingError("notes_src:1: there is no such folder beside mkdocs.yml; make it, the notes go there")
    return root


def languages(root: Path) -> tuple[str, ...]:
    """``extra.languages`` of ``root/mkdocs.yml``, or English and Chinese.

    Raises SettingError where the file is not YAML or the setting is not a list of language names.
    """
    path = root / "mkdocs.yml"
    if not path.is_file():
        return DEFAULT_LANGUAGES
    try:
        config: Any = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_AnyTag)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SettingError(f"mkdocs.yml:{line}: not YAML; mend it so that it can be read") from error
    extra = config.get("extra") if isinstance(config, dict) else None
    found = extra.get("languages") if isinstance(extra, dict) else None
    if found is None:
        return DEFAULT_LANGUAGES
    if not (isinstance(found, list) and found and all(isinstance(one, str) and one.isalpha() for one in found)):
        raise SettingError(f"mkdocs.yml:1: extra.languages is {found!r}; it takes a list of languages such as [en, zh]")
    return tuple(found)


def store_folder(root: Path) -> Path:
    """Where results are kept: ``PAGEWALK_STORE`` if set, else ``.cache/results`` of the project."""
    given = os.environ.get("PAGEWALK_STORE")
    return Path(given) if given else root / ".cache" / "results"


def note_slugs(root: Path) -> frozenset[str]:
    """The notes that a project has, as ``area/slug``, readable or not."""
    return frozenset(
        path.parent.relative_to(notes_folder(root)).as_posix()
        for language in languages(root)
        for path in notes_folder(root).glob(f"*/*/{language}.md")
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one, if any does."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
