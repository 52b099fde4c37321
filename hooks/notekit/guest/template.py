"""Templates: a guest that was booted once and saved, from which any number of clones start where it stood.

``memory`` is all of the guest's, ``state`` what QEMU saved beside it. Both lie in memory while a build lasts, sealed:
a clone maps the one privately and reads the other, and neither it nor QEMU can change what others will start from.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notekit.guest import qemu, shells
from notekit.guest.errors import GuestError
from notekit.guest.fetching import Say
from notekit.guest.making import Image, complete_folder, keep_latest, locked
from notekit.guest.vm import Ended, Vm
from notekit.model import Machine
from notekit.sandbox import MIB
from notekit.sandbox.launch import seal

#: Seconds within which a guest must have booted. 3 s on an idle core (measured); a busy machine has 20 times as long.
BOOT = 120.0
#: How many are kept, those used last: each takes about 100 MB.
TEMPLATES = 16
_MANIFEST = "template.json"
_ZEROS = bytes(MIB)


@dataclass(frozen=True, slots=True)
class Template:
    """A saved guest: descriptors of sealed files in memory, which are the process's for as long as it lives."""

    machine: Machine
    image: Image
    memory: int
    state: int


def key(machine: Machine, image: Image, qemu_version: str) -> str:
    """16 hexadecimal digits: which template it is, by QEMU, kernel, initramfs and arguments."""
    given = qemu.Descriptors(0, 0, 0, 0, 0, 0, 0 if machine.disk else None)
    words = qemu.arguments(machine, given, now=0, incoming=False)
    described = json.dumps([qemu_version, image.identity, asdict(machine), words], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def load(folder: Path, machine: Machine, image: Image, qemu_version: str, say: Say) -> Template:
    """The template: the one that lies in the folder, or a new one.

    One that is damaged or cut short is made anew. Of several builds at a time one makes it and the others wait.
    Raises GuestError, with nothing half-made left.
    """
    name = key(machine, image, qemu_version)
    place = folder / "templates" / name
    found = _read(place, machine, image)
    try:
        if found is None:
            with locked(folder / "templates", f"-{name}"):
                found = _read(place, machine, image)
                if found is None:
                    say("booting a guest once, for all that start from it")
                    _make(place, machine, image)
                    found = _read(place, machine, image)
    except OSError as error:
        raise GuestError(f"{place}: the guest cannot be saved there ({error.strerror})") from error
    if found is None:
        raise GuestError(f"{place}: what was saved there cannot be read back; look at the disk")
    return found


def _read(place: Path, machine: Machine, image: Image) -> Template | None:
    """The template in a folder; None where there is none, or one that is not as it was written."""
    opened: list[int] = []
    try:
        manifest = json.loads((place / _MANIFEST).read_text(encoding="ascii"))
        for name in ("memory", "state"):
            opened.append(_in_memory(place / name, manifest[name]))
        os.utime(place)
        return Template(machine, image, *opened)
    except (OSError, ValueError, LookupError, TypeError):
        for descriptor in opened:
            os.close(descriptor)
        return None


def _in_memory(path: Path, digest: str) -> int:
    """A sealed copy of a file in memory. Raises ValueError where its digest is another."""
    descriptor = os.memfd_create(f"guest-{path.name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        found = hashlib.sha256()
        with path.open("rb", buffering=0) as source:
            os.ftruncate(descriptor, os.fstat(source.fileno()).st_size)
            for start, part in _blocks(source.fileno()):
                found.update(start.to_bytes(8) + part)
                os.pwrite(descriptor, part, start)
        if found.hexdigest() != digest:
            raise ValueError(f"{path} is not as it was written")
        seal(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _blocks(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """(where it stands, what it holds) of each MiB of a file that is not all zeros; holes are not read."""
    end = os.fstat(descriptor).st_size
    at = 0
    while at < end:
        try:
            at = os.lseek(descriptor, at, os.SEEK_DATA) // MIB * MIB
        except OSError:  # ENXIO: only a hole is left
            return
        block = os.pread(descriptor, MIB, at)
        if block != _ZEROS[: len(block)]:
            yield at, block
        at += MIB


def _make(place: Path, machine: Machine, image: Image) -> None:
    with ExitStack() as stack:
        memory, state = (_memory_file(name, stack) for name in ("ram", "state"))
        os.ftruncate(memory, machine.memory * MIB)
        kernel, initramfs = (_opened(path, stack) for path in (image.kernel, image.initramfs))
        with Vm(machine, memory, kernel, initramfs) as vm:
            _await(vm, "H", 1)
            vm.send(shells.waiting())
            _await(vm, "N", len(shells.USERS))
            _save(vm, state)
        with complete_folder(place) as made:
            digests = {name: _write(made / name, source) for name, source in (("memory", memory), ("state", state))}
            described: Mapping[str, Any] = {**digests, "machine": asdict(machine), "release": image.release}
            (made / _MANIFEST).write_text(json.dumps(described, indent=1), encoding="ascii")
        keep_latest(place.parent, TEMPLATES)


def _memory_file(name: str, stack: ExitStack) -> int:
    descriptor = os.memfd_create(name)
    stack.callback(os.close, descriptor)
    return descriptor


def _opened(path: Path, stack: ExitStack) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    return descriptor


def _await(vm: Vm, kind: str, number: int) -> None:
    """Waits for as many frames of a kind."""
    try:
        until = time.monotonic() + BOOT
        while time.monotonic() < until:
            number -= sum(frame.kind == kind for frame in vm.hear(until))
            if number <= 0:
                return
    except Ended as error:
        raise GuestError(f"the guest does not boot: {error}") from error
    last = vm.console.decode("utf-8", "replace").strip().split("\n")[-1]
    raise GuestError(f"the guest has not booted within {BOOT:g} s; its console's last line: {last or 'none'}")


def _save(vm: Vm, state: int) -> None:
    """Has QEMU save the guest, but for its memory, which lies in our file already."""
    vm.command("qmp_capabilities")
    vm.command("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
    vm.command("getfd", pass_on=[state], fdname="state")
    vm.command("migrate", uri="fd:state")
    deadline = time.monotonic() + BOOT
    while (status := vm.command("query-migrate").get("status")) != "completed":
        if status in ("failed", "cancelled") or time.monotonic() > deadline:
            raise GuestError(f"QEMU cannot save the guest: {vm.command('query-migrate').get('error-desc', status)}")
        time.sleep(0.01)


def _write(path: Path, source: int) -> str:
    """Copies a file, holes and all, and gives the digest that ``_in_memory`` holds it against. Raises OSError."""
    found = hashlib.sha256()
    with path.open("wb", buffering=0) as target:
        target.truncate(os.fstat(source).st_size)
        for start, part in _blocks(source):
            found.update(start.to_bytes(8) + part)
            os.pwrite(target.fileno(), part, start)
        os.fsync(target.fileno())
    return found.hexdigest()


@contextmanager
def empty() -> Iterator[int]:
    """A file with nothing in it: the initramfs of a clone, which has unpacked its own."""
    descriptor = os.memfd_create("empty")
    try:
        yield descriptor
    finally:
        os.close(descriptor)
