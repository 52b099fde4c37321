"""Does the guest exit: from the VMCS's controls, the guest's state, and an instruction or an event.

    >>> from vmsim.vmx import Guest, Instruction, decide, vmcs
    >>> controls = vmcs(("CR3-load exiting",), cr3_target_count=1, cr3_target_values=(0x2000,))
    >>> decide(controls, Guest(), Instruction("MOV to CR3", register=3, value=0x3000)).result
    VmExit(reason=0x1c, qualification=0x303, interruption_information=0, ...)

``decide`` gives a ``Decision``: its ``checks`` say which rules were asked, in order, what each read and said; its
``result`` is a ``VmExit`` (``.name`` is Linux's, ``.qualification`` as the manual lays it out), a ``GuestFault`` or a
``NoExit``. ``vmsim.kvm.handle`` says what KVM then does. What it takes: ``Vmcs`` (made by ``vmcs()`` from the names of
controls), ``Guest``, and ``Instruction`` or ``Event``; all frozen, all with defaults, FieldError for what cannot be.

Source: Intel SDM volume 3, "VMX Non-Root Operation"; each rule's section is in ``vmx_trace.RULES``.
"""

from vmsim import vmx_events, vmx_registers, vmx_special
from vmsim.bitmaps import IoBitmaps, MsrBitmaps, io_page, msr_bitmaps, msr_page
from vmsim.events import Event, event_of, first_event, page_fault
from vmsim.instructions import IO, MNEMONICS, MSR_ACCESS, REGISTER_ACCESS, ROWS, SOFTWARE_INTERRUPTS, Instruction
from vmsim.value import FieldError
from vmsim.vmcs import ACTIVE, Guest, Vmcs, vmcs
from vmsim.vmx_trace import Check, Decision, GuestFault, NoExit, VmExit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_steps import Outcome

__all__ = [
    "MNEMONICS",
    "Check",
    "Decision",
    "Event",
    "Guest",
    "GuestFault",
    "Instruction",
    "IoBitmaps",
    "MsrBitmaps",
    "NoExit",
    "VmExit",
    "Vmcs",
    "decide",
    "event_of",
    "first_event",
    "io_page",
    "msr_bitmaps",
    "msr_page",
    "page_fault",
    "vmcs",
]


def decide(controls: Vmcs, guest: Guest, what: "Instruction | Event") -> Decision:
    """What comes of ``what`` in that guest under these controls.

    Raises FieldError for an instruction in a guest that executes none (its activity state is not "active").
    """
    if not isinstance(controls, Vmcs):
        raise FieldError("controls", controls, "a Vmcs")
    if not isinstance(guest, Guest):
        raise FieldError("guest", guest, "a Guest")
    checks, result = _outcome(controls, guest, what)
    return Decision(controls, guest, what, tuple(checks), result)


def _outcome(controls: Vmcs, guest: Guest, what: "Instruction | Event") -> "Outcome":
    if isinstance(what, Event):
        return vmx_events.decide(controls, guest, what)
    if not isinstance(what, Instruction):
        raise FieldError("what", what, "an Instruction or an Event")
    if guest.activity != ACTIVE:
        raise FieldError("activity", guest.activity, f"{ACTIVE}: in no other activity state is an instruction executed")
    name = what.mnemonic
    if name in ROWS:
        return vmx_special.by_row(controls, guest, what, ROWS[name])
    if name in REGISTER_ACCESS:
        return vmx_registers.control_register(controls, guest, what)
    if name.startswith("MOV "):
        return vmx_registers.debug_register(controls, guest, what)
    if name in IO:
        return vmx_special.io(controls, guest, what)
    if name in MSR_ACCESS:
        return vmx_special.msr(controls, guest, what)
    if name in SOFTWARE_INTERRUPTS:
        return vmx_events.software_interrupt(controls, guest, what)
    return vmx_special.SPECIAL[name](controls, guest, what)
