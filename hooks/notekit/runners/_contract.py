"""What a runner is, and what all of them share: one Output per example, whatever happens."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from notekit import sandbox
from notekit.model import Example, Output, Unit
from notekit.runners import _capabilities
from notekit.runners._opening import Opening
from notekit.runners._words import words_of_scripts
from notekit.sandbox import tools


class Runner(ABC):
    """Runs units of its languages. A module of this folder makes one known by naming it ``RUNNER``.

    ``version`` is part of the store's key: change it when the same unit may come out differently.
    """

    name: str
    languages: tuple[str, ...]
    where: str = "host"  # which ``runner=`` of a block asks for it
    version: str = "1"

    @abstractmethod
    def needed(self, unit: Unit) -> tuple[str, ...]:
        """The executables without which the unit cannot run."""

    @abstractmethod
    def start(self, unit: Unit) -> Sequence[Output]:
        """Runs the unit; one Output per example, without ``versions`` and ``finished``.

        Raises SandboxError where the sandbox failed.
        """

    def opening(self, unit: Unit, example: Example) -> Opening | None:
        """The moment before an example of the unit runs; None where no process of its own runs in a sandbox.

        Raises SandboxError and Stopped as ``sandbox.execute`` does.
        """
        return None

    def tools(self, unit: Unit) -> tuple[str, ...]:
        """The executables and libraries on which the outcome depends: their versions are shown, and in the key."""
        named = (_capabilities.TOOL_OF[name] for name in _capabilities.names(unit.examples))
        return tuple(dict.fromkeys((*self.needed(unit), *named, *words_of_scripts(unit.examples))))

    def at_home(self, unit: Unit) -> tuple[str, ...]:
        """The executables that a person uses for what the runner does without one."""
        return ()

    def packages_at_home(self, unit: Unit) -> tuple[str, ...] | None:
        """Debian's packages that a person needs for the same; None where they are those of its tools."""
        return None

    def tool_versions(self, unit: Unit) -> tuple[tuple[str, str], ...]:
        """(tool, version) of each of them that is on this machine."""
        return tools.versions(self.tools(unit))

    def limits(self, unit: Unit) -> tuple[sandbox.Limits, ...]:
        """The limits under which its processes run. Default: those of each example."""
        return tuple(limits_of(example) for example in unit.examples)

    def environment(self, unit: Unit) -> dict[str, str]:
        """All that the unit is confined with: variables, limits and the sandbox itself. Part of the store's key."""
        limits = "; ".join(str(limits) for limits in self.limits(unit))
        return {**sandbox.ENVIRONMENT, "limits": limits, "sandbox": sandbox.identity()}

    def run(self, unit: Unit) -> tuple[Output, ...]:
        """Runs the unit; one Output per example. Raises sandbox.Stopped after ``sandbox.kill_all``, and nothing else
        that a note can cause."""
        reason = self.lacking(unit)
        if reason:
            return tuple(Output(missing=reason, finished=now()) for _ in unit.examples)
        try:
            outputs = self.start(unit)
        except sandbox.SandboxError as error:
            return tuple(Output(broken=str(error), finished=now()) for _ in unit.examples)
        versions = self.tool_versions(unit)
        return tuple(replace(output, versions=versions, finished=now()) for output in outputs)

    def lacking(self, unit: Unit) -> str | None:
        """What the unit needs and this machine has not, with the cure; None where it has all of it."""
        for tool in self.needed(unit):
            if tools.resolve(tool) is None:
                return f"{tool} is not installed; apt-get install {_capabilities.package_of(tool)}"
        return sandbox.probe() or _capabilities.lacking(unit.examples)


class Absent(Runner):
    """Stands for a runner that this version does not have: its examples are not verified, and say so."""

    languages = ()

    def __init__(self, name: str, language: str) -> None:
        self.name = name
        self._reason = f"no {name} runner for {language} in this version; runner=host runs on this machine, confined"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """Nothing: it does not run."""
        return ()

    def tools(self, unit: Unit) -> tuple[str, ...]:
        """Nothing: it does not run."""
        return ()

    def start(self, unit: Unit) -> Sequence[Output]:
        """An Output for each example that gives the reason."""
        return tuple(Output(missing=self._reason) for _ in unit.examples)

    def lacking(self, unit: Unit) -> str | None:
        """That there is no such runner."""
        return self._reason


def now() -> str:
    """The moment of the call as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def limits_of(example: Example) -> sandbox.Limits:
    """The default limits, with the example's own time."""
    return sandbox.Limits() if example.timeout is None else sandbox.Limits(seconds=example.timeout)
