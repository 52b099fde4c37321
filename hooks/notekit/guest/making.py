"""The kernel and the initramfs that a guest boots: made once from Debian's packages, kept in a folder, shared."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from notekit.files import sync_folder, write_whole
from notekit.guest import userland
from notekit.guest.commands import run
from notekit.guest.errors import GuestError
from notekit.guest.fetching import Say, fetch
from notekit.sandbox import stopping

_AGENT = Path(__file__).parent / "agent"
_MANIFEST = "guest.json"
_LOOK = 0.1
# Images take 70 MB each; more than one of each kernel is there while versions change.
_IMAGES = 4


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel and an initramfs, as files in ``folder``.

    ``identity`` is a digest of all that they are made of. ``release`` is the kernel's (``6.1.0-56-cloud-amd64``).
    ``versions`` are those of the packages; ``owners`` says which package each program is of, by its name.
    """

    folder: Path
    identity: str
    release: str
    versions: Mapping[str, str]
    owners: Mapping[str, str]

    @property
    def kernel(self) -> Path:
        """The kernel, as Debian compresses it."""
        return self.folder / "kernel"

    @property
    def initramfs(self) -> Path:
        """What the kernel unpacks, and its process 1."""
        return self.folder / "initramfs"


def make(folder: Path, flavour: str, say: Say) -> Image:
    """The image of that kernel (``cloud``, ``general``): the one in the folder, or a new one.

    Of several builds at a time one makes it and the others wait. Raises GuestError, with nothing half-made left.
    """
    recipe = _recipe(flavour)
    place = folder / "images" / f"{flavour}-{recipe}"
    found = _read(place)
    if found:
        return found
    try:
        with locked(folder):
            return _read(place) or _make(folder, place, flavour, say)
    except OSError as error:
        raise GuestError(f"{folder}: the guest cannot be made there ({error.strerror})") from error


def _read(place: Path) -> Image | None:
    """The image in a folder, where it is whole: its files have the sizes that the manifest states."""
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
        sizes = manifest.pop("sizes")
        image = Image(folder=place, **manifest)
        whole = all((place / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return image if whole else None


def _make(folder: Path, place: Path, flavour: str, say: Say) -> Image:
    package = userland.KERNELS[flavour]
    packages = fetch(folder / "apt", (*userland.PROGRAMS, package), say)
    say("making the guest's files")
    found, owners, kernel = userland.contents(packages)
    if not kernel:
        raise GuestError(f"Debian's {package} brings no kernel; remove {folder / 'apt'}, it will be fetched again")
    release = next(path.split("/")[3] for path in found if path.startswith("usr/lib/modules/"))
    initramfs = userland.image(found, agent())
    versions = {one.name: one.version for one in packages if one.name in {*owners.values()} or release in one.name}
    identity = hashlib.sha256(json.dumps([_recipe(flavour), sorted(versions.items())]).encode()).hexdigest()[:16]
    programs = {os.path.basename(path): owner for path, owner in owners.items() if "bin/" in path}
    image = Image(place, identity, release, versions, programs)
    with complete_folder(place) as made:
        write_whole(made / "kernel", kernel)
        write_whole(made / "initramfs", initramfs)
        sizes = {"kernel": len(kernel), "initramfs": len(initramfs)}
        described = {name: value for name, value in asdict(image).items() if name != "folder"}
        write_whole(made / _MANIFEST, json.dumps({**described, "sizes": sizes}, indent=1))
        for path in made.iterdir():
            path.chmod(0o644)  # QEMU runs as nobody where the builder is root
    keep_latest(place.parent, _IMAGES)
    return image


def keep_latest(parent: Path, number: int) -> None:
    """Removes all folders but those used last, by their own time, and what was begun by builds that were killed.

    Who reads one of them meanwhile finds it damaged, and makes it anew.
    """
    used = {}
    for path in parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another build removes it too
            used[path] = path.stat().st_mtime
    folders = sorted((path for path in used if path.is_dir()), key=used.__getitem__)
    for old in folders[:-number]:
        shutil.rmtree(old, ignore_errors=True)


@cache
def _recipe(flavour: str) -> str:
    """A digest of what decides, beside the packages' versions, what the guest holds: of our own code."""
    parts = [*sorted(_AGENT.iterdir()), Path(userland.__file__), _AGENT.parent / "cpio.py"]
    content = b"\0".join((flavour.encode(), *(path.read_bytes() for path in parts)))
    return hashlib.sha256(content).hexdigest()[:12]


def agent() -> bytes:
    """The guest's process 1, compiled by this machine's gcc into a program that needs no library."""
    with tempfile.TemporaryDirectory(prefix="pagewalk-agent-") as folder:
        program = Path(folder) / "agent"
        sources = map(str, sorted(_AGENT.glob("*.c")))
        run(["gcc", "-std=gnu17", "-O2", "-static", "-o", str(program), *sources])
        return program.read_bytes()


@contextlib.contextmanager
def locked(folder: Path, what: str = "") -> Iterator[None]:
    """Holds the lock of a folder, or of one thing in it, so that of two builds one makes what both need.

    Raises OSError, and Stopped after ``kill_all``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f".lock{what}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stopping.check()
                time.sleep(_LOOK)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def complete_folder(place: Path) -> Iterator[Path]:
    """A folder to fill: it stands at ``place``, in place of what was there, once all in it is whole; or not at all.

    The caller holds its lock. Raises OSError.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    new = f".new-{place.name}-"
    for left in place.parent.glob(f"{new}*"):  # of a build that was killed: this one holds the lock
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(dir=place.parent, prefix=new))
    try:
        yield made
        made.chmod(0o755)
        sync_folder(made)
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)
        sync_folder(place.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def to_standard_error(text: str) -> None:
    """Tells a person what takes its time."""
    print(f"guest: {text}", file=sys.stderr, flush=True)
