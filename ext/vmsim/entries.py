"""Paging-structure entries: what the bits of one say, and how one is put together.

Source: Intel SDM volume 3, "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging" and their tables of
formats. The formats of PML5E, PML4E, PDPTE, PDE and PTE differ in three places only (whether PS is there, whether D, G,
PAT and the protection key are, how low the address reaches), so one class has them all; its level and paging mode tell
which it is.
"""

from vmsim import bits
from vmsim.paging import LEVEL_4
from vmsim.value import FieldError, Value, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmsim.paging import PagingMode

# The flags an entry can have, highest bit first as the manual's figures show them.
_PAGE_FLAGS = ("XD", "PKEY", "PAT", "G", "PS", "D", "A", "PCD", "PWT", "U/S", "R/W", "P")
_PTE_FLAGS = ("XD", "PKEY", "G", "PAT", "D", "A", "PCD", "PWT", "U/S", "R/W", "P")
_TABLE_FLAGS = ("XD", "PS", "A", "PCD", "PWT", "U/S", "R/W", "P")
_PDPTE_REGISTER_FLAGS = ("PCD", "PWT", "P")
_MASKS = {
    "XD": bits.XD, "PKEY": bits.PKEY, "G": bits.G, "PS": bits.PS, "D": bits.D, "A": bits.A,
    "PCD": bits.PCD, "PWT": bits.PWT, "U/S": bits.US, "R/W": bits.RW, "P": bits.P,
}  # fmt: skip


class Reserved(Value):
    """Bits ``high`` to ``low`` of an entry are reserved and not all 0; ``why`` is one of the constants below."""

    _fields = ("high", "low", "why")
    high: int
    low: int
    why: str


BEYOND_MAXPHYADDR = "beyond MAXPHYADDR"
NO_LARGE_PAGE = "no page at this level"
ALIGNMENT = "page alignment"
XD_DISABLED = "XD while EFER.NXE = 0"
NO_FLAG = "no flag here"


class Entry(Value):
    """One entry: ``level`` 1 (PTE) to 5 (PML5E), its ``value`` of 4 or 8 bytes, and the paging mode it belongs to.

    In an entry whose P is 0 the processor reads nothing else. Level 3 of PAE paging is a PDPTE register.
    """

    _fields = ("level", "value", "mode")
    level: int
    value: int
    mode: "PagingMode" = LEVEL_4

    @property
    def name(self) -> str:
        """``PML5E``, ``PML4E``, ``PDPTE``, ``PDE`` or ``PTE``."""
        return bits.ENTRY_NAMES[self.level]

    @property
    def present(self) -> bool:
        """P."""
        return self.value & bits.P != 0

    @property
    def writable(self) -> bool:
        """R/W."""
        return self.value & bits.RW != 0

    @property
    def user(self) -> bool:
        """U/S: user-mode accesses may reach what this entry controls."""
        return self.value & bits.US != 0

    @property
    def execute_disable(self) -> bool:
        """XD; it means something only while EFER.NXE is 1."""
        return self.value & bits.XD != 0

    @property
    def protection_key(self) -> int:
        """Bits 62:59, 0 to 15; they mean something only where the entry maps a page."""
        return (self.value & bits.PKEY) >> bits.PKEY_SHIFT

    @property
    def maps_page(self) -> bool:
        """Whether it maps a page (a PTE; a PDE or PDPTE with PS = 1) instead of referencing a table."""
        return self.level == 1 or (self.value & bits.PS != 0 and self.level in self.mode.large_levels)

    @property
    def address(self) -> int:
        """Physical address of the page frame it maps, or of the table it references."""
        value, mode = self.value, self.mode
        if mode.entry_size == 4:
            if self.maps_page and self.level == 2:
                return value & bits.ADDRESS_4M | (value & bits.PSE36) << bits.PSE36_SHIFT
            return value & bits.ADDRESS_32
        if self.maps_page:
            return value & bits.ADDRESS & ~(mode.reach(self.level) - 1)
        return value & bits.ADDRESS

    @property
    def flags(self) -> "tuple[tuple[str, int], ...]":
        """Name and value of each flag of its format, highest bit first; only P where that is 0."""
        if not self.present:
            return (("P", 0),)
        return tuple((name, _flag(self, name)) for name in flag_names(self.level, self.maps_page, self.mode))


def flag_names(level: int, maps_page: bool, mode: "PagingMode" = LEVEL_4) -> "tuple[str, ...]":
    """The flags that an entry of that level has, highest bit first (PAT is bit 12 in a PDE or PDPTE)."""
    if level == 3 and not mode.long:
        return _PDPTE_REGISTER_FLAGS
    names = _PTE_FLAGS if level == 1 else _PAGE_FLAGS if maps_page else _TABLE_FLAGS
    lacks = () if mode.long else ("PKEY",) if mode.entry_size == 8 else ("PKEY", "XD")
    return tuple(name for name in names if name not in lacks)


def reserved(entry: Entry, maxphyaddr: int, nxe: bool) -> "tuple[Reserved, ...]":
    """The reserved bits that are set in a present entry, highest first; empty where all is well.

    The tables of formats, and "Page-Fault Exceptions" (RSVD flag). ``maxphyaddr`` in bits, 32 to 52.
    """
    value, level, mode = entry.value, entry.level, entry.mode
    if mode.entry_size == 4:
        # PSE-36 reaches to bit 39; only a 4-MByte page has reserved bits at all.
        places = [(21, min(maxphyaddr, 40) - bits.PSE36_SHIFT, ALIGNMENT)] if level == 2 and entry.maps_page else []
    elif level == 3 and not mode.long:
        places = [(63, maxphyaddr, BEYOND_MAXPHYADDR), (8, 5, NO_FLAG), (2, 1, NO_FLAG)]
    else:
        # Bits 62:52 are ignored with 4-level and 5-level paging (or hold the protection key), reserved with PAE.
        places = [(51 if mode.long else 62, maxphyaddr, BEYOND_MAXPHYADDR)]
        if not nxe:
            places.insert(0, (63, 63, XD_DISABLED))
        if level > 3:
            places.append((7, 7, NO_LARGE_PAGE))
        elif level > 1 and entry.maps_page:
            places.append((mode.low_bit(level) - 1, 13, ALIGNMENT))
    return tuple([Reserved(high, low, why) for high, low, why in places if value & (1 << high + 1) - (1 << low)])


def compose(level: int, address: int, flags: "Mapping[str, int]") -> int:
    """The value of an entry with that address (bits 51:12) and flags by name; a flag that is not given is 0.

    Raises FieldError for an address that is no multiple of 4096 below 2^52, a flag that the format has not, or a
    value that does not fit it. PS = 1 makes the entry of a PDPTE or PDE map a page; nothing keeps reserved bits 0.
    """
    large = 1 < level <= 3 and flags.get("PS", 0) == 1
    # Bit 12 of an entry that maps a large page is PAT, no part of the address.
    unit = 2 * bits.FRAME if large else bits.FRAME
    check_integer("address", address, 0, bits.ADDRESS)
    if address % unit:
        raise FieldError("address", address, f"a multiple of {hexadecimal(unit)}")
    names = flag_names(level, level == 1 or large)
    value = address
    for name in sorted(flags):
        if name not in names:
            raise FieldError(name, flags[name], f"in this {bits.ENTRY_NAMES[level]}: {', '.join(names)}")
        check_integer(name, flags[name], 0, 15 if name == "PKEY" else 1)
        mask = _mask(level, name)
        value |= flags[name] * (mask & -mask)
    return value


def _mask_of(high: int, low: int) -> int:
    return (1 << high + 1) - (1 << low)


def _flag(entry: Entry, name: str) -> int:
    mask = _mask(entry.level, name)
    return (entry.value & mask) // (mask & -mask)


def _mask(level: int, name: str) -> int:
    if name == "PAT":
        return bits.PAT if level == 1 else bits.PAT_LARGE
    return _MASKS[name]
