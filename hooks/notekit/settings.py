"""What a project sets: where its notes are, and which languages they have (``mkdocs.yml``); where results are kept,
and how much of them (``[tool.pagewalk]`` in ``pyproject.toml``)."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from notekit.model import Place

DEFAULT_LANGUAGES = ("en", "zh")
DEFAULT_STORE_SIZE = 256 << 20

_TABLE_FILE = "pyproject.toml"
_SIZE_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


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


def own(root: Path, key: str) -> tuple[Any, Place]:
    """``key`` under ``[tool.pagewalk]`` of ``root/pyproject.toml``, and where it stands; None where it does not.

    Raises SettingError for a file that is not TOML.
    """
    try:
        text = (root / _TABLE_FILE).read_text(encoding="utf-8")
        found: Any = tomllib.loads(text)
    except FileNotFoundError:
        return None, Place(_TABLE_FILE, 1)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        place = Place(_TABLE_FILE, int(line[1]) if line else 1)
        raise SettingError(f"{place}: not TOML; mend it so that it can be read") from error
    for name in ("tool", "pagewalk", key):
        found = found.get(name) if isinstance(found, dict) else None
    begins = re.compile(rf"\s*{key}\s*=")
    lines = (number for number, line in enumerate(text.split("\n"), 1) if begins.match(line))
    return found, Place(_TABLE_FILE, next(lines, 1))


def store_folder(root: Path) -> Path:
    """Where results are kept: ``PAGEWALK_STORE`` if set, else ``store`` of ``[tool.pagewalk]`` (relative to the
    project), else ``.cache/results``.

    Raises SettingError for a setting that is not a path.
    """
    return _folder(root, "store", "PAGEWALK_STORE", "results")


def guest_folder(root: Path) -> Path:
    """Where guests are kept, and what they are made of: ``PAGEWALK_GUEST``, ``guest`` of ``[tool.pagewalk]``, or
    ``.cache/guest``, as for the store.

    Raises SettingError for a setting that is not a path.
    """
    return _folder(root, "guest", "PAGEWALK_GUEST", "guest")


def _folder(root: Path, key: str, variable: str, default: str) -> Path:
    given = os.environ.get(variable)
    if given:
        return Path(given).absolute()
    found, place = own(root, key)
    if found is None:
        return root / ".cache" / default
    if not isinstance(found, str) or not found:
        raise SettingError(f'{place}: {key} is {found!r}; it takes the path of a folder, such as "../{default}"')
    return root / Path(found).expanduser()


def store_size(root: Path) -> int:
    """How many bytes of results are kept: ``store_size`` of ``[tool.pagewalk]`` (``"512 MiB"``), else 256 MiB.

    Raises SettingError for anything but a number of KiB, MiB or GiB.
    """
    found, place = own(root, "store_size")
    if found is None:
        return DEFAULT_STORE_SIZE
    size = re.fullmatch(r"(\d{1,6}) ?([KMG]iB)", found) if isinstance(found, str) else None
    if size is None:
        raise SettingError(f'{place}: store_size is {found!r}; it takes a size in KiB, MiB or GiB, such as "512 MiB"')
    return int(size[1]) * _SIZE_UNITS[size[2]]


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
