"""What comes of guest operations under shadow paging and under EPT, as plain values: whoever shows it decodes nothing.

Glossary
    Handled    what KVM did with one exit
    Exit       one VM exit and what KVM did
    Step       one operation of a story, with what it cost under both
    Trace      all of a story
"""

from vmsim.faults import GeneralProtection, PageFault, StackFault
from vmsim.value import FieldError, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.shadow_operation import Operation
    from vmsim.vmx_trace import VmExit

    GuestFaultResult = PageFault | GeneralProtection | StackFault

# What KVM does: with a #PF; with a MOV to CR3; with the rest.
REFLECTED, FILLED, DIRTIED, UNSYNCED, EMULATED = "reflected", "filled", "dirtied", "out of sync", "emulated"
SAME, CACHED, FOUND, MADE = "same root", "cached root", "root from the hash", "new root"
INVALIDATED, READ_CR3, ZAPPED, MAPPED = "invalidated", "CR3 read", "zapped", "mapped in EPT"
DID = (REFLECTED, FILLED, DIRTIED, UNSYNCED, EMULATED, SAME, CACHED, FOUND, MADE, INVALIDATED, READ_CR3, ZAPPED, MAPPED)


def guest_fault(result: object) -> "GuestFaultResult":
    """The result of a walk that the guest gets as a fault; FieldError for another."""
    if isinstance(result, (PageFault, GeneralProtection, StackFault)):
        return result
    raise FieldError("result", result, "a fault of the guest's")


class Handled(Value):
    """What KVM did with one exit.

    ``did``: one of ``DID``. ``made`` and ``synced`` count shadow pages; ``zapped`` counts shadow pages, or entries
    where a guest's write was emulated. ``fault`` is the guest's own fault where that is reflected;
    ``guest_physical_address`` where the access goes otherwise.
    """

    _fields = ("did", "made", "synced", "zapped", "fault", "guest_physical_address")
    did: str
    made: int = 0
    synced: int = 0
    zapped: int = 0
    fault: "GuestFaultResult | None" = None
    guest_physical_address: "int | None" = None


class Exit(Value):
    """One VM exit: what left the guest, and what KVM did. ``address``: linear, or guest-physical for EPT."""

    _fields = ("leave", "handled", "address")
    leave: "VmExit"
    handled: Handled
    address: int


class Outcome(Value):
    """What one operation came to on one machine.

    ``exits`` in their order. ``host_physical_address``: where an access went. ``fault``: what the guest gets instead.
    ``accesses``: how many accesses to memory the operation made, those of the guest kernel to its tables among them.
    """

    _fields = ("exits", "host_physical_address", "fault", "accesses")
    exits: "tuple[Exit, ...]"
    host_physical_address: "int | None" = None
    fault: "GuestFaultResult | None" = None
    accesses: int = 0


class Step(Value):
    """One operation of a story: ``operation`` as it was told; ``shadow`` and ``ept`` what came of it.

    ``pages``: shadow pages that exist after it.
    """

    _fields = ("operation", "shadow", "ept", "pages")
    operation: "Operation"
    shadow: Outcome
    ept: Outcome
    pages: int


class Trace(Value):
    """A whole story, step by step."""

    _fields = ("steps",)
    steps: "tuple[Step, ...]"

    @property
    def shadow_exits(self) -> int:
        """All exits with shadow paging."""
        return sum(len(step.shadow.exits) for step in self.steps)

    @property
    def ept_exits(self) -> int:
        """All exits with EPT."""
        return sum(len(step.ept.exits) for step in self.steps)
