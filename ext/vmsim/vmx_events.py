"""Which event exits: exceptions, interrupts, windows, timers, the APIC, EPT.

Source: Intel SDM volume 3, "Exception Bitmap", "Other Causes of VM Exits", "Event Blocking"; "Interrupt 8: Double Fault
Exception (#DF)" for exceptions during delivery.
"""

from vmsim import exceptions, exit_reasons, vmx_apic
from vmsim.events import (
    APIC_ACCESS,
    BY_CONTROL,
    ERROR_CODE_VALID,
    EXCEPTION,
    EXTERNAL_INTERRUPT,
    INIT,
    INTERRUPT_WINDOW,
    MTF,
    NMI,
    NMI_WINDOW,
    SIPI,
    SMI,
    TASK_SWITCH,
    TIMER,
    TPR_WRITE,
    TRIPLE_FAULT,
    TYPE_EXTERNAL,
    TYPE_HARDWARE,
    TYPE_NMI,
    TYPE_PRIVILEGED,
    TYPE_SOFTWARE,
    VALID,
    Event,
)
from vmsim.instructions import Instruction
from vmsim.vmcs import BY_MOV_SS, BY_NMI, BY_STI, REAL, RFLAGS_IF, SHUTDOWN, WAIT_FOR_SIPI, Guest, Vmcs
from vmsim.vmx_registers import write_tpr
from vmsim.vmx_steps import control
from vmsim.vmx_trace import (
    ASK_ON,
    BLOCKED,
    DELIVERED,
    DISCARDED,
    DURING_DELIVERY,
    EVENT,
    EVENT_CONTROL,
    EXCEPTION_BITMAP,
    EXECUTES,
    EXIT,
    HELD,
    NO_EXIT,
    NOTHING,
    PAGE_FAULT_MATCH,
    Check,
    GuestFault,
    NoExit,
    VmExit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_steps import Outcome


def decide(controls: Vmcs, guest: Guest, event: Event) -> "Outcome":
    """What comes of an event."""
    checks: list[Check] = []
    if event.kind in BY_CONTROL:
        name, reason, trap_like = BY_CONTROL[event.kind]
        if control(controls, name, checks, EXIT, NO_EXIT, EVENT_CONTROL):
            return checks, VmExit(reason, event.qualification, trap_like=trap_like)
        return checks, NoExit(NOTHING)
    if event.kind == APIC_ACCESS:
        return vmx_apic.access(controls, event, checks)
    if event.kind == TPR_WRITE:
        return write_tpr(controls, event.vtpr, checks)
    return _KINDS[event.kind](controls, guest, event, checks)


def software_interrupt(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """INT1, INT3, INTO and INT n: the exception bitmap sees the first three, software interrupts go by it."""
    if what.mnemonic == "INT n":
        return [Check(EXCEPTION_BITMAP, (("instruction", "INT n"),), NO_EXIT)], NoExit(EXECUTES)
    vector, kind = {
        "INT1": (exceptions.DB, TYPE_PRIVILEGED),
        "INT3": (exceptions.BP, TYPE_SOFTWARE),
        "INTO": (exceptions.OF, TYPE_SOFTWARE),
    }[what.mnemonic]
    return _exception(controls, guest, Event(EXCEPTION, vector, type=kind), [])


def _exception(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """The exception's own bit is asked first; only if it does not exit, a double or triple fault comes of it."""
    exits = _intercepted(controls, event, checks)
    has_code = exceptions.exception(event.vector).has_error_code and event.type == TYPE_HARDWARE
    has_code = has_code and guest.mode != REAL
    if exits:
        information = event.vector | event.type << 8 | (ERROR_CODE_VALID if has_code else 0) | VALID
        shown = event.qualification if event.vector in (exceptions.PF, exceptions.DB) else 0
        vectoring = 0 if event.during is None else _vectoring(event.during)
        code = event.error_code if has_code else 0
        return checks, VmExit(exit_reasons.EXCEPTION_NMI, shown, information, code, vectoring)
    if event.during is not None:
        result = exceptions.deliver(event.during, event.vector).result
        said = {exceptions.TRIPLE: EXIT, exceptions.DOUBLE: ASK_ON}.get(result, NO_EXIT)
        read = (("first", event.during), ("second", event.vector), ("result", result))
        checks.append(Check(DURING_DELIVERY, read, said))
        if result == exceptions.TRIPLE:
            return checks, VmExit(exit_reasons.TRIPLE_FAULT)
        if result == exceptions.DOUBLE:
            return _exception(controls, guest, Event(EXCEPTION, exceptions.DF), checks)
    return checks, GuestFault(event.vector, event.error_code if has_code else None)


def _intercepted(controls: Vmcs, event: Event, checks: "list[Check]") -> bool:
    bit = controls.exception_bitmap >> event.vector & 1
    if event.vector != exceptions.PF:
        read: tuple[tuple[str, object], ...] = (("vector", event.vector), ("exception bitmap bit", bit))
        checks.append(Check(EXCEPTION_BITMAP, read, EXIT if bit else NO_EXIT))
        return bit == 1
    mask, match = controls.page_fault_error_code_mask, controls.page_fault_error_code_match
    equal = event.error_code & mask == match
    read = (("error code", event.error_code), ("PFEC_MASK", mask), ("PFEC_MATCH", match), ("equal", equal))
    checks.append(Check(PAGE_FAULT_MATCH, read, ASK_ON))
    exits = equal == (bit == 1)
    checks.append(Check(EXCEPTION_BITMAP, (("vector", 14), ("exception bitmap bit", bit)), EXIT if exits else NO_EXIT))
    return exits


def _vectoring(vector: int) -> int:
    """IDT-vectoring information of a hardware exception, or of an NMI."""
    if vector == exceptions.NMI:
        return vector | TYPE_NMI << 8 | VALID
    kind = TYPE_SOFTWARE if vector in (exceptions.BP, exceptions.OF) else TYPE_HARDWARE
    code = ERROR_CODE_VALID if exceptions.exception(vector).has_error_code else 0
    return vector | kind << 8 | code | VALID


def _held(checks: "list[Check]", name: str, value: object, blocks: bool) -> bool:
    checks.append(Check(BLOCKED, ((name, value),), NO_EXIT if blocks else ASK_ON))
    return blocks


def _external(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """With "external-interrupt exiting" RFLAGS.IF blocks nothing."""
    if _held(checks, "activity state", guest.activity, guest.activity in (SHUTDOWN, WAIT_FOR_SIPI)):
        return checks, NoExit(HELD)
    if control(controls, "external-interrupt exiting", checks, EXIT, ASK_ON, EVENT_CONTROL):
        acknowledged = control(controls, "acknowledge interrupt on exit", checks, EXIT, EXIT, EVENT_CONTROL)
        return checks, VmExit(1, 0, event.vector | TYPE_EXTERNAL << 8 | VALID if acknowledged else 0)
    flag = 1 if guest.rflags & RFLAGS_IF else 0
    if _held(checks, "RFLAGS.IF", flag, flag == 0) or _held(
        checks, "blocking", guest.blocking, BY_STI in guest.blocking or BY_MOV_SS in guest.blocking
    ):
        return checks, NoExit(HELD)
    return checks, NoExit(DELIVERED)


def _nmi(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """With virtual NMIs the guest's blocking by NMI holds back virtual NMIs only, not the processor's."""
    if _held(checks, "activity state", guest.activity, guest.activity == WAIT_FOR_SIPI):
        return checks, NoExit(HELD)
    exiting = control(controls, "NMI exiting", checks, ASK_ON, ASK_ON, EVENT_CONTROL)
    virtual = exiting and control(controls, "virtual NMIs", checks, ASK_ON, ASK_ON, EVENT_CONTROL)
    blocks = (BY_NMI in guest.blocking and not virtual) or (BY_MOV_SS in guest.blocking and not exiting)
    if _held(checks, "blocking", guest.blocking, blocks):
        return checks, NoExit(HELD)
    checks.append(Check(EVENT, (("event", NMI),), EXIT if exiting else NO_EXIT))
    if exiting:
        return checks, VmExit(exit_reasons.EXCEPTION_NMI, 0, exceptions.NMI | TYPE_NMI << 8 | VALID)
    return checks, NoExit(DELIVERED)


def _init(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    if _held(checks, "activity state", guest.activity, guest.activity == WAIT_FOR_SIPI):
        return checks, NoExit(HELD)
    checks.append(Check(EVENT, (("event", INIT),), EXIT))
    return checks, VmExit(exit_reasons.INIT_SIGNAL)


def _sipi(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    waits = guest.activity == WAIT_FOR_SIPI
    checks.append(Check(EVENT, (("event", SIPI), ("activity state", guest.activity)), EXIT if waits else NO_EXIT))
    return checks, VmExit(exit_reasons.SIPI_SIGNAL, event.vector) if waits else NoExit(DISCARDED)


def _smi(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """The default treatment of SMIs: the processor enters SMM, whatever the VMCS says."""
    if _held(checks, "activity state", guest.activity, guest.activity == WAIT_FOR_SIPI):
        return checks, NoExit(HELD)
    checks.append(Check(EVENT, (("event", SMI),), NO_EXIT))
    return checks, NoExit(DELIVERED)


def _always(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """A triple fault or a task switch: no control asks."""
    checks.append(Check(EVENT, (("event", event.kind),), EXIT))
    if event.kind == TRIPLE_FAULT:
        return checks, VmExit(exit_reasons.TRIPLE_FAULT)
    vectoring = 0 if event.during is None else _vectoring(event.during)
    return checks, VmExit(exit_reasons.TASK_SWITCH, event.qualification, idt_vectoring_information=vectoring)


def _boundary(controls: Vmcs, guest: Guest, event: Event, checks: "list[Check]") -> "Outcome":
    """What a control makes exit at the boundary of an instruction, if nothing blocks it."""
    name, reason, states, blocked_by = _BOUNDARY[event.kind]
    if not control(controls, name, checks, ASK_ON, NO_EXIT, EVENT_CONTROL):
        return checks, NoExit(NOTHING)
    if _held(checks, "activity state", guest.activity, guest.activity in states):
        return checks, NoExit(NOTHING)
    if event.kind == INTERRUPT_WINDOW:
        flag = 1 if guest.rflags & RFLAGS_IF else 0
        if _held(checks, "RFLAGS.IF", flag, flag == 0):
            return checks, NoExit(NOTHING)
    if blocked_by and _held(checks, "blocking", guest.blocking, any(one in blocked_by for one in guest.blocking)):
        return checks, NoExit(NOTHING)
    checks.append(Check(EVENT, (("event", event.kind),), EXIT))
    return checks, VmExit(reason)


# Control, exit reason, activity states that block it, events that block it.
_BOUNDARY: "dict[str, tuple[str, int, tuple[str, ...], tuple[str, ...]]]" = {
    INTERRUPT_WINDOW: ("interrupt-window exiting", 7, (SHUTDOWN, WAIT_FOR_SIPI), (BY_STI, BY_MOV_SS)),
    NMI_WINDOW: ("NMI-window exiting", 8, (WAIT_FOR_SIPI,), (BY_NMI, BY_MOV_SS)),
    TIMER: ("activate VMX-preemption timer", 52, (WAIT_FOR_SIPI,), ()),
    MTF: ("monitor trap flag", 37, (SHUTDOWN, WAIT_FOR_SIPI), ()),
}
_KINDS = {
    EXCEPTION: _exception, EXTERNAL_INTERRUPT: _external, NMI: _nmi, INIT: _init, SIPI: _sipi, SMI: _smi,
    TRIPLE_FAULT: _always, TASK_SWITCH: _always, INTERRUPT_WINDOW: _boundary, NMI_WINDOW: _boundary,
    TIMER: _boundary, MTF: _boundary,
}  # fmt: skip
