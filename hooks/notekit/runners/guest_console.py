"""Console blocks in a guest: ``# `` commands in a shell of root's, ``$ `` commands in one of an ordinary user's.

Both shells are in one guest, begin in one directory and print into one pipe; each is the console runner's bash, driven
in the same way. Only the shells that a unit's prompts ask for are there.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from notekit import guest
from notekit.guest import Step
from notekit.model import Command, Example, Output, Unit
from notekit.runners import _guest
from notekit.runners._opening import Opening
from notekit.runners.console import Talk, files_of
from notekit.sandbox import HOME, WORK, Execution
from notekit.sandbox.layout import USER_ID


class GuestConsoleRunner(_guest.GuestRunner):
    """Runs the commands of consoles, one after the other, in a guest."""

    name = "guest-console"
    languages = ("console",)

    def interpreters(self, unit: Unit) -> tuple[str, ...]:
        """bash."""
        return ("bash",)

    def start(self, unit: Unit) -> Sequence[Output]:
        """Runs all commands of the unit's blocks."""
        examples = unit.examples
        modules = _guest.built(unit)
        if failures := modules.failures(unit):
            return failures
        talk = Talk(examples, limits_of=_guest.limits_of)
        order = _Order(examples, talk)
        with _guest.template(unit) as template:
            done = guest.converse(
                template,
                order.users,
                talk.command,
                order,
                files=(*files_of(examples), *modules.files),
                limits=_guest.limits_of(examples[0]),
                new=guest.are_needed_new(command.text for one in examples for command in one.commands),
            )
        ran = Execution(done.stdout, b"", done.exit, done.exceeded, done.seconds)
        broken, log = done.gone or None, done.console
        return [replace(one, broken=broken, log=log, build=modules.build) for one in talk.outputs(ran)]

    def opening(self, unit: Unit, example: Example) -> Opening:
        """A shell of root's, after the commands of the unit's earlier blocks; those of the ordinary user ran as that
        user, but each in a shell of its own."""
        earlier = unit.examples[: unit.examples.index(example)]
        modules = _guest.built(unit)
        return Opening(
            (*files_of(unit.examples), *modules.files),
            _guest.limits_of(example),
            before=tuple(_as_root(command) for one in earlier for command in one.commands),
            then=tuple(command.text for command in example.commands),
            said=_guest.complaint(modules),
            machine=_guest.machine_of(unit),
            prompts=tuple("#" if command.root else "$" for command in example.commands),
        )


def _as_root(command: Command) -> str:
    """A command as root types it: one of the ordinary user's through setpriv(1)."""
    if command.root:
        return command.text
    become = f"setpriv --reuid user --regid user --clear-groups env --chdir={WORK} HOME={HOME} USER=user bash -c"
    return f"{become} {shlex.quote(command.text)}"


class _Order:
    """Which shell gets which command: the next one goes to its own user's, as soon as that asks for one."""

    def __init__(self, examples: Sequence[Example], talk: Talk) -> None:
        self._talk = talk
        self.users = [0 if command.root else USER_ID for one in examples for command in one.commands]
        self._given = 0
        self._ready: set[int] = set()
        self._pending: Step | None = None
        self._running: int | None = None

    def __call__(self, user: int | None, status: int, printed: int) -> Step | None:
        """What to do where a user's shell asks for its next command (None: the guest was rebooted under the last)."""
        if user is None:
            self._ready.clear()
        else:
            self._ready.add(user)
        if user in (None, self._running) or not self._given:
            self._running = None
            said = self._talk(status, printed)
            if said is None:
                return None
            self._pending = Step(said[0], self.users[self._given], said[1])
            self._given += 1
        step = self._pending
        if step is None or step.user not in self._ready:
            return Step(b"", user or 0)
        self._pending, self._running = None, step.user
        self._ready.discard(step.user)
        return step


RUNNER = GuestConsoleRunner()
