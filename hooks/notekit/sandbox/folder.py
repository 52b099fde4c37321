"""Files put into a sandbox's working directory before it starts, and read back once all in it is dead.

Both go through a descriptor of that directory, so that nothing of the note's folder need be readable to the
sandbox's user, and no name is resolved outside it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
from collections.abc import Iterable, Iterator

from notekit.model import NamedFile


def write(folder: int, files: Iterable[NamedFile], owner: tuple[int, int] | None) -> None:
    """Creates the files and the folders they lie in; ``owner`` is (user, group) where they must be another's.

    Raises OSError, with ENOSPC where they do not fit.
    """
    known: set[str] = set()
    with _acting_as(owner):
        for file in files:
            *parents, _ = file.path.split("/")
            for depth in range(1, len(parents) + 1):
                parent = "/".join(parents[:depth])
                if parent not in known:
                    known.add(parent)
                    os.mkdir(parent, dir_fd=folder)
                    # mkdir's mode is cut by the builder's umask.
                    os.chmod(parent, 0o755, dir_fd=folder)
            descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            with open(descriptor, "wb", buffering=0) as target:
                rest = memoryview(file.content)
                while rest:
                    rest = rest[target.write(rest) :]
                os.fchmod(descriptor, 0o755 if file.executable else 0o644)


@contextlib.contextmanager
def _acting_as(owner: tuple[int, int] | None) -> Iterator[None]:
    """Lets this thread, and no other, use files as another user.

    The kernel refuses root a new file on a file system of a user namespace that root is not mapped into
    (EOVERFLOW), so giving it away afterwards is too late. setfsuid(2) is the one call for a single thread.
    """
    if owner is None:
        yield
        return
    libc = ctypes.CDLL(None)
    user, group = os.geteuid(), os.getegid()
    try:
        libc.setfsgid(owner[1])
        libc.setfsuid(owner[0])
        yield
    finally:
        libc.setfsuid(user)
        libc.setfsgid(group)


def read(folder: int, path: str, limit: int) -> bytes | None:
    """The bytes of a regular file of at most ``limit`` bytes; None for anything else. No link is followed."""
    *parents, name = path.split("/")
    opened: list[int] = []
    try:
        here = folder
        for parent in parents:
            here = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            opened.append(here)
        # Opened as a path first: opening a FIFO or a device for reading can block or have effects.
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=here)
        opened.append(found)
        status = os.fstat(found)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        with open(os.open(f"/proc/self/fd/{found}", os.O_RDONLY), "rb") as source:
            return source.read(limit)
    except OSError:
        return None
    finally:
        for descriptor in opened:
            os.close(descriptor)
