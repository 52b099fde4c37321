"""EPT paging structures from little: pages are mapped one by one, and tables made for them as they are needed."""

from vmsim import bits
from vmsim.ept_entries import EptEntry
from vmsim.eptp import Ept
from vmsim.memory import Memory
from vmsim.value import check_integer

RWX = bits.EPT_R | bits.EPT_W | bits.EPT_X
WRITE_BACK = 6


class EptTables:
    """The structures that ``ept`` points to in ``memory``; new tables take the frames from ``free`` on."""

    def __init__(self, memory: Memory, ept: Ept, free: int) -> None:
        self.memory = memory
        self.ept = ept
        self.free = free

    def map(self, guest_physical_address: int, page_size: str = "4 KiB", page_frame: "int | None" = None) -> None:
        """Map the page of that size that holds the address, write-back, with all permissions on the way.

        To ``page_frame``, a host-physical address; without it to the same address as in the guest. Raises FieldError
        for a page size that does not exist, or an address wider than the walk.
        """
        page_level = bits.page_level(page_size)
        check_integer("guest_physical_address", guest_physical_address, 0, bits.reach(self.ept.levels + 1) - 1)
        table = self.ept.address
        for level in range(self.ept.levels, page_level, -1):
            address = _address(table, guest_physical_address, level)
            if not self.memory.read(address) & RWX:
                self.memory.write(address, self.free | RWX)
                self.free += bits.FRAME
            table = EptEntry(level, self.memory.read(address)).address
        if page_frame is None:
            page_frame = guest_physical_address & ~(bits.reach(page_level) - 1)
        leaf = page_frame | WRITE_BACK << bits.EPT_MEMORY_TYPE_SHIFT | RWX
        if page_level > 1:
            leaf |= bits.EPT_PS
        self.memory.write(_address(table, guest_physical_address, page_level), leaf)

    def entry_addresses(self, guest_physical_address: int) -> "dict[int, int]":
        """By level, where the entries lie that a walk for that address reads."""
        found = {}
        table = self.ept.address
        for level in range(self.ept.levels, 0, -1):
            found[level] = _address(table, guest_physical_address, level)
            entry = EptEntry(level, self.memory.read(found[level]))
            if entry.maps_page or not entry.value & RWX:
                break
            table = entry.address
        return found


def _address(table: int, guest_physical_address: int, level: int) -> int:
    return table + bits.ENTRY_SIZE * bits.index(guest_physical_address, level)
