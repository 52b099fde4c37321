"""What all rules about instructions share: asking a rule, and the faults that come before any exit.

Source: Intel SDM volume 3, "Relative Priority of Faults and VM Exits".
"""

from vmsim import exceptions, instructions
from vmsim.vmcs import (
    COMPATIBILITY,
    CR4_KL,
    CR4_OSXSAVE,
    CR4_PCE,
    CR4_SMXE,
    CR4_TSD,
    CR4_UMIP,
    LONG,
    REAL,
    VIRTUAL_8086,
    Guest,
    Vmcs,
)
from vmsim.vmx_trace import (
    ASK_ON,
    CONTROL,
    EXECUTES,
    EXIT,
    FAULT,
    INVALID_OPCODE,
    NO_EXIT,
    PRIVILEGE,
    Check,
    GuestFault,
    NoExit,
    VmExit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    Outcome = tuple[list[Check], VmExit | GuestFault | NoExit]

# By fault: the register it reads (or mode, or SMM), its bit, the value of the bit that raises it.
_CR4_BITS = {
    instructions.TSD_GP: ("CR4.TSD", CR4_TSD, 1),
    instructions.PCE_GP: ("CR4.PCE", CR4_PCE, 0),
    instructions.UMIP_GP: ("CR4.UMIP", CR4_UMIP, 1),
    instructions.OSXSAVE_UD: ("CR4.OSXSAVE", CR4_OSXSAVE, 0),
    instructions.SMXE_UD: ("CR4.SMXE", CR4_SMXE, 0),
    instructions.KL_UD: ("CR4.KL", CR4_KL, 0),
}
_MODES = {
    instructions.VMX_MODE_UD: (REAL, VIRTUAL_8086, COMPATIBILITY),
    instructions.PROTECTED_UD: (REAL, VIRTUAL_8086),
}
_ANY_CPL = (instructions.OSXSAVE_UD, instructions.SMXE_UD, instructions.KL_UD)


def faults_first(guest: Guest, faults: "tuple[str, ...]", checks: "list[Check]") -> "GuestFault | None":
    """The fault that comes before any exit, None where none does; what was asked is appended to ``checks``."""
    for fault in faults:
        vector = exceptions.UD if fault.startswith("#UD") else exceptions.GP
        read, raised = _asked(guest, fault)
        rule = INVALID_OPCODE if vector == exceptions.UD else PRIVILEGE
        checks.append(Check(rule, read, FAULT if raised else ASK_ON))
        if raised:
            return GuestFault(vector, 0 if vector == exceptions.GP else None)
    return None


def _asked(guest: Guest, fault: str) -> "tuple[tuple[tuple[str, object], ...], bool]":
    """What the fault depends on, and whether that raises it."""
    if fault in _MODES:
        return (("mode", guest.mode),), guest.mode in _MODES[fault]
    if fault == instructions.LONG_UD:
        return (("mode", guest.mode),), guest.mode != LONG
    if fault == instructions.SMM_UD:
        return (("SMM", guest.in_smm),), not guest.in_smm
    if fault not in _CR4_BITS:
        return (("CPL", guest.cpl),), guest.cpl > 0
    name, mask, raises = _CR4_BITS[fault]
    bit = 1 if guest.cr4 & mask else 0
    if fault in _ANY_CPL:
        return ((name, bit),), bit == raises
    return (("CPL", guest.cpl), (name, bit)), guest.cpl > 0 and bit == raises


def control(controls: Vmcs, name: str, checks: "list[Check]", if_one: str, if_zero: str, rule: str = CONTROL) -> bool:
    """Whether the control is in force; ``if_one`` and ``if_zero`` say what that means for the answer."""
    found = controls.has(name)
    checks.append(Check(rule, ((name, 1 if found else 0),), if_one if found else if_zero))
    return found


def exits_if(controls: Vmcs, name: str, checks: "list[Check]", leave: VmExit) -> "Outcome":
    """``leave`` if that control is 1; otherwise the instruction executes."""
    if control(controls, name, checks, EXIT, NO_EXIT):
        return checks, leave
    return checks, NoExit(EXECUTES)


def enabled(controls: Vmcs, name: str, checks: "list[Check]") -> "GuestFault | None":
    """#UD where the control that makes the instruction exist in a guest is 0."""
    if control(controls, name, checks, ASK_ON, FAULT, INVALID_OPCODE):
        return None
    return GuestFault(exceptions.UD)
