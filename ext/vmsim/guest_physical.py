"""Guest-physical mappings in use: a walk asks for one before it walks EPT.

Source: Intel SDM volume 3, "Creating and Using Cached Translation Information" under "VMX Support for Address
Translation".
"""

from vmsim import bits
from vmsim.ept import refusals
from vmsim.ept_trace import EptTranslation, EptWalk
from vmsim.guest_physical_entry import GuestPhysicalEntry, mapping_of
from vmsim.memory import WalkMemory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vmsim.eptp import Ept, GuestPhysicalAccess
    from vmsim.set_associative import SetAssociative

    EptWalker = Callable[..., EptWalk]

_SHIFTS = tuple([bits.low_bit(level) for level in (1, 2, 3)])


def serves(entry: GuestPhysicalEntry, ept: "Ept", access: "GuestPhysicalAccess") -> bool:
    """Whether the access goes by that mapping; one that it refuses, or that has to set D, is walked."""
    if access.write and ept.accessed_dirty and not entry.dirty:
        return False
    return not refusals(ept, access, entry.permissions)


class Mappings:
    """The cache of guest-physical mappings that the modelled processor has, while one access asks and fills it."""

    def __init__(self, structure: "SetAssociative") -> None:
        self.structure = structure
        self.hits = 0

    def ask(
        self,
        walker: "EptWalker",
        memory: "WalkMemory",
        ept: "Ept",
        maxphyaddr: int,
        access: "GuestPhysicalAccess",
        guest_physical_address: int,
    ) -> EptWalk:
        """A walk without a step by an entry that serves the access; else the whole walk, of which the entry is kept."""
        for shift in _SHIFTS:
            found = self._find(guest_physical_address >> shift, shift, ept)
            if found is not None and serves(found, ept, access):
                self.structure = self.structure.touch(found)
                self.hits += 1
                return found.walk(access, guest_physical_address)
        walk = walker(memory, ept, maxphyaddr, access, guest_physical_address)
        made = mapping_of(walk, ept)
        if made is not None:
            self.structure, _evicted = self.structure.fill(made)
        return walk

    def _find(self, number: int, shift: int, ept: "Ept") -> "GuestPhysicalEntry | None":
        ep4ta = ept.eptp & bits.ADDRESS
        found: Any = self.structure.find(
            number, lambda entry: entry.number == number and entry.shift == shift and entry.ep4ta == ep4ta
        )
        return found  # type: ignore[no-any-return]  # a SetAssociative holds entries of any kind


class Choices:
    """All that a walk may come to with these mappings retained: each time it asks, it takes another way.

    ``next`` after a walk: whether there is a further one, and then the walk has to be repeated. An entry that leads
    where EPT leads by now is no other way.
    """

    def __init__(self, retained: "tuple[GuestPhysicalEntry, ...]") -> None:
        self.retained = retained
        self.taken: list[int] = []
        self.ways: list[int] = []
        self.made: list[GuestPhysicalEntry] = []

    def ask(
        self,
        walker: "EptWalker",
        memory: "WalkMemory",
        ept: "Ept",
        maxphyaddr: int,
        access: "GuestPhysicalAccess",
        guest_physical_address: int,
    ) -> EptWalk:
        """The walk, or what the entry whose turn it is gives."""
        place = len(self.ways)
        entries = self._others(walker, memory, ept, maxphyaddr, access, guest_physical_address)
        self.ways.append(len(entries) + 1)
        if place == len(self.taken):
            self.taken.append(0)
        if self.taken[place]:
            return entries[self.taken[place] - 1].walk(access, guest_physical_address)
        walk = walker(memory, ept, maxphyaddr, access, guest_physical_address)
        made = mapping_of(walk, ept)
        if made is not None and made not in self.made:
            self.made.append(made)
        return walk

    def next(self) -> bool:
        """Whether there is a combination that was not tried yet; the next walk takes it."""
        del self.taken[len(self.ways) :]
        while self.taken and self.taken[-1] + 1 == self.ways[len(self.taken) - 1]:
            self.taken.pop()
        self.ways = []
        if not self.taken:
            return False
        self.taken[-1] += 1
        return True

    def _others(
        self,
        walker: "EptWalker",
        memory: "WalkMemory",
        ept: "Ept",
        maxphyaddr: int,
        access: "GuestPhysicalAccess",
        guest_physical_address: int,
    ) -> "list[GuestPhysicalEntry]":
        """Entries that serve the access and lead elsewhere than EPT does now, each place once."""
        ep4ta = ept.eptp & bits.ADDRESS
        found: list[GuestPhysicalEntry] = []
        for entry in self.retained:
            if entry.ep4ta == ep4ta and entry.covers(guest_physical_address) and serves(entry, ept, access):
                found.append(entry)
        if not found:
            return found
        # Flags are set in a copy: this walk is not the one that is taken.
        now = walker(WalkMemory(memory), ept, maxphyaddr, access, guest_physical_address).result
        reached = [now.host_physical_address] if isinstance(now, EptTranslation) else []
        others = []
        for entry in found:
            address = entry.page_frame | guest_physical_address & (1 << entry.shift) - 1
            if address not in reached:
                reached.append(address)
                others.append(entry)
        return others
