"""What can happen to a guest beside its instructions, as values; and which of several events comes first.

Source: Intel SDM volume 3, "Other Causes of VM Exits", "Priority Among Concurrent Events" and what the VMX chapters say
of the priority of each exit ("Interrupt-Window Exiting", "VM Exits Induced by the TPR Threshold", "Monitor Trap Flag");
"VM-Exit Interruption Information" for the types.
"""

from vmsim import exceptions
from vmsim.ept_trace import EptMisconfiguration, EptViolation
from vmsim.faults import GeneralProtection, PageFault, StackFault
from vmsim.value import FieldError, Value, check_choice, check_integer

EXCEPTION, EXTERNAL_INTERRUPT, NMI, INIT, SIPI, SMI = "exception", "external interrupt", "NMI", "INIT", "SIPI", "SMI"
TRIPLE_FAULT, TASK_SWITCH, TPR_WRITE = "triple fault", "task switch", "TPR write"
INTERRUPT_WINDOW, NMI_WINDOW = "interrupt window", "NMI window"
APIC_ACCESS = "APIC access"
TIMER, MTF = "preemption timer", "monitor trap flag"
# Of these the one control says all; the event brings the qualification.
BY_CONTROL = {
    "EPT violation": ("enable EPT", 48, False),
    "EPT misconfiguration": ("enable EPT", 49, False),
    "APIC write": ("APIC-register virtualization", 56, True),
    "virtualized EOI": ("virtual-interrupt delivery", 45, True),
    "PML full": ("enable PML", 62, False),
    "bus lock": ("VMM bus-lock detection", 74, True),
    "instruction timeout": ("instruction timeout", 75, False),
}
# "Priority Among Concurrent Events", and what the VMX chapters say of each exit: highest first. An exception at this
# place is a trap of the instruction before, a #DB.
PRIORITY = (
    TRIPLE_FAULT, TASK_SWITCH, TPR_WRITE, SMI, INIT, MTF, EXCEPTION, TIMER, NMI_WINDOW, NMI, INTERRUPT_WINDOW,
    EXTERNAL_INTERRUPT, SIPI,
)  # fmt: skip
KINDS = PRIORITY + (APIC_ACCESS,) + tuple(sorted(BY_CONTROL))

# Interruption type, bits 10:8 of the interruption information.
TYPE_EXTERNAL, TYPE_NMI, TYPE_HARDWARE, TYPE_SOFTWARE_INTERRUPT, TYPE_PRIVILEGED, TYPE_SOFTWARE = 0, 2, 3, 4, 5, 6
ERROR_CODE_VALID = 1 << 11
VALID = 1 << 31


class Event(Value):
    """Something that happens to the guest; ``kind`` is one of ``KINDS``.

    ``vector``: of an exception (0 to 31), an external interrupt or a SIPI (0 to 255). ``error_code``: of an exception
    that has one. ``qualification``: the address of a #PF; the DR6 bits of a #DB; of a task switch selector and source;
    of an APIC access offset and type; all of it where one control decides (EPT violation, APIC write …). ``during``:
    the vector of the event that was being delivered, None outside delivery. ``type`` is the interruption type of an
    exception. ``vtpr``: the virtual TPR that was written.
    """

    _fields = ("kind", "vector", "error_code", "qualification", "during", "type", "vtpr")
    kind: str
    vector: int = 0
    error_code: int = 0
    qualification: int = 0
    during: "int | None" = None
    type: int = TYPE_HARDWARE
    vtpr: int = 0

    def _check(self) -> None:
        check_choice("event", self.kind, KINDS)
        check_integer("vector", self.vector, 0, 31 if self.kind == EXCEPTION else 255)
        if self.kind == EXCEPTION and self.vector == exceptions.NMI:
            raise FieldError("vector", self.vector, "another vector: an NMI is an event of its own")
        check_integer("error_code", self.error_code, 0, 0xFFFF_FFFF)
        check_integer("qualification", self.qualification, 0, (1 << 64) - 1)
        if self.during is not None:
            check_integer("during", self.during, 0, 31)
        check_choice("type", self.type, (TYPE_HARDWARE, TYPE_PRIVILEGED, TYPE_SOFTWARE))
        check_integer("vtpr", self.vtpr, 0, 255)


def page_fault(error_code: int, address: int, during: "int | None" = None) -> Event:
    """A #PF with that error code; ``address`` goes to the qualification, or to CR2."""
    return Event(EXCEPTION, exceptions.PF, error_code, address, during)


def event_of(result: object) -> Event:
    """The event that the end of a walk is: a #PF, #GP or #SS, an EPT violation or misconfiguration.

    FieldError for a walk that found a translation: nothing happens then.
    """
    if isinstance(result, PageFault):
        return page_fault(result.error_code, result.linear_address)
    if isinstance(result, GeneralProtection):
        return Event(EXCEPTION, exceptions.GP)
    if isinstance(result, StackFault):
        return Event(EXCEPTION, exceptions.SS)
    if isinstance(result, EptViolation):
        return Event("EPT violation", qualification=result.qualification)
    if isinstance(result, EptMisconfiguration):
        return Event("EPT misconfiguration")
    raise FieldError("result", result, "what refuses an access: a fault, or what EPT says against it")


def first_event(events: "tuple[Event, ...] | list[Event]") -> Event:
    """Which of several pending events the processor takes at an instruction boundary; FieldError for none."""
    ranked = [event for kind in PRIORITY for event in events if event.kind == kind]
    if not ranked:
        raise FieldError("events", tuple(event.kind for event in events), "one or more of " + ", ".join(PRIORITY))
    return ranked[0]
