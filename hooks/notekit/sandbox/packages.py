"""Which Debian package each program on the sandbox's PATH is of.

One look at dpkg's database costs as much as many (65 ms measured), so all of the PATH is looked up once; and once for
many builds, where there is a folder to keep it in.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notekit.files import write_whole
from notekit.sandbox.layout import SEARCH_PATH
from notekit.sealed import seal, unseal

_FILE = "packages.json"
_FORMAT = 1
_TIMEOUT = 60
_FOLDERS = (*SEARCH_PATH, "/usr/sbin")
# Every change of what is installed, or of what a name leads to, makes one of these anew.
_DATABASE = ("/var/lib/dpkg/status", "/var/lib/dpkg/info", "/var/lib/dpkg/diversions", "/etc/alternatives")


@dataclass(frozen=True, slots=True)
class Package:
    """A package of this system. ``essential``: no system is without it (Debian Policy 3.8)."""

    name: str
    version: str
    essential: bool


def by_path(libraries: Sequence[str], cache: Path | None) -> Mapping[str, Package]:
    """The package of each name on the PATH, of each file that one leads to, and of the libraries.

    Empty on a system without dpkg. It is kept in a folder, if one is given, for as long as dpkg's database stays.
    """
    if shutil.which("dpkg-query", path="/usr/bin") is None:
        return {}
    stamp = [_FORMAT, *libraries, *map(_stamp, (*_DATABASE, *_FOLDERS))]
    kept = _kept(stamp, cache)
    if kept is None:
        kept = _asked(libraries)
        if cache is not None:
            packages = {one.name: (one.version, one.essential) for one in kept.values()}
            owners = {path: one.name for path, one in kept.items()}
            with contextlib.suppress(OSError):
                cache.mkdir(parents=True, exist_ok=True)
                write_whole(cache / _FILE, seal([stamp, packages, owners]), lasting=False)
    return kept


def _stamp(path: str) -> Sequence[int] | None:
    """What tells a file or folder from what it was; None where it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _kept(stamp: Sequence[object], cache: Path | None) -> Mapping[str, Package] | None:
    if cache is None:
        return None
    try:
        found, packages, owners = unseal((cache / _FILE).read_bytes())
        # Compared as JSON has them.
        if found != json.loads(json.dumps(stamp)):
            return None
        known = {name: Package(name, version, essential) for name, (version, essential) in packages.items()}
        return {path: known[name] for path, name in owners.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _asked(libraries: Sequence[str]) -> Mapping[str, Package]:
    named = {entry.path for folder in _FOLDERS for entry in _entries(os.path.realpath(folder))}
    files = named | {os.path.realpath(name) for name in named} | set(libraries)
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
        timeout=_TIMEOUT,
    )
    return done.stdout
