"""What runners in a guest share: what they need, which versions they run with, what became of a guest as an Output."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from notekit import guest, sandbox
from notekit.guest import GuestError, Template, userland
from notekit.match import printable
from notekit.model import BuildOutput, Example, Exceeded, Machine, NamedFile, Output, Unit
from notekit.runners import _capabilities
from notekit.runners._contract import Runner
from notekit.runners._words import words_of, words_of_scripts
from notekit.sandbox import Limits, tools

_BUILDERS = r"gcc-\d+|make|linux-headers-.*amd64"


class GuestRunner(Runner):
    """Runs units in a guest of their own, as root and as its ordinary user."""

    where = "guest"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """QEMU."""
        return (guest.PROGRAM,)

    def tool_versions(self, unit: Unit) -> tuple[tuple[str, str], ...]:
        """QEMU's and the kernel's, and those of the guest's own programs that the unit calls.

        None where there is no guest: then nothing of the unit can be in the store either.
        """
        with contextlib.suppress(GuestError):
            image = guest.image(machine_of(unit).kernel)
            kernel = f"linux-image-{image.release}"
            called = [(word, image.versions[image.owners[word]]) for word in self.words(unit) if word in image.owners]
            found = {guest.PROGRAM: guest.qemu_version(), kernel: image.versions[kernel], **dict(called)}
            if modules_of(unit):
                compiler = guest.toolchain(machine_of(unit).kernel).versions
                found |= {name: version for name, version in compiler.items() if re.fullmatch(_BUILDERS, name)}
            return tuple(sorted({**found, **dict(tools.versions(self.host_tools(unit)))}.items()))
        return ()

    def packages_at_home(self, unit: Unit) -> tuple[str, ...]:
        """Those of the guest's programs that the unit calls, for a person calls them as root; and what prepares it."""
        found = set(self.host_tools(unit)[:1])
        with contextlib.suppress(GuestError):
            image = guest.image(machine_of(unit).kernel)
            found |= {image.owners[word] for word in self.words(unit) if word in image.owners}
        return tuple(sorted(found - userland.ESSENTIAL))

    def words(self, unit: Unit) -> tuple[str, ...]:
        """The programs of the guest that the unit calls."""
        commands = (word for one in unit.examples for command in one.commands for word in words_of(command.text))
        return tuple(dict.fromkeys((*self.interpreters(unit), *words_of_scripts(unit.examples), *commands)))

    def interpreters(self, unit: Unit) -> tuple[str, ...]:
        """The programs of the guest that run the unit itself."""
        return ()

    def host_tools(self, unit: Unit) -> tuple[str, ...]:
        """The programs of this machine that prepare the unit."""
        return ()

    def limits(self, unit: Unit) -> tuple[Limits, ...]:
        """Those of each example."""
        return tuple(limits_of(example) for example in unit.examples)

    def environment(self, unit: Unit) -> dict[str, str]:
        """All that the unit is confined with: the guest's digest, its machine, limits. Part of the store's key."""
        found = {"limits": "; ".join(str(one) for one in self.limits(unit)), "machine": str(machine_of(unit))}
        with contextlib.suppress(GuestError):
            found["guest"] = guest.identity(machine_of(unit))
            if modules_of(unit):
                found["toolchain"] = guest.toolchain(machine_of(unit).kernel).identity()
                found["modules"] = shlex.join(modules_of(unit))
        return found

    def lacking(self, unit: Unit) -> str | None:
        """QEMU, a guest at all, what builds its modules, or what its examples need beside."""
        for tool in self.needed(unit):
            if tools.resolve(tool) is None:
                return f"{tool} is not installed; apt-get install {_capabilities.package_of(tool)}"
        return sandbox.probe() or guest.probe() or _no_modules(unit) or _capabilities.lacking(unit.examples)


def _no_modules(unit: Unit) -> str | None:
    if modules_of(unit):
        try:
            guest.toolchain(machine_of(unit).kernel)
        except GuestError as error:
            return str(error)
    return None


def machine_of(unit: Unit) -> Machine:
    """The machine of a unit: that of its first example, which those of a session share."""
    return unit.examples[0].machine


def modules_of(unit: Unit) -> tuple[str, ...]:
    """The kernel modules that are built for a unit, as its first example names them."""
    return unit.examples[0].modules


@dataclass(frozen=True, slots=True)
class Modules:
    """What was built for a unit: ``build`` is all that the builds said, None where there are none."""

    build: BuildOutput | None = None
    files: tuple[NamedFile, ...] = ()
    exceeded: Exceeded | None = None
    seconds: float = 0.0

    def failures(self, unit: Unit) -> tuple[Output, ...]:
        """An Output for each example where a build failed; else none."""
        if self.build is None or self.build.exit == 0:
            return ()
        how = f"make -C /lib/modules/$(uname -r)/build M=$PWD/{modules_of(unit)[0]} modules"
        return tuple(
            Output(build=self.build, exceeded=self.exceeded, how=how, seconds=self.seconds) for _ in unit.examples
        )


def built(unit: Unit) -> Modules:
    """Builds the modules of a unit. Raises SandboxError where that cannot be done here."""
    names = modules_of(unit)
    if not names:
        return Modules()
    try:
        found = guest.build(machine_of(unit), names, unit.examples[0].files)
    except GuestError as error:
        raise sandbox.SandboxError(str(error)) from error
    return Modules(
        BuildOutput(b"".join(one.build.text for one in found), found[-1].build.exit),
        tuple(file for one in found for file in one.modules),
        found[-1].exceeded,
        sum(one.seconds for one in found),
    )


def complaint(modules: Modules) -> str:
    """What a build of modules that failed said; empty where none did."""
    failed = modules.build and modules.build.exit != 0
    return "\n".join(printable(modules.build.text)) if modules.build and failed else ""


@contextlib.contextmanager
def template(unit: Unit) -> Iterator[Template]:
    """The template of the unit's machine. Raises SandboxError where there is none, although guests do run here."""
    try:
        with guest.borrowed(machine_of(unit)) as found:
            yield found
    except GuestError as error:
        raise sandbox.SandboxError(str(error)) from error


def limits_of(example: Example) -> Limits:
    """The guest's default limits, with the example's own time."""
    seconds = guest.DEFAULTS.seconds if example.timeout is None else example.timeout
    return Limits(seconds=seconds, output=guest.DEFAULTS.output)
