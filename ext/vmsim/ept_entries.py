"""EPT paging-structure entries: what the bits of one say, and which settings are misconfigurations.

Source: Intel SDM volume 3, "The Extended Page Table Mechanism (EPT)": the tables of formats, and "EPT
Misconfigurations".
"""

from vmsim import bits
from vmsim.entries import ALIGNMENT, BEYOND_MAXPHYADDR, Reserved, _mask_of
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.eptp import Ept

ENTRY_NAMES = ("page", "EPT PTE", "EPT PDE", "EPT PDPTE", "EPT PML4E", "EPT PML5E")
MEMORY_TYPES = {0: "UC", 1: "WC", 4: "WT", 5: "WP", 6: "WB"}

# Why bits make an entry misconfigured, beside those of entries.py.
WRITE_ONLY = "W without R"
EXECUTE_ONLY = "X without R"
NO_FLAG = "no flag here"
NO_LARGE_PAGE = "no page at this level"
MEMORY_TYPE = "no such memory type"


class EptEntry(Value):
    """One EPT entry: ``level`` 1 (EPT PTE) to 5 (EPT PML5E), and its ``value`` of 8 bytes."""

    _fields = ("level", "value")
    level: int
    value: int

    @property
    def name(self) -> str:
        """``EPT PML4E`` and so on."""
        return ENTRY_NAMES[self.level]

    @property
    def maps_page(self) -> bool:
        """Whether it maps a page (an EPT PTE; an EPT PDE or PDPTE with bit 7 set)."""
        return self.level == 1 or (self.level <= 3 and self.value & bits.EPT_PS != 0)

    @property
    def address(self) -> int:
        """Host-physical address of the page that it maps, or of the table that it references."""
        if self.maps_page:
            return self.value & bits.ADDRESS & ~(bits.reach(self.level) - 1)
        return self.value & bits.ADDRESS

    @property
    def memory_type(self) -> int:
        """Bits 5:3, of an entry that maps a page."""
        return self.value >> bits.EPT_MEMORY_TYPE_SHIFT & 7

    @property
    def flags(self) -> "tuple[tuple[str, int], ...]":
        """Name and value of each field of its format, highest bit first (XU: with mode-based execution)."""
        value = self.value
        found = [("XU", value >> 10 & 1)]
        if self.maps_page:
            found += [("D", value >> 9 & 1), ("A", value >> 8 & 1)]
            found += [("PS", 1)] if self.level > 1 else []
            found += [("IPAT", value >> 6 & 1), ("memory type", self.memory_type)]
        else:
            found += [("A", value >> 8 & 1), ("PS", value >> 7 & 1)]
        return tuple(found + [("X", value >> 2 & 1), ("W", value >> 1 & 1), ("R", value & 1)])


def is_present(entry: EptEntry, ept: "Ept") -> bool:
    """Whether any of R, W, X is set; with mode-based execute control XU counts too."""
    permissions = bits.EPT_R | bits.EPT_W | bits.EPT_X
    if ept.mode_based_execute_control:
        permissions |= bits.EPT_XU
    return entry.value & permissions != 0


def misconfigurations(entry: EptEntry, ept: "Ept", maxphyaddr: int) -> "tuple[Reserved, ...]":
    """What makes a present entry misconfigured, highest bits first; empty where all is well."""
    value, level = entry.value, entry.level
    places = [(51, maxphyaddr, BEYOND_MAXPHYADDR)]
    large_pages = (0, 0, bits.EPT_CAP_2M, bits.EPT_CAP_1G, 0, 0)[level] & ept.capabilities
    if entry.maps_page:
        if level > 1:
            places.append((bits.low_bit(level) - 1, 12, ALIGNMENT))
            if not large_pages:
                places.append((7, 7, NO_LARGE_PAGE))
    else:
        # Bit 7 is known to be 0 in an EPT PDE or PDPTE that references a table.
        places.append((7, 3, NO_FLAG))
    found = [Reserved(high, low, why) for high, low, why in places if value & _mask_of(high, low)]
    if entry.maps_page and entry.memory_type not in MEMORY_TYPES:
        found.append(Reserved(5, 3, MEMORY_TYPE))
    if not value & bits.EPT_R:
        if not ept.execute_only:
            if ept.mode_based_execute_control and value & bits.EPT_XU:
                found.append(Reserved(10, 10, EXECUTE_ONLY))
            if value & bits.EPT_X:
                found.append(Reserved(2, 2, EXECUTE_ONLY))
        if value & bits.EPT_W:
            found.append(Reserved(1, 1, WRITE_ONLY))
    return tuple(found)
