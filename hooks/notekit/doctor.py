"""What this machine has of all that notes may use, found out by using it: each language runs a tiny program."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from notekit import runners, sandbox, verify
from notekit.model import Command, Example, Expectation, NamedFile, Place, Result, Unit
from notekit.sandbox import tools

Kind = Literal["sandbox", "guest", "machine", "language", "capability"]

# A program that prints nothing and ends with 0. In a language that is not here an empty one does that.
_PROGRAMS: Mapping[str, str] = {
    "c": "#include <stdio.h>\nint main(void) { return fflush(stdout); }\n",
    "json": "{}\n",
    "asm": "ret\n",
}
_NO_SANDBOX = "the sandbox does not work"
_NO_GUEST = "no guest runs here"
_MODULE = """#include <linux/module.h>
static int __init probe_init(void) { return 0; }
static void __exit probe_exit(void) { }
module_init(probe_init);
module_exit(probe_exit);
MODULE_LICENSE("GPL");
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that notes may use: whether it works here.

    ``version`` tells which it is (empty where it is not there), ``reason`` why it does not work. ``packages`` are
    Debian's that would bring it; none where a package does not help. ``examples`` counts those that use it.
    """

    kind: Kind
    name: str
    works: bool
    version: str = ""
    reason: str = ""
    packages: tuple[str, ...] = ()
    examples: int = 0


def examine(examples: Iterable[Example]) -> Iterator[Finding]:
    """The sandbox, the guest, then each language, then each capability, as each is found out.

    ``examples`` are those of the project, to be counted. Raises sandbox.Stopped after ``sandbox.kill_all``.
    """
    found = tuple(examples)
    reason = sandbox.probe() or ""
    absent = tools.resolve("bwrap") is None
    yield Finding(
        kind="sandbox",
        name="sandbox",
        works=not reason,
        version=_versions(("bwrap",)),
        reason=reason,
        packages=_packages(("bwrap",)) if absent else (),
        examples=sum(example.runner == "host" and example.run != "no" for example in found),
    )
    in_guest = _guest(bool(reason), sum(example.runner == "guest" and example.run != "no" for example in found))
    yield in_guest
    yield _machine(bool(reason), sum(example.runner == "machine" and example.run != "no" for example in found))
    for language in sorted(runners.by_language()):
        used = sum(one.language == language and one.runner == "host" and one.run != "no" for one in found)
        yield _language(language, bool(reason), used)
    for name in sorted(runners.CAPABILITIES):
        used = sum(any(need.partition(">=")[0] == name for need in example.needs) for example in found)
        if name in runners.IN_GUEST:
            yield _in_guest(name, in_guest.works, used)
        else:
            yield _capability(name, bool(reason), used)


def packages(findings: Iterable[Finding]) -> tuple[str, ...]:
    """All packages that would bring what is missing, sorted, each once."""
    return tuple(sorted({package for finding in findings for package in finding.packages}))


def install(missing: tuple[str, ...]) -> str:
    """The one command that brings the packages; empty where there are none, or no apt-get to bring them."""
    if not missing or shutil.which("apt-get") is None:
        return ""
    return shlex.join((*(() if os.geteuid() == 0 else ("sudo",)), "apt-get", "install", *missing))


def _language(language: str, unconfined: bool, used: int, where: str = "host") -> Finding:
    example = replace(_program(language), runner=where)
    runner = runners.for_example(example)
    unit = Unit((example,))
    needed = runner.needed(unit)
    absent = tuple(tool for tool in needed if tools.resolve(tool) is None)
    (output,) = runner.run(unit)
    reason = _complaint(verify.verify(example, output))
    missing = absent
    if unconfined and needed and not absent:
        reason = _NO_SANDBOX
    elif reason and not absent:
        missing = tuple(package for tool in needed for package in runners.BESIDE.get(tool, ()))
    return Finding(
        kind="language",
        name=language,
        works=not reason,
        version=_versions(needed) if needed else runner.version,
        reason=reason,
        packages=_packages(missing),
        examples=used,
    )


def _guest(unconfined: bool, used: int) -> Finding:
    """A guest, tried by running one; its examples are not those that run on the host."""
    example = replace(_program("console"), runner="guest")
    runner, unit = runners.for_example(example), Unit((example,))
    absent = tuple(tool for tool in runner.needed(unit) if tools.resolve(tool) is None)
    reason = f"{absent[0]} is not installed" if absent else _NO_SANDBOX if unconfined else runners.without_guest()
    versions = () if reason else runner.tool_versions(unit)
    return Finding(
        kind="guest",
        name="guest",
        works=not reason,
        version=", ".join(f"{name} {version}" for name, version in versions),
        reason=_without_cure(reason or ""),
        packages=_packages(absent),
        examples=used,
    )


def _machine(unconfined: bool, used: int) -> Finding:
    """A bare machine, tried by assembling and running a program on one."""
    found = _language("asm", unconfined, used, "machine")
    return replace(found, kind="machine", name="machine")


def _in_guest(name: str, works: bool, used: int) -> Finding:
    """What a guest alone has: root, and modules, of which one is built and loaded."""
    command = Command("insmod probe.ko && rmmod probe", 1, Expectation((), 1), root=True)
    example = replace(
        _program("console"),
        runner="guest",
        commands=(command,),
        files=(NamedFile("probe.c", _MODULE.encode()),),
        modules=("probe.c",),
    )
    reason = "" if works else _NO_GUEST
    if works and name == "kmod":
        (output,) = runners.for_example(example).run(Unit((example,)))
        reason = _complaint(verify.verify(example, output))
    return Finding(
        kind="capability",
        name=name,
        works=not reason,
        version="" if reason else "in a guest",
        reason=reason,
        examples=used,
    )


def _program(language: str) -> Example:
    command = Command("true", 1, Expectation((), 1))
    return Example(
        note="doctor",
        name="probe",
        id="probe",
        language=language,
        place=Place("doctor", 1),
        document="",
        runner="host",
        commands=(command,) if language == "console" else (),
        code=_PROGRAMS.get(language, ""),
    )


def _complaint(result: Result) -> str:
    """Why a probe did not pass, in one line; empty where it did."""
    if not result.failures:
        return _without_cure(result.reason)
    failure = result.failures[0]
    return " ".join((failure.message, *(line[1:] for line in failure.diff if line.startswith("+"))))


def _capability(name: str, unconfined: bool, used: int) -> Finding:
    tool = runners.TOOL_OF.get(name)
    needed = (tool,) if tool else ()
    absent = tuple(one for one in needed if tools.resolve(one) is None)
    if absent:
        reason = f"{tool} is not installed"
    elif tool and unconfined:
        reason = _NO_SANDBOX
    else:
        reason = _without_cure(runners.lacking((replace(_program("console"), needs=(name,)),)) or "")
    return Finding(
        kind="capability",
        name=name,
        works=not reason,
        version=_versions(needed),
        reason=reason,
        packages=_packages(absent),
        examples=used,
    )


def _without_cure(reason: str) -> str:
    """What is wrong. The one command at the end takes the place of each single cure."""
    return reason.partition("; ")[0]


def _versions(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {version}" for name, version in tools.versions(names))


def _packages(names: tuple[str, ...]) -> tuple[str, ...]:
    """Debian's packages of tools, with what a tool is of little use without."""
    return tuple(package for name in names for package in (runners.package_of(name), *runners.BESIDE.get(name, ())))
