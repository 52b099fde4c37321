"""Keeping a store within its bound: what was used longest ago goes first, and never what a running build uses.

An entry's time of change is that of its last use (``Store.get`` sets it). A build marks what it uses after its lease
began; so all that is older than every lease of a running build is used by none of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from notekit.store.leases import locked, running_since


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry's file: its size in bytes and when it was last used, in nanoseconds since 1970."""

    path: Path
    size: int
    used: int

    @property
    def key(self) -> str:
        """The key it is kept under."""
        return self.path.stem


def entries(root: Path) -> Iterator[Kept]:
    """All entries of a store, in no order."""
    for name, file in _files(root):
        if not name.startswith("."):
            yield file


def _files(root: Path) -> Iterator[tuple[str, Kept]]:
    with contextlib.suppress(OSError), os.scandir(root) as folders:
        for folder in folders:
            if len(folder.name) != 2 or not folder.is_dir(follow_symlinks=False):
                continue
            with os.scandir(folder) as files:
                for file in files:
                    with contextlib.suppress(FileNotFoundError):
                        status = file.stat(follow_symlinks=False)
                        yield file.name, Kept(Path(file.path), status.st_size, status.st_mtime_ns)


def evict(root: Path, bound: int) -> int:
    """Removes entries until all of them have at most ``bound`` bytes, and what builds that were killed left behind.

    Returns how many bytes are over the bound still, since running builds use them. Does nothing where the store
    cannot be locked. Raises OSError.
    """
    with locked(root, exclusive=True) as held:
        if not held:
            return 0
        used_since = min(running_since(root), default=None)
        kept: list[Kept] = []
        for name, file in list(_files(root)):
            if not name.startswith("."):
                kept.append(file)
            elif used_since is None or file.used < used_since:
                file.path.unlink(missing_ok=True)
        over = sum(file.size for file in kept) - bound
        for file in sorted(kept, key=lambda one: (one.used, one.key)):
            if over <= 0 or (used_since is not None and file.used >= used_since):
                break
            file.path.unlink(missing_ok=True)
            over -= file.size
        return max(0, over)
