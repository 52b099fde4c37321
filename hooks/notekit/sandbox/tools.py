"""The programs that examples run: where they are on the sandbox's PATH, and which version each of them is.

A version is that of the Debian package which owns the file, and a digest of the file where none does. One look
at dpkg's database costs as much as many (65 ms measured), so all of the PATH is looked up once.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from notekit.sandbox.layout import SEARCH_PATH

# What is mounted in the sandbox; a link that leads elsewhere leads nowhere there.
_MOUNTED = ("/usr/", "/bin/", "/sbin/", "/lib", "/etc/alternatives/")
_PACKAGE_TIMEOUT = 60
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Package:
    """A package of this system. ``essential``: no system is without it (Debian Policy 3.8)."""

    name: str
    version: str
    essential: bool


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


def look_again() -> None:
    """Forgets which programs there are: some may have been installed meanwhile."""
    _resolve.cache_clear()


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
    names = (os.path.join(os.path.realpath(folder), word) for folder in SEARCH_PATH)
    return next((owner for name in (*names, path) if (owner := _known().get(name))), None)


def _known() -> Mapping[str, Package]:
    with _lock:
        return _packages()


@cache
def _digest(path: str, modified: int) -> str:
    try:
        with open(path, "rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except PermissionError:
        return f"modified {modified}"


@cache
def _packages() -> Mapping[str, Package]:
    """The package of each name on the PATH, and of each file that one leads to; empty on a system without dpkg."""
    if shutil.which("dpkg-query", path="/usr/bin") is None:
        return {}
    named = {entry.path for folder in (*SEARCH_PATH, "/usr/sbin") for entry in _entries(os.path.realpath(folder))}
    libc = resolve("libc.so.6")
    files = named | {os.path.realpath(name) for name in named} | ({libc} if libc else set())
    # A package built before /bin became a link of /usr/bin owns the file by its old name.
    by_name = {name: path for path in files for name in (path, path.removeprefix("/usr"))}
    owners: dict[str, str] = {}
    for line in _dpkg("-S", *sorted(by_name)).splitlines():
        package, _, name = line.partition(": ")
        if name in by_name and not package.startswith("diversion "):
            owners[by_name[name]] = package.split(",")[0].split(":")[0]
    form = "${Package}\t${Version}\t${Essential}\n"
    rows = (line.split("\t") for line in _dpkg("-W", "-f", form, *sorted(set(owners.values()))).splitlines())
    known = {row[0]: Package(row[0], row[1], row[2] == "yes") for row in rows if len(row) == 3}
    return {path: known[package] for path, package in owners.items() if package in known}


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _dpkg(*arguments: str) -> str:
    # It fails for one unknown file, and says what it knows of the others all the same.
    done = subprocess.run(
        ["/usr/bin/dpkg-query", *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        env={"LC_ALL": "C.UTF-8"},
        timeout=_PACKAGE_TIMEOUT,
    )
    return done.stdout
