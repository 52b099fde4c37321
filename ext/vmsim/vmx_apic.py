"""Accesses to the APIC-access page: which are virtualized, and which exit.

Source: Intel SDM volume 3, "Virtualizing Memory-Mapped APIC Accesses": "Virtualizing Reads from the APIC-Access Page",
"Virtualizing Writes to the APIC-Access Page"; qualification: table "Exit Qualification for APIC-Access VM Exits".
"""

from vmsim import exit_reasons
from vmsim.events import Event
from vmsim.vmcs import Vmcs
from vmsim.vmx_steps import control
from vmsim.vmx_trace import ASK_ON, EVENT, EVENT_CONTROL, EXECUTES, EXIT, NO_EXIT, NOTHING, Check, NoExit, VmExit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_steps import Outcome

# Access types, bits 15:12 of the qualification; only these two can be virtualized.
READ, WRITE = 0, 1
TPR, EOI, ICR_LOW = 0x80, 0xB0, 0x300
# The 16-byte regions of the registers that APIC-register virtualization covers.
_WRITES = (0x20, 0x80, 0xB0, 0xD0, 0xE0, 0xF0, 0x280, 0x300, 0x310) + tuple(range(0x320, 0x390, 0x10)) + (0x3E0,)
# Reads beside: the version, and ISR, TMR and IRR of eight registers each.
_READS = _WRITES + (0x30,) + tuple(range(0x100, 0x280, 0x10))


def access(controls: Vmcs, event: Event, checks: "list[Check]") -> "Outcome":
    """One access, of 4 aligned bytes; its offset and type stand in the event's qualification as in an exit's.

    An access that is virtualized goes to the virtual-APIC page. A write of the TPR may then fall below the threshold,
    and a write of another register ends in an APIC-write exit; those are events of their own.
    """
    leave = VmExit(exit_reasons.APIC_ACCESS, event.qualification)
    if not control(controls, "virtualize APIC accesses", checks, ASK_ON, NO_EXIT, EVENT_CONTROL):
        return checks, NoExit(NOTHING)
    if not control(controls, "use TPR shadow", checks, ASK_ON, EXIT, EVENT_CONTROL):
        return checks, leave
    registers = control(controls, "APIC-register virtualization", checks, ASK_ON, ASK_ON, EVENT_CONTROL)
    delivery = control(controls, "virtual-interrupt delivery", checks, ASK_ON, ASK_ON, EVENT_CONTROL)
    offset, kind = event.qualification & 0xFFF, event.qualification >> 12 & 0xF
    virtualized = offset & 0xF == 0 and offset in covered(kind, registers, delivery)
    read = (("access type", kind), ("offset", offset), ("virtualized", virtualized))
    checks.append(Check(EVENT, read, NO_EXIT if virtualized else EXIT))
    return checks, NoExit(EXECUTES) if virtualized else leave


def covered(kind: int, registers: bool, delivery: bool) -> "tuple[int, ...]":
    """Offsets that are virtualized for that access type with the TPR shadow.

    ``registers``: APIC-register virtualization; ``delivery``: virtual-interrupt delivery.
    """
    if kind not in (READ, WRITE):
        return ()
    if registers:
        return _READS if kind == READ else _WRITES
    return (TPR, EOI, ICR_LOW) if delivery else (TPR,)
