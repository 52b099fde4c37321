"""Who uses a store now: a lock for moments, and a lease for as long as a build runs.

The lock is flock(2) on ``.lock`` in the store's root: shared while an entry is read or written, exclusive while
entries are removed, so that nothing is removed between the moment it is looked at and the moment it goes. A lease
is a file under ``running/`` that its build holds locked; the kernel lets go of it when the build ends, however it ends.
Where the lock cannot be had (a store that is read only), entries are read without it and nothing is removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

LOCK = ".lock"
LEASES = "running"


@contextlib.contextmanager
def locked(root: Path, *, exclusive: bool = False) -> Iterator[bool]:
    """Holds the store's lock; False where it cannot be had. Each call opens the file anew, so threads exclude each
    other too."""
    try:
        descriptor = os.open(root / LOCK, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        except OSError:  # ENOLCK: a file system without locks
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


class Lease:
    """Says that a build uses the store, until ``end`` or the end of the process."""

    def __init__(self, root: Path) -> None:
        """Raises OSError where the store cannot be written to."""
        folder = root / LEASES
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        # Under the lock: between its making and its locking it would look like a lease whose build has ended.
        with locked(root):
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def end(self) -> None:
        """The build has what it needs."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)


def running_since(root: Path) -> list[int]:
    """When each build that uses the store began: nanoseconds, by the clock of its file system.

    Leases of builds that have ended are removed. Call it with the exclusive lock held.
    """
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError), os.scandir(root / LEASES) as leases:
        for lease in leases:
            with contextlib.suppress(FileNotFoundError):
                began = lease.stat().st_mtime_ns
                if _ended(lease.path):
                    os.unlink(lease.path)
                else:
                    found.append(began)
    return found


def _ended(path: str) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
