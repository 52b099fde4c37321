"""What runs together, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable

from notekit.model import Example, Unit


def units_of(examples: Iterable[Example]) -> tuple[Unit, ...]:
    """What runs together: a session's examples, in order; each other example alone; none with ``run=no``."""
    sessions: dict[tuple[str, str], list[Example]] = {}
    units: list[list[Example]] = []
    for example in examples:
        if example.run == "no":
            continue
        if example.session is None:
            units.append([example])
        elif (example.document, example.session) in sessions:
            sessions[example.document, example.session].append(example)
        else:
            sessions[example.document, example.session] = started = [example]
            units.append(started)
    return tuple(Unit(tuple(unit)) for unit in units)


def names_of(unit: Unit) -> tuple[str, ...]:
    """``area/slug#name`` of each of its examples; the first stands for the unit."""
    return tuple(f"{example.note}#{example.name}" for example in unit.examples)
