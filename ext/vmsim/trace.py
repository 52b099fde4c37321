"""What happened during a walk, as plain values: whoever shows it decodes nothing.

Glossary
    WalkStep           one entry read: where, what it said, which reserved bits it had, which flags were set in it
    AddressField       one part of the linear address: a table's index, or the offset into the page
    Rights             what all entries of a translation allow together
    Translation        the physical address that the walk found
    Walk               all of it
    PdpteLoad          MOV to CR3 with PAE paging: the four PDPTEs that it reads

The faults are in faults.py, the values of an EPT walk in ept_trace.py.
"""

from vmsim import bits
from vmsim.entries import Entry, Reserved
from vmsim.ept_trace import EptTranslation
from vmsim.paging import LEVEL_4
from vmsim.processor import Access, Processor
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from vmsim.ept_trace import EptMisconfiguration, EptViolation, EptWalk
    from vmsim.eptp import Ept
    from vmsim.faults import GeneralProtection, PageFault, StackFault
    from vmsim.paging import PagingMode

    Update = tuple[int, int, int]
    Result: TypeAlias = "Translation | PageFault | GeneralProtection | StackFault | EptViolation | EptMisconfiguration"


class AddressField(Value):
    """Bits ``high`` to ``low`` of the linear address; ``level`` is that of the table they index, 0 for the offset."""

    _fields = ("level", "high", "low", "value")
    level: int
    high: int
    low: int
    value: int

    @property
    def name(self) -> str:
        """The table that it indexes: ``PML4``, ``PDPT``, ``PD``, ``PT``; or ``Offset``."""
        return bits.FIELD_NAMES[self.level]


class WalkStep(Value):
    """One entry read. ``table`` is the table's physical address, ``index`` from 0.

    ``entry`` has the value that was read; ``sets`` is the mask of the A and D flags that the walk then sets in it.
    ``reserved`` names reserved bits that are set (the walk ends there). Under EPT the addresses are guest-physical;
    ``ept`` is the walk that found the entry, and ``ept_update`` the one for writing its flags, where that was needed.
    A step of level 3 with PAE paging read a PDPTE register: the addresses are those it was loaded from.
    """

    _fields = ("table", "index", "entry_address", "entry", "reserved", "sets", "ept", "ept_update")
    table: int
    index: int
    entry_address: int
    entry: Entry
    reserved: "tuple[Reserved, ...]"
    sets: int
    ept: "EptWalk | None" = None
    ept_update: "EptWalk | None" = None

    @property
    def in_register(self) -> bool:
        """It was read from a PDPTE register."""
        return self.entry.level == 3 and not self.entry.mode.long

    @property
    def physical_address(self) -> int:
        """Where the entry was read: its address, or, under EPT, the host-physical address of that."""
        return host_address(self.entry_address, self.ept)

    @property
    def updates(self) -> "tuple[Update, ...]":
        """As those of the whole walk."""
        found: tuple[Update, ...] = ()
        for walk in (self.ept, self.ept_update):
            if walk is not None:
                found += walk.updates
        if self.sets:
            found += ((self.physical_address, self.entry.mode.entry_size, self.sets),)
        return found

    @property
    def level(self) -> int:
        """5 (PML5E) to 1 (PTE)."""
        return self.entry.level

    @property
    def sets_accessed(self) -> bool:
        """The walk changed A from 0 to 1."""
        return self.sets & bits.A != 0

    @property
    def sets_dirty(self) -> bool:
        """The walk changed D from 0 to 1."""
        return self.sets & bits.D != 0


class Rights(Value):
    """What the entries that control a translation allow together.

    ``writable``: R/W is 1 in every one; ``user``: U/S is 1 in every one, which makes it a user-mode address;
    ``execute_disable``: XD is 1 in one or more; ``protection_key`` is that of the entry that maps the page.
    """

    _fields = ("writable", "user", "execute_disable", "protection_key")
    writable: bool
    user: bool
    execute_disable: bool
    protection_key: int


class Translation(Value):
    """Success: ``level`` is that of the entry that maps the page, 0 where paging is off.

    Under EPT ``physical_address`` and ``page_frame`` are guest-physical.
    """

    _fields = ("physical_address", "page_frame", "level", "mode")
    physical_address: int
    page_frame: int
    level: int
    mode: "PagingMode" = LEVEL_4

    @property
    def page_size(self) -> str:
        """``4 KiB``, ``2 MiB``, ``4 MiB`` or ``1 GiB``; empty where paging is off."""
        if self.level == 0:
            return ""
        return "4 MiB" if self.mode.reach(self.level) == 1 << 22 else bits.PAGE_SIZES[self.level]


class Walk(Value):
    """One walk of the paging structures, first to last step.

    ``rights`` is None where no page was found, or paging is off. ``ept`` is None where EPT is not in use.
    ``last_ept_walk`` is the EPT walk that belongs to no step: for the guest-physical address that was found, or the
    one whose violation or misconfiguration ended all. ``result`` is what the whole comes to.
    """

    _fields = ("linear_address", "processor", "access", "steps", "rights", "result", "ept", "last_ept_walk")
    linear_address: int
    processor: Processor
    access: Access
    steps: "tuple[WalkStep, ...]"
    rights: "Rights | None"
    result: "Result"
    ept: "Ept | None" = None
    last_ept_walk: "EptWalk | None" = None

    @property
    def host_physical_address(self) -> "int | None":
        """Where the access goes in the end; None where it does not."""
        if not isinstance(self.result, Translation):
            return None
        return host_address(self.result.physical_address, self.last_ept_walk)

    @property
    def updates(self) -> "tuple[Update, ...]":
        """Physical address, size in bytes and flags of each entry in which flags are set, in the order of the walk."""
        found: tuple[Update, ...] = ()
        for step in self.steps:
            found += step.updates
        return found if self.last_ept_walk is None else found + self.last_ept_walk.updates

    @property
    def page_level(self) -> int:
        """Level of the entry that maps the page; 1 where the walk did not get that far."""
        if self.rights is None:
            return 1
        return self.steps[-1].level

    @property
    def address_fields(self) -> "tuple[AddressField, ...]":
        """The linear address taken apart, highest bits first, the offset last."""
        mode = self.processor.paging
        if mode.levels == 0:
            return (AddressField(0, 31, 0, self.linear_address),)
        fields = tuple(
            _index_field(mode, self.linear_address, level) for level in range(mode.levels, self.page_level - 1, -1)
        )
        offset = self.linear_address & (mode.reach(self.page_level) - 1)
        return fields + (AddressField(0, mode.low_bit(self.page_level) - 1, 0, offset),)


class PdpteLoad(Value):
    """What MOV to CR3 does with PAE paging: reads the four PDPTEs that CR3 points to, and checks them.

    ``result`` is the Processor with its PDPTE registers loaded, or what happens in its stead; where an EPT walk is
    the reason, that is ``last_ept_walk``.
    """

    _fields = ("steps", "result", "last_ept_walk")
    steps: "tuple[WalkStep, ...]"
    result: "Processor | GeneralProtection | EptViolation | EptMisconfiguration"
    last_ept_walk: "EptWalk | None" = None

    @property
    def updates(self) -> "tuple[Update, ...]":
        """As those of a walk: under EPT, flags of EPT entries."""
        found: tuple[Update, ...] = ()
        for step in self.steps:
            found += step.updates
        return found


def host_address(address: int, walk: "EptWalk | None") -> int:
    """The host-physical address that an EPT walk found for ``address``; itself where EPT is not in use."""
    if walk is not None and isinstance(walk.result, EptTranslation):
        return walk.result.host_physical_address
    return address


def _index_field(mode: "PagingMode", linear_address: int, level: int) -> AddressField:
    low = mode.low_bit(level)
    high = min(low + mode.index_width, mode.linear_width) - 1
    return AddressField(level, high, low, mode.index(linear_address, level))
