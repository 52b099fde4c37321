"""Results on disk, found by what they depend on (``unit_key``).

An entry is a file ``ab/ab….json`` under the store's root, named by its key. It is written beside its place and
renamed into it, so that a reader sees a whole entry or none, also with two builds at once; it is sealed (see
``store.entry``), so that what a crash or a disk did to it is seen. The store only saves work: whatever is wrong with
it costs a run and never a build.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from notekit.files import write_whole
from notekit.model import Output
from notekit.store.entry import decode, encode
from notekit.store.key import unit_key

__all__ = ["Store", "unit_key"]

# Far above what the limit on output lets an entry become; what is larger was not written here.
_LARGEST_ENTRY = 1 << 28


class Store:
    """Outputs by key. ``problems`` tells what could not be read or kept, each once: ``path: why``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._problems: dict[str, None] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong so far, in the order met; the results concerned were run, or were not kept."""
        return tuple(self._problems)

    def get(self, key: str) -> tuple[Output, ...] | None:
        """The outputs kept under that key; None if there are none. An entry that is not whole is removed.

        Raises ValueError for a key that is not 64 hexadecimal digits.
        """
        path = self._path(key)
        try:
            data = _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note(path, error)
            return None
        try:
            return decode(key, data)
        except ValueError:
            self._remove(path)
            return None

    def put(self, key: str, outputs: Sequence[Output]) -> None:
        """Keeps the outputs of a unit, all of which passed; that is the caller's to see.

        Outputs of a runner that broke, was missing something or met a limit can belong to no unit that passed, and
        are not kept. Neither is anything where the disk is full or cannot be written to.

        Raises ValueError for a key that is not 64 hexadecimal digits.
        """
        path = self._path(key)
        if any(output.broken or output.missing or output.exceeded for output in outputs):
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, encode(key, outputs))
            _sync_folder(path.parent)
        except OSError as error:
            self._note(path, error)

    def _path(self, key: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", key):
            raise ValueError(f"{key!r} is not a key; unit_key() makes them")
        return self._root / key[:2] / f"{key}.json"

    def _remove(self, path: Path) -> None:
        # Another build may have put a whole entry in its place meanwhile; losing that one costs a run.
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._note(path, error)

    def _note(self, path: Path, error: OSError) -> None:
        # One entry more says nothing new: the folder and the reason are the problem.
        self._problems[f"{path.parent.parent}: {error.strerror or error}"] = None


def _read(path: Path) -> bytes:
    """The bytes of a regular file; empty for anything else and for what is too large. No link is followed.

    Raises OSError.
    """
    try:
        # Opening a FIFO for reading would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return b""
        raise
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_ENTRY:
            return b""
        return file.read(_LARGEST_ENTRY)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
