"""Guest-physical mappings: what may be cached of an EPT walk, and a walk that asks for them on its way.

Source: Intel SDM volume 3, "Information That May Be Cached", "Creating and Using Cached Translation Information" under
"VMX Support for Address Translation". They are associated with an EP4TA alone: VPID and PCID play no part. Only
translations are modelled, not guest-physical paging-structure-cache entries.
"""

from vmsim import bits
from vmsim.ept import refusals
from vmsim.ept_trace import EptTranslation, EptWalk
from vmsim.memory import WalkMemory
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vmsim.eptp import Ept, GuestPhysicalAccess
    from vmsim.set_associative import SetAssociative

    EptWalker = Callable[..., EptWalk]

_SHIFTS = tuple([bits.low_bit(level) for level in (1, 2, 3)])


class GuestPhysicalEntry(Value):
    """A translation: the guest-physical page ``number``, of 2^``shift`` bytes, is at host-physical ``page_frame``.

    ``ep4ta``: bits 51:12 of the EPTP. ``permissions`` are R, W, X and XU of all EPT entries; ``dirty``: a write needs
    no flag set.
    """

    _fields = ("ep4ta", "number", "shift", "page_frame", "permissions", "dirty", "memory_type", "ignore_pat")
    ep4ta: int
    number: int
    shift: int
    page_frame: int
    permissions: int
    dirty: bool
    memory_type: int
    ignore_pat: bool

    def covers(self, guest_physical_address: int) -> bool:
        """Whether it translates that address."""
        return guest_physical_address >> self.shift == self.number

    def same_place(self, other: "GuestPhysicalEntry") -> bool:
        """Whether it is for the same page and EP4TA."""
        return self.number == other.number and self.shift == other.shift and self.ep4ta == other.ep4ta

    def serves(self, ept: "Ept", access: "GuestPhysicalAccess") -> bool:
        """Whether the access goes by it; one that it refuses, or that has to set D, is walked."""
        if access.write and ept.accessed_dirty and not self.dirty:
            return False
        return not refusals(ept, access, self.permissions)

    def walk(self, access: "GuestPhysicalAccess", guest_physical_address: int) -> EptWalk:
        """The EPT walk that it saves: without a step."""
        address = self.page_frame | guest_physical_address & (1 << self.shift) - 1
        found = EptTranslation(address, self.page_frame, (self.shift - 12) // 9 + 1, self.memory_type, self.ignore_pat)
        return EptWalk(guest_physical_address, access, (), self.permissions, found)


def mapping_of(walk: EptWalk, ept: "Ept") -> "GuestPhysicalEntry | None":
    """What may be cached of an EPT walk; None where it ended otherwise than with a translation, or read nothing."""
    found = walk.result
    if not isinstance(found, EptTranslation) or not walk.steps:
        return None
    last = walk.steps[-1]
    shift = bits.low_bit(last.level)
    dirty = not ept.accessed_dirty or (last.entry.value | last.sets) & bits.EPT_D != 0
    return GuestPhysicalEntry(
        ept.eptp & bits.ADDRESS, walk.guest_physical_address >> shift, shift, found.page_frame, walk.permissions, dirty,
        found.memory_type, found.ignore_pat,
    )  # fmt: skip


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
            if found is not None and found.serves(ept, access):
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
            if entry.ep4ta == ep4ta and entry.covers(guest_physical_address) and entry.serves(ept, access):
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
