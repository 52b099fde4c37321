"""A set-associative structure that keeps cached entries: geometry, lookup, fill and drop; a frozen value.

An entry is any Value with ``number`` (what selects the set: a page number, or the linear-address bits that a
paging-structure cache is indexed by) and ``same_place(other)`` (a newer one takes its place).
"""

from vmsim.replacement import LRU, POLICIES, TREE_PLRU, filled, initial, used, victim
from vmsim.value import FieldError, Value, check_choice, check_integer, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vmsim.replacement import Order


class Geometry(Value):
    """``sets`` a power of 2 to 65536; ``ways`` 1 to 4096, a power of 2 with tree-PLRU; raises FieldError otherwise."""

    _fields = ("sets", "ways", "policy")
    sets: int
    ways: int
    policy: str = LRU

    def _check(self) -> None:
        check_integer("sets", self.sets, 1, 1 << 16)
        check_integer("ways", self.ways, 1, 1 << 12)
        check_choice("policy", self.policy, POLICIES)
        if self.sets & self.sets - 1:
            raise FieldError("sets", self.sets, "a power of 2")
        if self.policy == TREE_PLRU and self.ways & self.ways - 1:
            raise FieldError("ways", self.ways, "a power of 2, for the policy is tree-PLRU")


class CacheSet(Value):
    """One set: an entry or None for each way, and the order of replacement (see replacement.py)."""

    _fields = ("ways", "order")
    ways: "tuple[Any, ...]"
    order: "Order"


class SetAssociative(Value):
    """``name`` is the manual's: ``TLB``, ``PDE cache``. A set that was never filled is None in ``sets``."""

    _fields = ("name", "geometry", "sets")
    name: str
    geometry: Geometry
    sets: "tuple[CacheSet | None, ...]"

    @property
    def entries(self) -> "tuple[Any, ...]":
        """All entries, by set and way."""
        return tuple([entry for held in self.sets if held is not None for entry in held.ways if entry is not None])

    def find(self, number: int, wanted: "Callable[[Any], bool]") -> "Any | None":
        """The entry in the set of ``number`` that is wanted; None where there is none."""
        held = self.sets[number & self.geometry.sets - 1]
        for entry in held.ways if held is not None else ():
            if entry is not None and wanted(entry):
                return entry
        return None

    def touch(self, entry: "Any") -> "SetAssociative":
        """The structure after a hit in that entry."""
        geometry = self.geometry
        held = self.sets[entry.number & geometry.sets - 1]
        assert held is not None
        order = used(geometry.policy, geometry.ways, held.order, held.ways.index(entry))
        return self._with(entry.number, CacheSet(held.ways, order))

    def fill(self, entry: "Any") -> "tuple[SetAssociative, Any | None]":
        """The structure with the entry in it, and what was evicted for it, if anything was."""
        geometry = self.geometry
        held = self.sets[entry.number & geometry.sets - 1]
        if held is None:
            held = CacheSet((None,) * geometry.ways, initial(geometry.policy, geometry.ways))
        way = _way(held, entry)
        evicted = None
        if way is None:
            way = victim(geometry.policy, geometry.ways, held.order)
            evicted = held.ways[way]
        ways = held.ways[:way] + (entry,) + held.ways[way + 1 :]
        order = filled(geometry.policy, geometry.ways, held.order, way)
        return self._with(entry.number, CacheSet(ways, order)), evicted

    def drop(self, unwanted: "Callable[[Any], bool]") -> "tuple[SetAssociative, tuple[Any, ...]]":
        """The structure without the unwanted entries, and those."""
        dropped = tuple([entry for entry in self.entries if unwanted(entry)])
        if not dropped:
            return self, ()
        sets = tuple(
            [
                held and CacheSet(tuple([None if entry in dropped else entry for entry in held.ways]), held.order)
                for held in self.sets
            ]
        )
        return replace(self, sets=sets), dropped

    def _with(self, number: int, held: CacheSet) -> "SetAssociative":
        at = number & self.geometry.sets - 1
        return SetAssociative(self.name, self.geometry, self.sets[:at] + (held,) + self.sets[at + 1 :])


def empty(name: str, geometry: Geometry) -> SetAssociative:
    """The structure with nothing in it."""
    return SetAssociative(name, geometry, (None,) * geometry.sets)


def _way(held: CacheSet, entry: "Any") -> "int | None":
    """The way whose entry the new one replaces, or the first that is free; None where the set is full of others."""
    free = None
    for way in range(len(held.ways)):
        other = held.ways[way]
        if other is None:
            free = way if free is None else free
        elif other.same_place(entry):
            return way
    return free
