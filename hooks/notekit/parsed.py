"""Notes as they were read before: what has not changed since is not read again.

One entry a note. It holds what the reading asked for (the files of the note's folder, and whether other notes are
there) with the answers, so a change of any of them is a reason to read again, and nothing else is. An entry says only
what this version, with these settings, made of those answers; it is sealed, and decoded into the model's own types, so
that whatever else lies there is read anew. Reading 100 notes takes 220 ms, taking them from here 30 ms (measured).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Collection as Container
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from notekit.files import write_whole
from notekit.model import NamedFile
from notekit.parse.context import Context, NoteRead
from notekit.parse.files import Folder

# Of a note that brings large files, reading them is the work.
_LARGEST = 1 << 20
_DIGEST = hashlib.sha256().digest_size
_LIBRARIES = ("markdown-it-py", "mdit-py-plugins", "PyYAML", "jsonschema", "msgspec")


@dataclass(frozen=True, slots=True)
class _Entry:
    """``had`` and ``files`` are what the folder answered by name, as a digest for files; ``related`` the slugs."""

    identity: str
    had: dict[str, bool]
    files: dict[str, str]
    related: dict[str, str | None]
    read: NoteRead


class _Asked(Folder):
    """A note's folder that remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.had: dict[str, bool] = {}
        self.read: dict[str, str] = {}

    def has(self, name: str) -> bool:
        self.had[name] = super().has(name)
        return self.had[name]

    def files(self, name: str) -> tuple[NamedFile, ...]:
        found = super().files(name)
        self.read[name] = _digest(found)
        return found


class _Related(Mapping[str, str]):
    """The slugs of the collection, with a memory of those that were asked for."""

    def __init__(self, slugs: Mapping[str, str]) -> None:
        self._slugs = slugs
        self.asked: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self._slugs.get(name)
        return self._slugs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._slugs)

    def __len__(self) -> int:
        return len(self._slugs)


class Parsed:
    """The readings kept in a folder: a ``ReadNote`` that reads what is new."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._settings: tuple[Context, str] | None = None

    def __call__(self, slug: str, prefix: str, folder: Folder, context: Context) -> NoteRead:
        """What ``read_note`` gives for the note."""
        if self._settings is None or self._settings[0] is not context:
            self._settings = (context, _settings(context))
        identity = f"{prefix} {self._settings[1]}"
        path = self._root / _name(slug)
        kept = _read(path)
        if kept and kept.identity == identity and _still(kept, folder, context):
            return kept.read
        # The readers of Markdown and of JSON Schema take 80 ms to import (measured).
        from notekit.parse.note import read_note

        asked, related = _Asked(folder.path), _Related(context.related)
        read = read_note(slug, prefix, asked, replace(context, related=related))
        if read.note is not None:
            _keep(path, _Entry(identity, asked.had, asked.read, related.asked, read))
        return read

    def forget_all_but(self, slugs: Container[str]) -> None:
        """Removes the readings of notes that are gone."""
        names = {_name(slug) for slug in slugs}
        with contextlib.suppress(OSError):
            for path in self._root.iterdir():
                if path.name not in names:
                    path.unlink()


def _name(slug: str) -> str:
    return hashlib.sha256(slug.encode()).hexdigest()[:32]


def _settings(context: Context) -> str:
    """A digest of what every note is held against, and of what reads it."""
    signatures = {name: str(signature) for name, signature in context.names.items()}
    settings = [context.languages, context.diagrams, signatures, sorted(context.capabilities), _of_version()]
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=dict).encode()).hexdigest()


@cache
def _of_version() -> str:
    """A digest of the code that reads, and the versions of what it reads with."""
    whole = hashlib.sha256(repr((sys.version, [version(name) for name in _LIBRARIES])).encode())
    here = Path(__file__)
    for path in (here, *sorted(here.parent.glob("parse/*.py")), *sorted(here.parent.glob("model/*.py"))):
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _still(kept: _Entry, folder: Folder, context: Context) -> bool:
    """Whether everything that was asked for would be answered alike now."""
    try:
        return (
            all(folder.has(name) == had for name, had in kept.had.items())
            and all(_digest(folder.files(name)) == digest for name, digest in kept.files.items())
            and all(context.related.get(name) == slug for name, slug in kept.related.items())
        )
    except ValueError:  # FileError: the reader says it at its line
        return False


def _digest(files: tuple[NamedFile, ...]) -> str:
    whole = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.content).hexdigest()
        whole.update(repr((file.path, content, file.executable)).encode())
    return whole.hexdigest()


def _read(path: Path) -> _Entry | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return None
    try:
        return _decoder().decode(data[_DIGEST:])
    except (msgspec.MsgspecError, RecursionError):
        return None


@cache
def _decoder() -> msgspec.msgpack.Decoder[_Entry]:
    return msgspec.msgpack.Decoder(_Entry)


def _keep(path: Path, entry: _Entry) -> None:
    """Keeps an entry, if it comes back as it is; what cannot be kept is read again the next time."""
    try:
        data = msgspec.msgpack.encode(entry)
        if len(data) > _LARGEST or _decoder().decode(data) != entry:
            return
    except (msgspec.MsgspecError, OverflowError, UnicodeError, TypeError, RecursionError):
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, hashlib.sha256(data).digest() + data, lasting=False)
