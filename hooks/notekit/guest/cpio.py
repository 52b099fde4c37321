"""The archive that the kernel unpacks at its start: cpio's "newc" form.

Source: Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's tree.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, link (its ``content`` is where it leads) or folder: ``mode`` has its kind and its permissions."""

    path: str
    mode: int
    content: bytes = b""
    user: int = 0


def folder(path: str, permissions: int = 0o755, user: int = 0) -> Entry:
    """A folder."""
    return Entry(path, stat.S_IFDIR | permissions, user=user)


def link(path: str, to: str) -> Entry:
    """A symbolic link."""
    return Entry(path, stat.S_IFLNK | 0o777, to.encode())


def file(path: str, content: bytes, permissions: int = 0o644) -> Entry:
    """A regular file."""
    return Entry(path, stat.S_IFREG | permissions, content)


def archive(entries: Iterable[Entry]) -> bytes:
    """The entries in their order, which must be one in which each folder stands before what is in it."""
    parts: list[bytes] = []
    for number, entry in enumerate(entries, start=1):
        parts += _member(number, entry.path, entry.mode, entry.content, entry.user)
    parts += _member(0, "TRAILER!!!", 0, b"", 0)
    return b"".join(parts)


def _member(number: int, path: str, mode: int, content: bytes, user: int) -> list[bytes]:
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    # ino, mode, uid, gid, nlink, mtime (0: so that the same files give the same archive), filesize, the device
    # of the file, that which it stands for, namesize, check
    fields = (number, mode, user, user, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return [head, _padding(len(head)), content, _padding(len(content))]


def _padding(length: int) -> bytes:
    return bytes(-length % 4)
