"""The programs that examples run: where they are on the sandbox's PATH, and which version each of them is.

A version is that of the Debian package which owns the file, and a digest of the file where none does.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from notekit.sandbox import packages
from notekit.sandbox.layout import SEARCH_PATH
from notekit.sandbox.packages import Package

# What is mounted in the sandbox; a link that leads elsewhere leads nowhere there.
_MOUNTED = ("/usr/", "/bin/", "/sbin/", "/lib", "/etc/alternatives/")
_lock = threading.Lock()
_folder: Path | None = None


def resolve(word: str) -> str | None:
    """The file that a command word or a shared library's name (``libc.so.6``) means in the sandbox, links
    followed; None where there is none. A word with a slash is a file of the example's own, and none of these."""
    if not word or "/" in word or "\0" in word:
        return None
    is_library = bool(re.search(r"\.so(\.|$)", word))
    return _resolve(word, _library_folders() if is_library else SEARCH_PATH, _MOUNTED, is_library)


@cache
def _resolve(word: str, folders: tuple[str, ...], mounted: tuple[str, ...], library: bool) -> str | None:
    # Asked for each tool of each unit: 0.2 s of a build of 300 examples without the cache (measured).
    for folder in folders:
        path = os.path.realpath(os.path.join(folder, word))
        if path.startswith(mounted) and _runs(path, library=library):
            return path
    return None


def look_again(kept_in: Path | None = None) -> None:
    """Forgets which programs there are: some may have been installed meanwhile.

    What dpkg says of them is kept in a folder, if one is given, until its database changes.
    """
    global _folder
    with _lock:
        _folder = kept_in
        _resolve.cache_clear()
        _packages.cache_clear()


def _runs(path: str, library: bool) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & (stat.S_IROTH if library else stat.S_IXOTH))


@cache
def _library_folders() -> tuple[str, ...]:
    return (*sorted(glob.glob("/usr/lib/*-linux-gnu*")), "/usr/lib64", "/usr/lib")


def versions(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(word, version) of each word that is a program or library of the sandbox, sorted, each once."""
    return tuple((word, version) for word in sorted(set(words)) if (version := version_of(word)) is not None)


def version_of(word: str) -> str | None:
    """``12.2.0-14``, or ``sha256:`` and 16 hexadecimal digits; None where the word does not resolve."""
    path = resolve(word)
    if path is None:
        return None
    package = _known().get(path)
    return package.version if package else _digest(path, os.stat(path).st_mtime_ns)


def package_of(word: str) -> Package | None:
    """The package that brings the word: the owner of the name on the PATH, such as ``gcc``, before that of the file
    that the name leads to (``gcc-12``). None where the word does not resolve, or no package owns it."""
    path = resolve(word)
    if path is None:
        return None
    names = (os.path.join(folder, word) for folder in _real_folders())
    return next((owner for name in (*names, path) if (owner := _known().get(name))), None)


@cache
def _real_folders() -> tuple[str, ...]:
    return tuple(os.path.realpath(folder) for folder in SEARCH_PATH)


def _known() -> Mapping[str, Package]:
    with _lock:
        return _packages()


@cache
def _packages() -> Mapping[str, Package]:
    libc = resolve("libc.so.6")
    return packages.by_path((libc,) if libc else (), _folder)


@cache
def _digest(path: str, modified: int) -> str:
    try:
        with open(path, "rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except PermissionError:
        return f"modified {modified}"
