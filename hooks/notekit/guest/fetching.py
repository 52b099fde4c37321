"""Debian's packages, fetched by apt into a folder of ours, as any user; nothing of this system is read or changed.

apt checks each list and package against the archive's key, resumes what was cut off, and fetches nothing that is
there. It works from a status file in which only what the guest never needs is installed, so that it finds all
dependencies, whatever this machine has.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notekit.guest.commands import run
from notekit.guest.errors import GuestError

RELEASE = "bookworm"
MIRROR = "http://deb.debian.org"
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/etc/apt/trusted.gpg.d/debian-archive-bookworm-stable.gpg",
)
#: What packages depend on for their own installation, which does not take place.
UNWANTED = (
    *("adduser", "base-passwd", "debconf", "dpkg", "initramfs-tools", "install-info", "libpam-modules"),
    *("libpam-runtime", "linux-base", "passwd", "perl", "perl-base", "sensible-utils", "ucf", "udev", "usrmerge"),
)
_INSTALLED = (
    "Package: {}\nStatus: install ok installed\nVersion: 9:9\nArchitecture: amd64\nMulti-Arch: {}\nMaintainer: -\n"
)
_INST = re.compile(r"Inst (\S+) \((\S+) .*\[(\w+)\]\)")
_STATUS = re.compile(r"dlstatus:\d+:([\d.]+):")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A package of Debian that was fetched: ``path`` is its file."""

    name: str
    version: str
    path: Path


def fetch(folder: Path, names: Iterable[str], say: Say) -> tuple[Package, ...]:
    """The packages and all that they depend on, each fetched unless it is in the folder; sorted.

    Raises GuestError, in one line, where there is no apt, no way to the archive, or no room.
    """
    apt, wanted = _Apt(folder), tuple(names)
    try:
        found = apt.simulate(wanted)
    except GuestError:
        apt.update(say)
        found = apt.simulate(wanted)
    if _missing(found):
        try:
            apt.download(wanted, say)
        except GuestError:  # the lists may be of versions that the archive has replaced since
            apt.update(say)
            found = apt.simulate(wanted)
            apt.download(wanted, say)
    if lost := _missing(found):
        raise GuestError(f"Debian's packages cannot be fetched: apt left no {', '.join(lost)}; try again")
    return found


def _missing(found: Iterable[Package]) -> list[str]:
    return [package.name for package in found if not package.path.is_file()]


class _Apt:
    """apt, with all that it reads and writes of its own in one folder."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("apt-get") is None:
            raise GuestError("the guest is made of Debian's packages, and apt-get is not installed; apt-get is in apt")
        keyring = next((path for path in KEYRINGS if os.path.isfile(path)), None)
        if keyring is None:
            raise GuestError("the key of Debian's archive is not installed; apt-get install debian-archive-keyring")
        self._folder = folder.absolute()
        mirror = os.environ.get("PAGEWALK_DEBIAN", MIRROR).rstrip("/")
        for name in ("lists/partial", "archives/partial"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        installed = [(name, "allowed" if name == "perl" else "foreign") for name in UNWANTED]
        (self._folder / "status").write_text("\n".join(_INSTALLED.format(*one) for one in installed))
        (self._folder / "sources.list").write_text(
            "".join(
                f"deb [arch=amd64 signed-by={keyring}] {mirror}/{archive} {suite} main\n"
                for archive, suite in (("debian", RELEASE), ("debian-security", f"{RELEASE}-security"))
            )
        )

    def simulate(self, names: Iterable[str]) -> tuple[Package, ...]:
        """What an installation would bring."""
        said = self._run("apt-get", "--simulate", "install", *names)
        found = [Package(name, version, self._file(name, version, of)) for name, version, of in _INST.findall(said)]
        return tuple(sorted(found))

    def update(self, say: Say) -> None:
        """Fetches the lists of packages, where they have changed."""
        say("reading the lists of Debian's packages")
        self._run("apt-get", "--error-on=any", "update")

    def download(self, names: Iterable[str], say: Say) -> None:
        """Fetches what is not there yet."""
        said = 0
        with tempfile.TemporaryFile() as status:

            def tell() -> None:
                nonlocal said
                status.seek(0)
                percent = [float(one) for one in _STATUS.findall(status.read().decode("ascii", "replace"))]
                if percent and percent[-1] >= said + 10:
                    said = int(percent[-1] // 10 * 10)
                    say(f"fetching Debian's packages: {said} %")

            say("fetching Debian's packages")
            option = f"APT::Status-Fd={status.fileno()}"
            words = ("--download-only", "-o", option, "install", *names)
            self._run("apt-get", *words, meanwhile=tell, descriptors=[status.fileno()])

    def _file(self, name: str, version: str, architecture: str) -> Path:
        return self._folder / "archives" / f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"

    def _run(self, tool: str, *arguments: str, **more: Any) -> str:
        here = {
            "Dir::State": f"{self._folder}",
            "Dir::State::status": f"{self._folder}/status",
            "Dir::State::Lists": f"{self._folder}/lists",
            "Dir::Cache": f"{self._folder}",
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "Dir::Etc::sourcelist": f"{self._folder}/sources.list",
            "Dir::Etc::sourceparts": "-",
            "Dir::Etc::preferencesparts": "-",
            "APT::Architecture": "amd64",
            "APT::Architectures": "amd64",
            "APT::Install-Recommends": "false",
            # As root apt would fetch as its own user, who may not write here.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "30",
            "Debug::NoLocking": "true",
        }
        options = [word for name, value in here.items() for word in ("-o", f"{name}={value}")]
        try:
            return run([tool, *options, "-y", "-q", *arguments], **more)
        except GuestError as error:
            raise GuestError(f"Debian's packages cannot be fetched: {error}") from error
