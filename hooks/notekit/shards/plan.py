"""Which part of a collection goes to which shard. Pure: every machine comes to the same division by itself."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notekit.model import Collection, Unit
from notekit.store import unit_key
from notekit.units import names_of, units_of

# In seconds, for what starts no process: it costs next to nothing, but should be spread too.
_LIGHT = 0.001
# Where no duration is known at all, all that matters is that parts weigh the same.
_UNKNOWN = 1.0


@dataclass(frozen=True, slots=True)
class Shard:
    """Shard ``number`` of ``of``: 1 ≤ number ≤ of."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True)
class Part:
    """What runs together, or is computed: ``names`` are ``area/slug#name``, the first stands for the part.

    ``identity`` is a digest of what runs, apart from the tools of a machine. ``runs`` is false for a diagram and for
    an example that says ``run=no``.
    """

    names: tuple[str, ...]
    identity: str
    runs: bool

    @property
    def name(self) -> str:
        """The name of its first example."""
        return self.names[0]


def parts(collection: Collection) -> tuple[Part, ...]:
    """All parts of a collection, each example and diagram in exactly one."""
    found: list[Part] = []
    for note in collection.notes:
        found += [Part(names_of(unit), unit_key(unit, (), {}, ""), True) for unit in units_of(note.examples)]
        for example in note.examples:
            if example.run == "no":
                found.append(Part(names_of(Unit((example,))), "", False))
        for diagram in note.diagrams:
            described = json.dumps([diagram.kind, diagram.spec], sort_keys=True, default=str)
            found.append(Part((f"{note.slug}#{diagram.name}",), _digest(described), False))
    return tuple(found)


def plan_digest(parts: Sequence[Part]) -> str:
    """What tells a collection from another one, or from itself at another commit: 64 hexadecimal digits."""
    return _digest(json.dumps(sorted((part.names, part.identity) for part in parts)))


def divide(parts: Sequence[Part], durations: Mapping[str, float], count: int) -> tuple[tuple[Part, ...], ...]:
    """``count`` shards that take about the same time; each holds its parts in the order given.

    The longest part goes first, each to the shard that has least to do so far: at most 4/3 of the best possible
    (Graham, "Bounds on Multiprocessing Timing Anomalies", 1969). A part of which no duration is known counts as the
    median one.
    """
    known = [durations[part.name] for part in parts if part.runs and part.name in durations]
    typical = statistics.median(known) if known else _UNKNOWN
    weights = {part.name: max(durations.get(part.name, typical), _LIGHT) if part.runs else _LIGHT for part in parts}
    loads = [0.0] * count
    given: dict[str, int] = {}
    for part in sorted(parts, key=lambda one: (-weights[one.name], one.name)):
        least = loads.index(min(loads))
        # Rounded, so that the order of the additions cannot decide.
        loads[least] = round(loads[least] + weights[part.name], 6)
        given[part.name] = least
    return tuple(tuple(part for part in parts if given[part.name] == number) for number in range(count))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
