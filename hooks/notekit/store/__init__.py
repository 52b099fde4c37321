"""Results on disk, found by what they depend on (``unit_key``).

An entry is a file ``ab/ab….json`` under the store's root, named by its key. It is written beside its place and
renamed into it, so that a reader sees a whole entry or none, also with two builds at once; it is sealed (see
``store.entry``), so that what a crash or a disk did to it is seen. The store only saves work: whatever is wrong with
it costs a run and never a build.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from notekit.files import sync_folder, write_whole
from notekit.model import Output
from notekit.store import durations
from notekit.store.entry import Entry, decode, encode
from notekit.store.eviction import evict
from notekit.store.key import unit_key
from notekit.store.leases import Lease, locked

__all__ = ["Entry", "Store", "unit_key"]

# Far above what the limit on output lets an entry become; what is larger was not written here.
_LARGEST_ENTRY = 1 << 28


class Store:
    """Outputs by key, for one build: a context manager, at whose end the store is brought within ``bound`` bytes.

    Until then nothing that this build has read or put is removed by another one. ``problems`` tells what could not
    be read or kept, each once: ``path: why``.
    """

    def __init__(self, root: Path, bound: int | None = None) -> None:
        self.root = root
        self._bound = bound
        self._problems: dict[str, None] = {}
        self._lease: Lease | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong so far, in the order met; the results concerned were run, or were not kept."""
        return tuple(self._problems)

    def __enter__(self) -> Store:
        # A store that cannot be written to is told of when something is to be kept there; others cannot evict from it.
        with contextlib.suppress(OSError):
            self._lease = Lease(self.root)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._lease is None:
            return
        try:
            over = 0 if self._bound is None else evict(self.root, self._bound)
            if over:
                self._problems[f"{self.root}: {over} bytes over store_size, all used by builds that run now"] = None
        except OSError as problem:
            self._note(self.root, problem)
        finally:
            self._lease.end()
            self._lease = None

    def get(self, key: str) -> tuple[Output, ...] | None:
        """The outputs kept under that key; None if there are none. An entry that is not whole is removed.

        Raises ValueError for a key that is not 64 hexadecimal digits.
        """
        found = self.entry(key)
        return None if found is None else found.outputs

    def entry(self, key: str) -> Entry | None:
        """The same, with the names of the examples that the outputs were kept for."""
        path = self._path(key)
        try:
            with locked(self.root):
                data = _read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._note(self.root, error)
            return None
        try:
            return decode(key, data)
        except ValueError:
            self._remove_damaged(key)
            return None

    def put(self, key: str, outputs: Sequence[Output], about: Sequence[str] = ()) -> bool:
        """Keeps the outputs of a unit, all of which passed; that is the caller's to see. Whether it could.

        ``about`` names the examples (``area/slug#name``), for ``notes store``. Outputs of a runner that broke, was
        missing something or met a limit can belong to no unit that passed, and are not kept. Neither is anything
        where the disk is full or cannot be written to. What is kept is on the disk when this returns.

        Raises ValueError for a key that is not 64 hexadecimal digits.
        """
        path = self._path(key)
        if any(output.broken or output.missing or output.exceeded for output in outputs):
            return False
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with locked(self.root):
                if not path.parent.is_dir():
                    path.parent.mkdir(exist_ok=True)
                    sync_folder(self.root)
                write_whole(path, encode(key, outputs, about))
                sync_folder(path.parent)
        except OSError as error:
            self._note(self.root, error)
            return False
        return True

    def durations(self) -> dict[str, float]:
        """Seconds that each unit took when it last ran, by its name."""
        return durations.read(self.root)

    def record(self, seconds: Mapping[str, float]) -> None:
        """Keeps how long units took, for ``durations``."""
        try:
            durations.record(self.root, seconds)
        except OSError as error:
            self._note(self.root, error)

    def _path(self, key: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", key):
            raise ValueError(f"{key!r} is not a key; unit_key() makes them")
        return self.root / key[:2] / f"{key}.json"

    def _remove_damaged(self, key: str) -> None:
        # Looked at once more, with every other build kept out: one may have put a whole entry there meanwhile.
        path = self._path(key)
        try:
            with locked(self.root, exclusive=True):
                try:
                    decode(key, _read(path))
                except ValueError:
                    path.unlink(missing_ok=True)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._note(self.root, error)

    def _note(self, folder: Path, error: OSError) -> None:
        # One entry more says nothing new: the folder and the reason are the problem.
        self._problems[f"{folder}: {error.strerror or error}"] = None


def _read(path: Path) -> bytes:
    """The bytes of a regular file, which counts as used now; empty for anything else and for what is too large.

    No link is followed. Raises OSError.
    """
    try:
        # Opening a FIFO for reading would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            return b""
        raise
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_ENTRY:
            return b""
        with contextlib.suppress(OSError):  # of a store that is read only, nothing is removed either
            os.utime(descriptor)
        return file.readall()[:_LARGEST_ENTRY]
