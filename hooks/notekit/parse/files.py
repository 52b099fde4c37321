"""Files of a note's folder, read without ever following a link or leaving the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from notekit.model import NamedFile
from notekit.parse.report import shortened, suggestion

# What an example may bring along must fit into its sandbox.
LARGEST_FILE = 16 << 20
LARGEST_FOLDER = 48 << 20
MOST_FILES = 2000
_DEEPEST = 20

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileError(ValueError):
    """A file or folder that an example may not use: what is wrong, and what would be right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


class Folder:
    """A note's folder. What was read once is kept, so that many blocks may name one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, tuple[NamedFile, ...]] = {}

    def has(self, name: str) -> bool:
        """Whether something of that name lies in the folder itself, a link included."""
        return os.path.lexists(self.path / name)

    def file(self, name: str) -> NamedFile:
        """The file at a path relative to the folder. Raises FileError."""
        found = self.files(name)
        if len(found) != 1 or found[0].path != posixpath.normpath(name):
            raise FileError(f"{shortened(name)} is a folder", "name a file in it")
        return found[0]

    def files(self, name: str) -> tuple[NamedFile, ...]:
        """The file at a path relative to the folder, or all files of the folder there, sorted. Raises FileError."""
        if name not in self._known:
            parts = _parts(name)
            with _opened_folder(self.path) as top, _opened(top, parts) as handle:
                self._known[name] = tuple(_contents(handle, "/".join(parts)))
        return self._known[name]


def _parts(name: str) -> list[str]:
    shown = shortened(name)
    if name.startswith("/"):
        raise FileError(f"{shown} is an absolute path", "write it relative to the note's folder")
    path = posixpath.normpath(name)
    if path == ".":
        raise FileError(f"{shown} is the note's folder itself", "name the files or folders in it that are needed")
    parts = path.split("/")
    if parts[0] == "..":
        raise FileError(f"{shown} leaves the note's folder", "copy the file into the note's folder")
    if "\0" in name:
        raise FileError(f"{shown} is no path", "write it without control characters")
    return parts


@contextlib.contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path.name, error) from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _opened(folder: int, parts: Sequence[str], above: str = "") -> Iterator[int]:
    """Opens one part after the other, each only if it is no link; ``above`` stands before them in messages."""
    handle = os.dup(folder)
    try:
        for part in parts:
            inner = _open_part(handle, part, above)
            os.close(handle)
            handle = inner
            above = f"{above}{part}/"
        yield handle
    finally:
        os.close(handle)


def _open_part(folder: int, part: str, above: str) -> int:
    shown = shortened(above + part)
    try:
        return os.open(part, _FLAGS, dir_fd=folder)
    except OSError as error:
        # O_NOFOLLOW: open(2) says ELOOP for a link, or ENOTDIR where it checks for a folder first.
        if error.errno == errno.ELOOP or _is_link(part, folder):
            raise FileError(f"{shown} is a link", "put the file itself into the note's folder") from None
        if error.errno == errno.ENOENT:
            remedy = suggestion(part, _names(folder), "add it to the note's folder")
            raise FileError(f"{shown} does not exist", remedy) from None
        if error.errno == errno.ENOTDIR:
            raise FileError(f"{shortened(above.rstrip('/'))} is no folder", "name the file itself") from None
        raise _unreadable(shown, error) from None


def _unreadable(name: str, error: OSError) -> FileError:
    return FileError(f"{shortened(name)} cannot be read ({error.strerror})", "make it readable")


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode)
    except OSError:
        return False


def _names(folder: int) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _contents(handle: int, path: str) -> list[NamedFile]:
    """The file that was opened, or all files below the folder that was, sorted by path."""
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        found: list[NamedFile] = []
        _collect(handle, path, found, _DEEPEST)
        if not found:
            raise FileError(
                f"the folder {shortened(path)} is empty", "put files into it, for git does not keep it either"
            )
        return sorted(found, key=lambda file: file.path)
    return [_regular(handle, path)]


def _collect(folder: int, path: str, found: list[NamedFile], deeper: int) -> None:
    for name in _names(folder):
        inner = f"{path}/{name}"
        with _opened(folder, [name], f"{path}/") as handle:
            if not stat.S_ISDIR(os.fstat(handle).st_mode):
                found.append(_regular(handle, inner))
            elif deeper:
                _collect(handle, inner, found, deeper - 1)
            else:
                raise FileError(
                    f"{shortened(inner)} is nested too deeply", f"use at most {_DEEPEST} folders in one another"
                )
        if len(found) > MOST_FILES or sum(len(file.content) for file in found) > LARGEST_FOLDER:
            raise FileError(
                f"the folder {shortened(path)} is too large",
                f"use at most {MOST_FILES} files and {LARGEST_FOLDER >> 20} MiB",
            )


def _regular(handle: int, path: str) -> NamedFile:
    shown = shortened(path)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{shown} is no ordinary file", "use a file, not a device, pipe or socket")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise FileError(f"the name {shown} is not UTF-8", "rename the file") from None
    content = bytearray()
    try:
        while len(content) <= LARGEST_FILE and (part := os.read(handle, 1 << 20)):
            content += part
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(content) > LARGEST_FILE:
        raise FileError(f"{shown} is too large", f"use at most {LARGEST_FILE >> 20} MiB")
    return NamedFile(path, bytes(content), bool(status.st_mode & 0o111))
