"""The guests of this process: where they are kept, and each image and template, made or loaded when first asked for."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from notekit.guest import making, modules, qemu, talk, template
from notekit.guest.errors import GuestError
from notekit.guest.fetching import Say
from notekit.guest.making import Image
from notekit.guest.modules import Built, Toolchain
from notekit.guest.template import Template
from notekit.model import PLAIN, Machine, NamedFile
from notekit.sandbox import SandboxError, tools

#: How many templates stay in memory where no example uses them: each takes what its guest had written to, 200 MiB.
KEPT = 3


@dataclass(slots=True)
class _Loaded:
    template: Template
    users: int = 0


@dataclass(slots=True)
class _State:
    """``found`` are the images, or why there are none; ``loaded`` the templates, the one used last at the end."""

    folder: Path | None = None
    say: Say = making.to_standard_error
    found: dict[str, Image | GuestError] = field(default_factory=dict)
    toolchains: dict[str, Toolchain | GuestError] = field(default_factory=dict)
    loaded: OrderedDict[Machine, _Loaded] = field(default_factory=OrderedDict)
    broken: dict[Machine, GuestError] = field(default_factory=dict)
    probed: str | None = None
    asking: threading.Lock = field(default_factory=threading.Lock)


_state = _State()
_lock = threading.RLock()
_making: dict[Machine, threading.Lock] = {}


def settle(folder: Path, say: Say | None = None) -> None:
    """Says where guests are kept from now on, and who is told of what takes its time."""
    with _lock:
        if folder != _state.folder:
            _forget()
        _state.folder = folder
        _state.say = say or making.to_standard_error


def look_again() -> None:
    """Forgets what could not be had: it may be there now."""
    with _lock:
        _state.found = {name: one for name, one in _state.found.items() if isinstance(one, Image)}
        _state.toolchains = {name: one for name, one in _state.toolchains.items() if isinstance(one, Toolchain)}
        _state.broken.clear()
        _state.probed = None


def _forget() -> None:
    _state.found.clear()
    _state.toolchains.clear()
    _state.broken.clear()
    _state.probed = None
    for one in _state.loaded.values():
        if not one.users:
            _close(one.template)
    _state.loaded.clear()


def folder() -> Path:
    """Where guests are kept: as was settled; else ``PAGEWALK_GUEST``, or ``.cache/guest`` of the current folder."""
    return _state.folder or Path(os.environ.get("PAGEWALK_GUEST") or ".cache/guest").absolute()


def image(flavour: str) -> Image:
    """The image of that kernel. Raises GuestError, the same one each time, where it cannot be made."""
    with _lock:
        if flavour not in _state.found:
            try:
                _state.found[flavour] = making.make(folder(), flavour, _state.say)
            except GuestError as error:
                _state.found[flavour] = error
        found = _state.found[flavour]
    if isinstance(found, GuestError):
        raise GuestError(str(found))
    return found


def toolchain(flavour: str) -> Toolchain:
    """What builds modules for that kernel. Raises GuestError, the same one each time, where it cannot be made."""
    with _lock:
        if flavour not in _state.toolchains:
            try:
                _state.toolchains[flavour] = modules.make(folder(), image(flavour), _state.say)
            except GuestError as error:
                _state.toolchains[flavour] = error
        found = _state.toolchains[flavour]
    if isinstance(found, GuestError):
        raise GuestError(str(found))
    return found


def build(machine: Machine, names: Sequence[str], files: Sequence[NamedFile]) -> tuple[Built, ...]:
    """The named modules, folders or sources among the files, built for the machine's kernel.

    Raises GuestError, and SandboxError where the build could not be run.
    """
    return modules.build(folder() / "modules", toolchain(machine.kernel), names, files)


def qemu_version() -> str:
    """QEMU's. Raises GuestError where it is not installed."""
    found = tools.version_of(qemu.PROGRAM)
    if found is None:
        raise GuestError(f"{qemu.PROGRAM} is not installed; apt-get install qemu-system-x86")
    return found


def identity(machine: Machine) -> str:
    """16 hexadecimal digits: a digest of what a guest is made of, QEMU included. Raises GuestError."""
    return template.key(machine, image(machine.kernel), qemu_version())


@contextlib.contextmanager
def borrowed(machine: Machine) -> Iterator[Template]:
    """The template of a machine, in memory until the end of the block at least. Raises GuestError."""
    with _lock:
        making_it = _making.setdefault(machine, threading.Lock())
    with making_it:
        one = _taken(machine) or _load(machine)
    try:
        yield one.template
    finally:
        with _lock:
            one.users -= 1
            _make_room()


def _taken(machine: Machine) -> _Loaded | None:
    with _lock:
        if machine in _state.broken:
            raise GuestError(str(_state.broken[machine]))
        one = _state.loaded.get(machine)
        if one:
            one.users += 1
            _state.loaded.move_to_end(machine)
        return one


def _load(machine: Machine) -> _Loaded:
    try:
        found = template.load(folder(), machine, image(machine.kernel), qemu_version(), _state.say)
    except GuestError as error:
        with _lock:
            _state.broken[machine] = error
        raise
    one = _Loaded(found, users=1)
    with _lock:
        _state.loaded[machine] = one
    return one


def _make_room() -> None:
    idle = [machine for machine, one in _state.loaded.items() if not one.users]
    for machine in idle[: max(0, len(_state.loaded) - KEPT)]:
        _close(_state.loaded.pop(machine).template)


def _close(found: Template) -> None:
    os.close(found.memory)
    os.close(found.state)


def probe() -> str | None:
    """None where a guest runs here, found out by running one, once; otherwise why not, and what helps, in one line."""
    with _lock:
        asking = _state.asking
    with asking:
        if _state.probed is None:
            _state.probed = _probe() or ""
        return _state.probed or None


def _probe() -> str | None:
    try:
        with borrowed(PLAIN) as found:
            done = talk.run(found, ["true"])
    except (GuestError, SandboxError) as error:
        return str(error)
    if done.exit == 0:
        return None
    return f"the guest starts, but `true` in it ended with {done.gone or done.exceeded or done.exit}"
