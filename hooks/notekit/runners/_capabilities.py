"""What an example may say that it needs (``needs="git>=2.30 kvm"``), probed by using it in the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from notekit import guest, sandbox
from notekit.model import Example

#: The executable that a capability stands for; each tells its version with ``--version``.
TOOL_OF: Mapping[str, str] = {
    "bash": "bash",
    "clang": "clang",
    "fish": "fish",
    "gcc": "gcc",
    "gdb": "gdb",
    "git": "git",
    "jq": "jq",
    "make": "make",
    "nasm": "nasm",
    "perl": "perl",
    "python": "python3",
    "qemu": "qemu-system-x86_64",
    "uml": "linux.uml",
}
#: Debian's package of a tool, where it has another name.
_PACKAGES: Mapping[str, str] = {
    "as": "binutils",
    "bwrap": "bubblewrap",
    "jsonschema": "python3-jsonschema",
    "ld": "binutils",
    "linux.uml": "user-mode-linux",
    "objcopy": "binutils",
    "qemu-system-x86_64": "qemu-system-x86",
    "sh": "dash",
}
#: What a sandboxed process on the host never has.
_NOT_ON_HOST: Mapping[str, str] = {
    "kmod": "loading a kernel module needs runner=guest",
    "kvm": "/dev/kvm needs runner=guest or runner=machine",
    "root": "root needs runner=guest",
}
# For a guest, too, these are this machine's: what runs it, and what compiles C for it.
_PREPARING = frozenset({"gcc", "qemu"})
#: What every guest has.
IN_GUEST = frozenset({"kmod", "root"})
CAPABILITIES = frozenset(TOOL_OF) | frozenset(_NOT_ON_HOST)

_NEED = re.compile(r"([a-z][a-z0-9-]*)(?:>=(\d+(?:\.\d+)*))?")


def package_of(tool: str) -> str:
    """The package of Debian that brings a tool."""
    return _PACKAGES.get(tool, tool)


def names(examples: Iterable[Example]) -> tuple[str, ...]:
    """The capabilities that examples need and that are executables, without their versions."""
    return tuple(name for example in examples for name, _ in map(_split, example.needs) if name in TOOL_OF)


def used(example: Example, versions: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The capabilities that an example says it needs, and those whose tool it ran with, sorted."""
    tools = {tool for tool, _ in versions}
    needed = {name for name, _ in map(_split, example.needs)}
    return tuple(sorted(needed | {name for name, tool in TOOL_OF.items() if tool in tools}))


def lacking(examples: Iterable[Example]) -> str | None:
    """The first need that the sandbox does not meet, and the cure; None where all are met."""
    for example in examples:
        for name, least in map(_split, example.needs):
            reason = _unmet(name, least, example.runner)
            if reason:
                return reason
    return None


def _split(need: str) -> tuple[str, str | None]:
    found = _NEED.fullmatch(need)
    return (found[1], found[2]) if found else (need, None)


def _unmet(name: str, least: str | None, where: str) -> str | None:
    if where == "guest" and name in IN_GUEST:
        return None
    if where == "guest" and name not in _PREPARING and TOOL_OF.get(name) not in guest.image("cloud").owners:
        return f"no guest has {'/dev/kvm' if name == 'kvm' else name} in this version"
    if name not in TOOL_OF:
        return _NOT_ON_HOST.get(name, f"the capability {name} is unknown")
    version = _guest_version(TOOL_OF[name]) if where == "guest" and name not in _PREPARING else _version(TOOL_OF[name])
    if version is None:
        return f"{TOOL_OF[name]} does not run here; apt-get install {package_of(TOOL_OF[name])}"
    if least and _numbers(version) < _numbers(least):
        return f"{TOOL_OF[name]} is version {version}; {least} or later is needed"
    return None


def _guest_version(tool: str) -> str | None:
    """As Debian numbers it, without the epoch."""
    image = guest.image("cloud")
    found = re.search(r"(?:\d+:)?(\d+(?:\.\d+)+)", image.versions[image.owners[tool]])
    return found[1] if found else None


@cache
def _version(tool: str) -> str | None:
    done = sandbox.execute([tool, "--version"], merge_output=True)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout.decode("utf-8", "replace"))
    return found[0] if done.exit == 0 and found else None


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:  # 12.0 is not later than 12
        numbers.pop()
    return tuple(numbers)
