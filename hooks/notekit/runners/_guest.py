"""What runners in a guest share: what they need, which versions they run with, what became of a guest as an Output."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from notekit import guest, sandbox
from notekit.guest import Done, GuestError, Template
from notekit.model import Example, Machine, Unit
from notekit.runners import _capabilities
from notekit.runners._contract import Runner
from notekit.runners._words import words_of, words_of_scripts
from notekit.sandbox import Limits, tools


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
            return tuple(sorted({**found, **dict(tools.versions(self.host_tools(unit)))}.items()))
        return ()

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
        return found

    def _lacking(self, unit: Unit) -> str | None:
        for tool in self.needed(unit):
            if tools.resolve(tool) is None:
                return f"{tool} is not installed; apt-get install {_capabilities.package_of(tool)}"
        return sandbox.probe() or probe() or _capabilities.lacking(unit.examples)


def probe() -> str | None:
    """Whether a guest runs here at all."""
    return guest.probe()


def machine_of(unit: Unit) -> Machine:
    """The machine of a unit: that of its first example, which those of a session share."""
    return unit.examples[0].machine


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


def broken(done: Done) -> str | None:
    """Why the guest ended before its time; None where it did not."""
    return done.gone or None


def log(done: Done) -> str:
    """What its kernel said last, where the guest or a limit ended it."""
    return done.console
