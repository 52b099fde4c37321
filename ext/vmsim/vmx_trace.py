"""How it was decided whether the guest exits, as plain values: whoever shows it decodes nothing.

Glossary
    Instruction  what the guest executes, with the operands that decide
    Event        what happens to the guest otherwise: an exception, an interrupt, a timer
    Check        one rule that was asked, what it read, and what it said
    VmExit       the processor leaves the guest
    GuestFault   the guest gets an exception instead
    NoExit       nothing leaves the guest
    Decision     all of it
"""

from vmsim import exceptions, exit_reasons
from vmsim.value import Value, check_choice, check_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmcs import Guest, Vmcs

# The rules, each with the section of Intel SDM volume 3 that states it.
PRIVILEGE = "privilege"
INVALID_OPCODE = "invalid-opcode"
IO_PERMISSION = "io-permission"
UNCONDITIONAL = "unconditional"
CONTROL = "control"
GUEST_HOST_MASK = "guest-host-mask"
READ_SHADOW = "read-shadow"
CR3_TARGET = "cr3-target"
MSR_RANGE = "msr-range"
MSR_BITMAP = "msr-bitmap"
IO_WRAP = "io-wrap"
IO_BITMAP = "io-bitmap"
LEAF_BITMAP = "leaf-bitmap"
XSS_BITMAP = "xss-bitmap"
VMCS_SHADOW = "vmcs-shadow"
VM_FUNCTION = "vm-function"
PAUSE_LOOP = "pause-loop"
TPR_THRESHOLD = "tpr-threshold"
EXCEPTION_BITMAP = "exception-bitmap"
PAGE_FAULT_MATCH = "page-fault-match"
BLOCKED = "blocked"
EVENT = "event"
EVENT_CONTROL = "event-control"
DURING_DELIVERY = "during-delivery"
RULES = {
    PRIVILEGE: "Relative Priority of Faults and VM Exits",
    INVALID_OPCODE: "Relative Priority of Faults and VM Exits",
    IO_PERMISSION: "Relative Priority of Faults and VM Exits",
    UNCONDITIONAL: "Instructions That Cause VM Exits Unconditionally",
    CONTROL: "Instructions That Cause VM Exits Conditionally",
    GUEST_HOST_MASK: "Guest/Host Masks and Read Shadows for CR0 and CR4",
    READ_SHADOW: "Guest/Host Masks and Read Shadows for CR0 and CR4",
    CR3_TARGET: "CR3-Target Controls",
    MSR_RANGE: "MSR-Bitmap Address",
    MSR_BITMAP: "MSR-Bitmap Address",
    IO_WRAP: "I/O-Bitmap Addresses",
    IO_BITMAP: "I/O-Bitmap Addresses",
    LEAF_BITMAP: "ENCLS-Exiting Bitmap",
    XSS_BITMAP: "XSS-Exiting Bitmap",
    VMCS_SHADOW: "VMCS Shadowing Bitmap Addresses",
    VM_FUNCTION: "VM-Function Controls",
    PAUSE_LOOP: "Instructions That Cause VM Exits Conditionally",
    TPR_THRESHOLD: "TPR Virtualization",
    EXCEPTION_BITMAP: "Exception Bitmap",
    PAGE_FAULT_MATCH: "Exception Bitmap",
    BLOCKED: "Other Causes of VM Exits",
    EVENT: "Other Causes of VM Exits",
    EVENT_CONTROL: "Other Causes of VM Exits",
    DURING_DELIVERY: "Interrupt 8: Double Fault Exception (#DF)",
}

# What a check said.
EXIT = "exit"
FAULT = "fault"
NO_EXIT = "no exit"
ASK_ON = "next rule"

# What happens where nothing exits.
EXECUTES = "executes"
DELIVERED = "delivered"
HELD = "held"
DISCARDED = "discarded"
NOTHING = "nothing"


class Check(Value):
    """``rule`` is a key of ``RULES``; ``read`` are names and values that it looked at; ``said`` one of the above."""

    _fields = ("rule", "read", "said")
    rule: str
    read: "tuple[tuple[str, object], ...]"
    said: str

    @property
    def source(self) -> str:
        """Title of the section of Intel SDM volume 3 that states the rule."""
        return RULES[self.rule]


class VmExit(Value):
    """The guest exits: basic reason, exit qualification, and what the VMCS says of the event that caused it.

    ``interruption_information`` and ``error_code`` are those of "VM-exit interruption information", 0 where it is not
    valid; so is ``idt_vectoring_information``, the event whose delivery the exit cut short. ``trap_like``: the
    instruction has been executed before the exit.
    """

    _fields = (
        "reason", "qualification", "interruption_information", "error_code", "idt_vectoring_information", "trap_like",
    )  # fmt: skip
    reason: int
    qualification: int = 0
    interruption_information: int = 0
    error_code: int = 0
    idt_vectoring_information: int = 0
    trap_like: bool = False

    def _check(self) -> None:
        check_integer("reason", self.reason, 0, 0xFFFF)
        check_integer("qualification", self.qualification, 0, (1 << 64) - 1)
        for name in ("interruption_information", "error_code", "idt_vectoring_information"):
            check_integer(name, getattr(self, name), 0, 0xFFFF_FFFF)
        check_choice("trap_like", self.trap_like, (False, True))

    @property
    def name(self) -> str:
        """Linux's name of the reason, without ``EXIT_REASON_``; the manual's where Linux has none."""
        found = exit_reasons.by_number(self.reason)
        return found.name or found.title

    @property
    def vector(self) -> "int | None":
        """Vector of the event in the interruption information; None where that is not valid."""
        return self.interruption_information & 0xFF if self.interruption_information >> 31 else None


class GuestFault(Value):
    """An exception that is delivered in the guest; ``error_code`` None where its vector has none."""

    _fields = ("vector", "error_code")
    vector: int
    error_code: "int | None" = None

    @property
    def name(self) -> str:
        """``#GP``, ``#UD``, …"""
        return exceptions.exception(self.vector).mnemonic


class NoExit(Value):
    """No exit. ``effect``: "executes", "delivered" (through the guest's IDT), "held" (blocked), "discarded", "nothing".

    ``value`` is what the guest reads, or what a register then holds, where that differs from what it would be without
    VMX; else None.
    """

    _fields = ("effect", "value")
    effect: str = EXECUTES
    value: "int | None" = None


class Decision(Value):
    """``what`` is the Instruction or Event; ``result`` a VmExit, a GuestFault or a NoExit."""

    _fields = ("vmcs", "guest", "what", "checks", "result")
    vmcs: "Vmcs"
    guest: "Guest"
    what: object
    checks: "tuple[Check, ...]"
    result: "VmExit | GuestFault | NoExit"

    @property
    def exits(self) -> bool:
        """Whether the guest exits."""
        return isinstance(self.result, VmExit)
