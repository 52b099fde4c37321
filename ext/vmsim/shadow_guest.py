"""The guest kernel of a story: its address spaces, and how it edits its tables, by loads and stores as Linux does.

All physical memory is mapped in the kernel half (the direct map, by pages of 2 MiB), in the same tables for every
address space. An edit reads each entry on the way down and writes those that change; each read and each write is an
access to memory like any other. Source: Linux ``arch/x86/include/asm/pgtable_types.h`` (flags of kernel entries),
Documentation/arch/x86/x86_64/mm.rst and pti.rst.
"""

from vmsim import bits
from vmsim.entries import Entry, compose
from vmsim.value import FieldError, check_choice, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.shadow_machine import Machine

# page_offset_base without KASLR, by levels.
DIRECT_MAP = {4: 0xFFFF_8880_0000_0000, 5: 0xFF11_0000_0000_0000}
# Guest-physical memory: the kernel's tables, the top tables of the address spaces, then all other tables, then pages.
FIRST_TABLE, FIRST_TOP = 0x1000, 0x4000
FIRST_FRAME, NEXT_FRAME = 0x40_0000, 0x80_0000
# _PAGE_TABLE; PAGE_KERNEL_LARGE without XD.
_TABLE = bits.P | bits.RW | bits.US | bits.A | bits.D
_KERNEL_PAGE = bits.P | bits.RW | bits.A | bits.D | bits.PS | bits.G
USER_PCID = 0x800
SPACES = 16


def first_cr3(pcid: int) -> int:
    """CR3 in the first address space."""
    return FIRST_TOP | pcid


class Kernel:
    """A guest kernel on ``machine``; ``spaces`` are names with PCIDs; see ``Story`` for ``isolation``."""

    def __init__(self, machine: "Machine", spaces: "tuple[tuple[str, int], ...]", isolation: bool) -> None:
        if not 1 <= len(spaces) <= SPACES:
            raise FieldError("spaces", tuple(name for name, _pcid in spaces), f"1 to {SPACES} address spaces")
        self.machine = machine
        self.isolation = isolation
        self.levels = machine.processor.levels
        self.cr3s: dict[str, int] = {}
        self.running = False
        for number in range(len(spaces)):
            name, pcid = spaces[number]
            if name in self.cr3s or "/" in name:
                raise FieldError("spaces", name, "names that differ, without /")
            top = FIRST_TOP + 2 * bits.FRAME * number
            self.cr3s[name] = top | pcid
            if isolation:
                if pcid & USER_PCID:
                    raise FieldError("pcid", pcid, "0 to 0x7ff: bit 11 tells the user half's PCID")
                self.cr3s[name + "/user"] = top + bits.FRAME | pcid | (USER_PCID if machine.pcide else 0)
        self.next_table = FIRST_TOP + 2 * bits.FRAME * len(spaces)
        self.next_frame = NEXT_FRAME
        self._boot(len(spaces))

    def cr3(self, name: str) -> int:
        """CR3 of the address space of that name."""
        check_choice("space", name, tuple(self.cr3s))
        return self.cr3s[name]

    def edit(
        self, kind: str, linear_address: int, page_frame: int, flags: "tuple[tuple[str, int], ...]", level: int
    ) -> None:
        """Write the entry of ``level`` (1 or 2) for that address in the current tables.

        ``kind`` "map" makes tables that are missing; "change" keeps what is not given; "unmap" writes 0.
        """
        cr3 = self.machine.processor.cr3
        if self.isolation and cr3 & bits.FRAME:
            raise FieldError("address", linear_address, "an edit with the kernel's CR3, not with that of user mode")
        table = cr3 & bits.ADDRESS
        for above in range(self.levels, level, -1):
            place = table + bits.ENTRY_SIZE * bits.index(linear_address, above)
            value = self.read(place)
            if not value & bits.P:
                if kind != "map":
                    raise FieldError("address", linear_address, "an address that is mapped")
                value = self._new_table() | _TABLE
                self.write(place, value)
                if self.isolation and above == self.levels and not linear_address >> 63:
                    # pti_set_user_pgtbl: the user half is in both top tables.
                    self.write(place + bits.FRAME, value)
            entry = Entry(above, value)
            if entry.maps_page:
                raise FieldError("address", linear_address, f"page_size 2 MiB: its {entry.name} maps a page")
            table = entry.address
        place = table + bits.ENTRY_SIZE * bits.index(linear_address, level)
        old = self.read(place)
        if kind != "map" and not old & bits.P:
            raise FieldError("address", linear_address, "an address that is mapped")
        if kind == "map" and old & bits.P:
            raise FieldError("address", linear_address, "an address that is not mapped yet; change, or unmap first")
        self.write(place, 0 if kind == "unmap" else self._entry(level, old, page_frame, flags))

    def read(self, address: int) -> int:
        """An entry of the guest's own, at a guest-physical address."""
        if self.running:
            return self.machine.load(DIRECT_MAP[self.levels] + address)
        return self.machine.guest.read(address)

    def write(self, address: int, value: int) -> None:
        """Write one."""
        if self.running:
            self.machine.store(DIRECT_MAP[self.levels] + address, value)
        else:
            self.machine.guest.write(address, value)

    def _entry(self, level: int, old: int, page_frame: int, flags: "tuple[tuple[str, int], ...]") -> int:
        found = {"P": 1, "R/W": 1, "U/S": 1}
        before = Entry(level, old)
        if before.present:
            if level == 2 and not before.maps_page:
                raise FieldError("page_size", "2 MiB", "4 KiB: the PDE leads to a page table")
            found = dict(before.flags)
        if level == 2:
            found["PS"] = 1
        found.update(dict(flags))
        size = bits.reach(level)
        frame = page_frame
        if frame < 0:
            frame = before.address if before.present else self._new_frame(size)
        if frame % size or frame < FIRST_FRAME or not self.machine.guest.has(frame + size - 1):
            raise FieldError(
                "page_frame", frame, f"a multiple of {hexadecimal(size)} from {hexadecimal(FIRST_FRAME)} on, in memory"
            )
        return compose(level, frame, found)

    def _new_table(self) -> int:
        """A frame for a table, cleared: one store stands for all of ``clear_page``."""
        found = self.next_table
        if found >= FIRST_FRAME:
            raise FieldError("pages", found, f"tables that fit below {hexadecimal(FIRST_FRAME)}")
        self.next_table += bits.FRAME
        self.write(found, 0)
        return found

    def _new_frame(self, size: int) -> int:
        found = (self.next_frame + size - 1) & ~(size - 1)
        self.next_frame = found + size
        return found

    def _boot(self, spaces: int) -> None:
        """The kernel's tables and the address spaces' top tables, written before the guest runs."""
        guest, first = self.machine.guest, DIRECT_MAP[self.levels]
        chain = [FIRST_TABLE + bits.FRAME * number for number in range(self.levels - 2)]
        for number in range(spaces):
            top = FIRST_TOP + 2 * bits.FRAME * number
            guest.write(top + bits.ENTRY_SIZE * bits.index(first, self.levels), chain[0] | _TABLE)
        for number in range(1, len(chain)):
            place = chain[number - 1] + bits.ENTRY_SIZE * bits.index(first, self.levels - number)
            guest.write(place, chain[number] | _TABLE)
        disable = bits.XD if self.machine.processor.nxe else 0
        size = bits.reach(2)
        number = 0
        while guest.has(number * size):
            guest.write(chain[-1] + bits.ENTRY_SIZE * number, number * size | _KERNEL_PAGE | disable)
            number += 1
