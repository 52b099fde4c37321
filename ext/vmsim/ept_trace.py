"""What happened during an EPT walk, as plain values.

Glossary
    EptStep             one EPT entry read: where, what it said, what is wrong with it, which flags were set in it
    EptTranslation      the host-physical address that the walk found
    EptViolation        VM exit 48, with its exit qualification and the rules that caused it
    EptMisconfiguration VM exit 49
    EptWalk             all of it
"""

from vmsim import bits
from vmsim.ept_entries import EptEntry
from vmsim.eptp import GuestPhysicalAccess
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from vmsim.entries import Reserved

    EptRefusal: TypeAlias = "EptViolation | EptMisconfiguration"

# The rules that end an EPT walk, each with the section of Intel SDM volume 3 that states it.
EPT_WIDTH = "ept-width"
EPT_NOT_PRESENT = "ept-not-present"
EPT_READ = "ept-read"
EPT_WRITE = "ept-write"
EPT_EXECUTE = "ept-execute"
EPT_MISCONFIGURED = "ept-misconfigured"
EPT_RULES = {
    EPT_WIDTH: "EPT Violations",
    EPT_NOT_PRESENT: "EPT Violations",
    EPT_READ: "EPT Violations",
    EPT_WRITE: "EPT Violations",
    EPT_EXECUTE: "EPT Violations",
    EPT_MISCONFIGURED: "EPT Misconfigurations",
}

# Bits of the exit qualification for EPT violations, highest first, by the table of that name.
QUALIFICATION_FLAGS = (
    ("NMI unblocking due to IRET", bits.EPTQ_NMI_UNBLOCKING),
    ("execute-disable page", bits.EPTQ_EXECUTE_DISABLE),
    ("read/write page", bits.EPTQ_WRITABLE_PAGE),
    ("user-mode linear address", bits.EPTQ_USER_ADDRESS),
    ("translation of the linear address", bits.EPTQ_FINAL),
    ("guest linear address valid", bits.EPTQ_LINEAR_VALID),
    ("executable for user-mode linear addresses", bits.EPTQ_USER_EXECUTABLE),
    ("executable", bits.EPT_X << bits.EPTQ_PERMISSIONS_SHIFT),
    ("writable", bits.EPT_W << bits.EPTQ_PERMISSIONS_SHIFT),
    ("readable", bits.EPT_R << bits.EPTQ_PERMISSIONS_SHIFT),
    ("instruction fetch", bits.EPTQ_FETCH),
    ("data write", bits.EPTQ_WRITE),
    ("data read", bits.EPTQ_READ),
)


class EptStep(Value):
    """One EPT entry read. ``table`` is the table's host-physical address, ``index`` 0 to 511.

    ``entry`` has the value that was read; ``misconfigured`` names the bits for which the walk ends there; ``sets`` is
    the mask of the accessed and dirty flags that the walk then sets in it.
    """

    _fields = ("table", "index", "entry_address", "entry", "misconfigured", "sets")
    table: int
    index: int
    entry_address: int
    entry: EptEntry
    misconfigured: "tuple[Reserved, ...]"
    sets: int

    @property
    def level(self) -> int:
        """5 (EPT PML5E) to 1 (EPT PTE)."""
        return self.entry.level


class EptTranslation(Value):
    """Success: ``level`` is that of the entry that maps the page; ``memory_type`` 0, 1, 4, 5 or 6."""

    _fields = ("host_physical_address", "page_frame", "level", "memory_type", "ignore_pat")
    host_physical_address: int
    page_frame: int
    level: int
    memory_type: int
    ignore_pat: bool

    @property
    def page_size(self) -> str:
        """``4 KiB``, ``2 MiB`` or ``1 GiB``."""
        return bits.PAGE_SIZES[self.level]


class EptViolation(Value):
    """VM exit with basic reason 48. ``rules`` are all that refuse the access.

    ``linear_address`` goes to the guest linear-address field; None where that field is not valid.
    """

    _fields = ("qualification", "rules", "guest_physical_address", "linear_address")
    qualification: int
    rules: "tuple[str, ...]"
    guest_physical_address: int
    linear_address: "int | None"

    exit_reason = 48

    @property
    def flags(self) -> "tuple[tuple[str, int], ...]":
        """Name and value of each bit of the exit qualification, highest first."""
        return tuple((name, 1 if self.qualification & mask else 0) for name, mask in QUALIFICATION_FLAGS)


class EptMisconfiguration(Value):
    """VM exit with basic reason 49; its exit qualification is undefined. The walk's last step says what is wrong."""

    _fields = ("guest_physical_address", "rules")
    guest_physical_address: int
    rules: "tuple[str, ...]" = (EPT_MISCONFIGURED,)

    exit_reason = 49


class EptWalk(Value):
    """One walk of the EPT paging structures, first to last step.

    ``permissions`` is the logical AND of bits 10 (XU) and 2:0 (X, W, R) of all entries read.
    """

    _fields = ("guest_physical_address", "access", "steps", "permissions", "result")
    guest_physical_address: int
    access: GuestPhysicalAccess
    steps: "tuple[EptStep, ...]"
    permissions: int
    result: "EptTranslation | EptViolation | EptMisconfiguration"

    @property
    def refusal(self) -> "EptRefusal | None":
        """The violation or misconfiguration in which it ended; None where it found a translation."""
        return None if isinstance(self.result, EptTranslation) else self.result

    @property
    def updates(self) -> "tuple[tuple[int, int, int], ...]":
        """Host-physical address, size in bytes and flags of each entry in which flags are set."""
        return tuple((step.entry_address, bits.ENTRY_SIZE, step.sets) for step in self.steps if step.sets)
