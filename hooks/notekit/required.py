"""``--require``: what this machine must have, so that nothing stays unverified for want of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from notekit import runners, sandbox
from notekit.evidence import ABSENT
from notekit.model import Example, Failure, Result, Unit
from notekit.parse.languages import RUNNERS
from notekit.pipeline import Checked
from notekit.sandbox import tools
from notekit.settings import SettingError
from notekit.units import units_of

#: What can be required: a runner, or a capability.
KNOWN = frozenset(RUNNERS) | runners.CAPABILITIES


def names(given: Iterable[str]) -> frozenset[str]:
    """The names in texts such as ``host,gcc``. Raises SettingError for one that is unknown, or for an empty one."""
    found = [name.strip() for text in given for name in text.split(",")]
    wrong = [name for name in found if name not in KNOWN]
    if wrong:
        unknown = ", ".join(repr(name) for name in wrong)
        raise SettingError(f"--require: there is no {unknown}; name some of {', '.join(sorted(KNOWN))}")
    return frozenset(found)


def demand(checked: Checked, required: frozenset[str]) -> Checked:
    """The same, but what is not verified for want of something required has failed. ``run=no`` wants nothing."""
    if not required:
        return checked
    units = {
        (example.note, example.name): unit
        for note in checked.collection.notes
        for unit in units_of(note.examples)
        for example in unit.examples
    }
    results = tuple(_demanded(result, units.get((result.note, result.name)), required) for result in checked.results)
    return replace(checked, results=results)


def _demanded(result: Result, unit: Unit | None, required: frozenset[str]) -> Result:
    if result.evidence and ABSENT in dict(result.evidence.reasons) and "machine" in required:
        why = dict(result.evidence.reasons)[ABSENT]
        message = f"not seen on a machine, although --require says machine: {why}"
        return replace(result, status="failed", failures=(*result.failures, Failure(result.place, message)))
    if result.status != "not-verified" or unit is None:
        return result
    missing = sorted(required & lacking(unit))
    if not missing:
        return result
    message = f"not verified, although --require says {', '.join(missing)}: {result.reason}"
    return replace(result, status="failed", failures=(Failure(result.place, message),))


def lacking(unit: Unit) -> frozenset[str]:
    """What a unit needs and this machine lacks, by the names in ``KNOWN``, found out by trying it.

    Where its runner is missing, so is everything that it should have used there.
    """
    return frozenset(name for example in unit.examples for name in _lacking(example))


def _lacking(example: Example) -> frozenset[str]:
    wanted = _wanted(example)
    runs = example.language in runners.by_language(example.runner)
    if not runs or sandbox.probe() or (example.runner == "guest" and runners.without_guest()):
        return frozenset({example.runner, *wanted.values()})
    found = {name for need, name in wanted.items() if runners.lacking((replace(example, needs=(need,)),))}
    if example.modules and runners.for_example(example).lacking(Unit((example,))):
        found.add("kmod")
    missing = any(tools.resolve(tool) is None for tool in runners.for_example(example).needed(Unit((example,))))
    if example.runner == "machine" and missing:
        found.add("machine")
    return frozenset(found)


def _wanted(example: Example) -> dict[str, str]:
    """Name by need (``git`` by ``git>=2.30``): those that the block states, and the tools of its runner."""
    needed = runners.for_example(example).needed(Unit((example,)))
    of_runner = {name: name for name, tool in runners.TOOL_OF.items() if tool in needed}
    return of_runner | {need: re.split(">=", need)[0] for need in example.needs}
