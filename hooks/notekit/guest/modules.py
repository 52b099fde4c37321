"""Kernel modules built from a note's files: against the kernel's own headers, by the compiler that built it.

Headers, compiler and all that they call are Debian's packages, unpacked into a folder of ours that stands for the
system in the sandbox. So what comes out does not depend on this machine.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notekit import sandbox
from notekit.files import write_whole
from notekit.guest import userland
from notekit.guest.cpio import Entry
from notekit.guest.errors import GuestError
from notekit.guest.fetching import Package, Say, fetch
from notekit.guest.making import Image, complete_folder, keep_latest, locked
from notekit.model import BuildOutput, Exceeded, NamedFile
from notekit.sandbox import MIB, Limits

PACKAGES = ("bash", "coreutils", "findutils", "grep", "make", "mawk", "sed", "tar")
#: A module of a few files takes 3 s; a compiler is not what an example's own limits are for.
BUILDING = Limits(seconds=300, memory=1024 * MIB, disk=256 * MIB)
_MOST = 64 * MIB
_LEFT_OUT = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "boot/")
_MANIFEST = "toolchain.json"
_BUILT = "built.tar"
_ENTRIES = 200  # of the cache, at most
# What is built is handed over as one file, since only files that are known by name can be read back.
_SCRIPT = 'make -C "$1" M="$(cd "$2" && pwd)" modules && find "$2" -name "*.ko" -print0 | tar -c -f "$3" --null -T -'


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A folder that holds a system which builds modules; ``versions`` are those of its packages."""

    folder: Path
    release: str
    versions: Mapping[str, str]

    def identity(self) -> str:
        """16 hexadecimal digits: a digest of what it is made of."""
        return hashlib.sha256(json.dumps(sorted(self.versions.items())).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build said, and the modules that came out of it, beside their sources."""

    build: BuildOutput
    modules: tuple[NamedFile, ...] = ()
    exceeded: Exceeded | None = None
    seconds: float = 0.0


def make(folder: Path, image: Image, say: Say) -> Toolchain:
    """The toolchain of a kernel: the one in the folder, or a new one.

    Raises GuestError, with nothing half-made left.
    """
    version = image.versions[f"linux-image-{image.release}"]
    place = folder / "toolchains" / f"{image.release}_{version.replace(':', '%3a')}"
    found = _read(place)
    if found:
        return found
    try:
        with locked(folder):  # as for an image: apt's own folder is one for both
            found = _read(place)
            if found is None:
                packages = fetch(folder / "apt", (*PACKAGES, f"linux-headers-{image.release}"), say)
                say("unpacking the kernel's headers and its compiler")
                found = _unpack(place, packages, image.release)
            return found
    except OSError as error:
        raise GuestError(f"{place}: the kernel's headers cannot be unpacked there ({error.strerror})") from error


def _read(place: Path) -> Toolchain | None:
    try:
        described = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        return Toolchain(place, described["release"], described["versions"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _unpack(place: Path, packages: Iterable[Package], release: str) -> Toolchain:
    versions: dict[str, str] = {}
    with complete_folder(place) as made:
        for name in ("bin", "sbin", "lib", "lib64"):
            (made / "usr" / name).mkdir(parents=True)
            (made / name).symlink_to(f"usr/{name}")
        for package in packages:
            versions[package.name] = package.version
            for entry in userland.files(package):
                if not entry.path.startswith(_LEFT_OUT):
                    _put(made / entry.path, entry)
        for path, to in (("usr/bin/awk", "mawk"), ("usr/bin/sh", "bash")):
            (made / path).unlink(missing_ok=True)
            (made / path).symlink_to(to)
        write_whole(made / _MANIFEST, json.dumps({"release": release, "versions": versions}, indent=1))
    keep_latest(place.parent, 2)
    return Toolchain(place, release, versions)


def _put(path: Path, entry: Entry) -> None:
    """Writes a file of a package, readable to the sandbox's user, whoever that is."""
    if stat.S_ISDIR(entry.mode):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if stat.S_ISLNK(entry.mode):
        path.symlink_to(entry.content.decode())
    else:
        path.write_bytes(entry.content)
        path.chmod(0o755 if entry.mode & 0o100 else 0o644)


def build(cache: Path, toolchain: Toolchain, names: Sequence[str], files: Sequence[NamedFile]) -> tuple[Built, ...]:
    """Builds the modules of each named folder or ``.c`` file; those that were built before, from the same files, are
    taken from the folder ``cache``. It ends with the first that fails. Raises SandboxError."""
    found: list[Built] = []
    for name in names:
        found.append(_build(cache, toolchain, posixpath.normpath(name), files))
        if found[-1].build.exit != 0:
            break
    return tuple(found)


def _build(cache: Path, toolchain: Toolchain, name: str, files: Sequence[NamedFile]) -> Built:
    folder, own = _sources(name, files)
    key = _key(toolchain, name, own)
    kept = _kept(cache / key)
    if kept:
        return kept
    argv = ["bash", "-c", _SCRIPT, "bash", f"/usr/src/linux-headers-{toolchain.release}", folder, _BUILT]
    done = sandbox.execute(
        argv, files=own, merge_output=True, limits=BUILDING, collect=[(_BUILT, _MOST)], system=str(toolchain.folder)
    )
    said = BuildOutput(done.stdout, done.exit)
    if done.exit != 0 or _BUILT not in done.files:
        return Built(said, exceeded=done.exceeded, seconds=done.seconds)
    built = Built(said, tuple(_modules(done.files[_BUILT])), seconds=done.seconds)
    _keep(cache / key, built)
    return built


def _sources(name: str, files: Sequence[NamedFile]) -> tuple[str, tuple[NamedFile, ...]]:
    """The folder to build in, and the files that are there: a ``.c`` file alone gets the Kbuild that it needs."""
    if not name.endswith(".c"):
        return name, tuple(file for file in files if file.path.startswith(f"{name}/"))
    folder = posixpath.dirname(name) or "."
    own = next(file for file in files if posixpath.normpath(file.path) == name)
    line = f"obj-m := {posixpath.basename(name)[:-2]}.o\n"
    return folder, (own, NamedFile(posixpath.normpath(f"{folder}/Kbuild"), line.encode()))


def _key(toolchain: Toolchain, name: str, files: Sequence[NamedFile]) -> str:
    described = [name, _SCRIPT, toolchain.identity(), sandbox.identity()]
    content = [(file.path, hashlib.sha256(file.content).hexdigest(), file.executable) for file in files]
    return hashlib.sha256(json.dumps([described, sorted(content)]).encode()).hexdigest()[:32]


def _modules(archive: bytes) -> Iterable[NamedFile]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
        for member in members:
            source = members.extractfile(member) if member.isfile() else None
            if source is not None:
                yield NamedFile(posixpath.normpath(member.name), source.read())


def _kept(place: Path) -> Built | None:
    """What was built before; None where it is not there, or not as it was written."""
    try:
        content = place.read_bytes()
        digest, _, rest = content.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() != digest:
            return None
        said, _, archive = rest.partition(b"\0")
        return Built(BuildOutput(said, 0), tuple(_modules(archive)))
    except (OSError, tarfile.TarError):
        return None


def _keep(place: Path, built: Built) -> None:
    """Keeps what was built; a cache that cannot be written is none, and nothing worse."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as members:
        for file in built.modules:
            member = tarfile.TarInfo(file.path)
            member.size = len(file.content)
            members.addfile(member, io.BytesIO(file.content))
    rest = built.build.text.replace(b"\0", b"") + b"\0" + archive.getvalue()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
    except OSError:
        return
    kept = sorted(place.parent.iterdir(), key=os.path.getmtime)
    for old in kept[:-_ENTRIES]:
        old.unlink(missing_ok=True)
