"""What happened during a walk, as plain values: whoever shows it decodes nothing.

Glossary
    WalkStep           one entry read: where, what it said, which reserved bits it had, which flags were set in it
    AddressField       one part of the linear address: a table's index, or the offset into the page
    Rights             what all entries of a translation allow together
    Translation        the physical address that the walk found
    PageFault          #PF, with its error code and the rules that caused it
    GeneralProtection  #GP(0)
    Walk               all of it
"""

from vmsim import bits
from vmsim.entries import Entry, Reserved
from vmsim.processor import Access, Processor
from vmsim.value import Value

# The rules that refuse an access, each with the section of Intel SDM volume 3 (the first: volume 1) that states it.
NON_CANONICAL = "non-canonical"
NOT_PRESENT = "not-present"
RESERVED_BIT = "reserved-bit"
SUPERVISOR_ADDRESS = "supervisor-address"
READ_ONLY = "read-only"
EXECUTE_DISABLE = "execute-disable"
SMEP = "smep"
SMAP = "smap"
PROTECTION_KEY = "protection-key"
RULES = {
    NON_CANONICAL: "Canonical Addressing",
    NOT_PRESENT: "Page-Fault Exceptions",
    RESERVED_BIT: "Page-Fault Exceptions",
    SUPERVISOR_ADDRESS: "Determination of Access Rights",
    READ_ONLY: "Determination of Access Rights",
    EXECUTE_DISABLE: "Determination of Access Rights",
    SMEP: "Determination of Access Rights",
    SMAP: "Determination of Access Rights",
    PROTECTION_KEY: "Protection Keys",
}

# Bits of the #PF error code, highest first.
ERROR_CODE_FLAGS = (
    ("PK", bits.PF_PK),
    ("I/D", bits.PF_ID),
    ("RSVD", bits.PF_RSVD),
    ("U/S", bits.PF_US),
    ("W/R", bits.PF_WR),
    ("P", bits.PF_P),
)


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
    """One entry read. ``table`` is the table's physical address, ``index`` 0 to 511.

    ``entry`` has the value that was read; ``sets`` is the mask of the A and D flags that the walk then sets in it.
    ``reserved`` names reserved bits that are set (the walk ends there).
    """

    _fields = ("table", "index", "entry_address", "entry", "reserved", "sets")
    table: int
    index: int
    entry_address: int
    entry: Entry
    reserved: "tuple[Reserved, ...]"
    sets: int

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
    """Success: ``level`` is that of the entry that maps the page (1: 4 KiB, 2: 2 MiB, 3: 1 GiB)."""

    _fields = ("physical_address", "page_frame", "level")
    physical_address: int
    page_frame: int
    level: int

    @property
    def page_size(self) -> str:
        """``4 KiB``, ``2 MiB`` or ``1 GiB``."""
        return bits.PAGE_SIZES[self.level]


class PageFault(Value):
    """#PF. ``rules`` are all that refuse the access; ``linear_address`` goes to CR2."""

    _fields = ("error_code", "rules", "linear_address")
    error_code: int
    rules: "tuple[str, ...]"
    linear_address: int

    @property
    def flags(self) -> "tuple[tuple[str, int], ...]":
        """Name and value of each bit of the error code, highest first."""
        return tuple((name, 1 if self.error_code & mask else 0) for name, mask in ERROR_CODE_FLAGS)


class GeneralProtection(Value):
    """#GP with error code 0."""

    _fields = ("rules",)
    rules: "tuple[str, ...]" = (NON_CANONICAL,)

    @property
    def error_code(self) -> int:
        """Always 0 for a memory access."""
        return 0


class Walk(Value):
    """One walk of the paging structures, first to last step.

    ``rights`` is None where no page was found. ``result`` is a Translation, a PageFault or a GeneralProtection.
    """

    _fields = ("linear_address", "processor", "access", "steps", "rights", "result")
    linear_address: int
    processor: Processor
    access: Access
    steps: "tuple[WalkStep, ...]"
    rights: "Rights | None"
    result: "Translation | PageFault | GeneralProtection"

    @property
    def page_level(self) -> int:
        """Level of the entry that maps the page; 1 where the walk did not get that far."""
        if self.rights is None:
            return 1
        return self.steps[-1].level

    @property
    def address_fields(self) -> "tuple[AddressField, ...]":
        """The linear address taken apart, highest bits first, the offset last."""
        levels = range(self.processor.levels, self.page_level - 1, -1)
        fields = [_index_field(self.linear_address, level) for level in levels]
        offset = self.linear_address & (bits.reach(self.page_level) - 1)
        return tuple(fields) + (AddressField(0, bits.low_bit(self.page_level) - 1, 0, offset),)


def _index_field(linear_address: int, level: int) -> AddressField:
    low = bits.low_bit(level)
    return AddressField(level, low + 8, low, bits.index(linear_address, level))
