"""The guest that rows about EPT speak of: four-level tables for one datum, and an EPT that maps everything."""

from __future__ import annotations

from types import ModuleType

from vmsim import Access, Ept, EptMisconfiguration, EptViolation, PageFault, Processor, Walk, bits
from vmsim.cli.question import Answer, Given, choice, number
from vmsim.ept_mapping import EptTables
from vmsim.mapping import map_address
from vmsim.value import FieldError, hexadecimal

ACCESSES = {"r": "read", "w": "write", "x": "fetch"}
PAGE_SIZES = {"4K": "4 KiB", "2M": "2 MiB", "1G": "1 GiB"}
# Linux's names.
REASON_NAMES = {EptViolation.exit_reason: "EPT_VIOLATION", EptMisconfiguration.exit_reason: "EPT_MISCONFIG"}


class Guest:
    """A guest at CPL 0 with CR0.WP = EFER.NXE = 1; its EPT maps each address to itself, with all permissions.

    ``datum`` has, by level, the host-physical addresses of the EPT entries for the datum's page. No other access uses
    these: the guest's tables lie low, the datum and (where it is apart) the page table in other 512-GByte regions.
    """

    LINEAR_ADDRESS = 0x100_0000_0000
    DATUM = 0x80_0000_0000
    PAGE_TABLE_APART = 0xC0_0000_0000
    MAXPHYADDR = 40

    def __init__(
        self,
        page_size: str = "4 KiB",
        maxphyaddr: int = MAXPHYADDR,
        accessed_dirty: bool = False,
        page_table: int = 0x4000,
        pte_flags: int = bits.P | bits.RW | bits.US | bits.A | bits.D,
    ) -> None:
        self.processor = Processor(cr3=0x1000, maxphyaddr=maxphyaddr)
        used = {"A": 1}
        levels: dict[str, int | dict[str, int]] = {
            "PML4E": used,
            "PDPTE": used,
            "PDE": {"A": 1, "address": page_table},
            "PTE": self.DATUM | pte_flags,
        }
        self.memory = map_address(self.processor, self.LINEAR_ADDRESS, levels, "4 KiB")
        self.ept = Ept(0x10_0000 | 3 << bits.EPTP_WALK_LENGTH_SHIFT | 6 | (bits.EPTP_AD if accessed_dirty else 0))
        self.tables = EptTables(self.memory, self.ept, 0x10_1000)
        self.tables.map(0, "1 GiB")
        self.tables.map(self.DATUM, page_size)
        if page_table >= self.DATUM:
            self.tables.map(page_table)
        self.datum = self.tables.entry_addresses(self.DATUM)

    def level(self, given: Given) -> int:
        """The level that the row names: one that the translation of the datum has."""
        level = number(given, "level", 1, 4)
        if level not in self.datum:
            raise FieldError("level", level, ", ".join(map(str, sorted(self.datum))))
        return level

    def permit(self, entry_address: int, permissions: int) -> None:
        """Give the EPT entry other permissions."""
        self.change(entry_address, bits.EPT_R | bits.EPT_W | bits.EPT_X, permissions)

    def change(self, entry_address: int, mask: int, value: int) -> None:
        """Give the bits of ``mask`` in an entry the value ``value``."""
        self.memory.write(entry_address, self.memory.read(entry_address) & ~mask | value)

    def access(self, build: ModuleType, given: Given) -> Walk:
        """The walk for the row's ``access`` to the datum."""
        access = Access(choice(given, "access", ACCESSES), 0)
        walk = build.translate(self.memory, self.processor, access, self.LINEAR_ADDRESS, self.ept)
        assert isinstance(walk, Walk)
        return walk


def answer(walk: Walk) -> Answer:
    """Whether and how it exits, where the exception bitmap makes every #PF exit."""
    result = walk.result
    if isinstance(result, EptViolation | EptMisconfiguration):
        found = {"exit": True, "reason": result.exit_reason, "reason_name": REASON_NAMES[result.exit_reason]}
        found["gpa"] = hexadecimal(result.guest_physical_address)
        if isinstance(result, EptViolation):
            found |= {"qualification": hexadecimal(result.qualification), "gla": hexadecimal(result.linear_address)}
        return found
    if isinstance(result, PageFault):
        found = {"exit": True, "reason": 0, "reason_name": "EXCEPTION_NMI", "intr_vector": 14}
        return found | {"error_code": result.error_code, "qualification": hexadecimal(result.linear_address)}
    return {"exit": False, "reason": None, "reason_name": None}
