"""MOV CR, CLTS, LMSW, SMSW and MOV DR: guest/host masks, read shadows, CR3-target values, the TPR shadow.

Source: Intel SDM volume 3, "Instructions That Cause VM Exits Conditionally", "Changes to Instruction Behavior in VMX
Non-Root Operation", "Guest/Host Masks and Read Shadows for CR0 and CR4", "CR3-Target Controls", "TPR Virtualization";
qualifications: tables "Exit Qualification for Control-Register Accesses" and "Exit Qualification for MOV DR".
"""

from vmsim import bits, exceptions, exit_reasons
from vmsim.instructions import CPL_GP, UMIP_GP, Instruction
from vmsim.value import FieldError
from vmsim.vmcs import CR0_TS, CR4_DE, LONG, Guest, Vmcs
from vmsim.vmx_steps import control, exits_if, faults_first
from vmsim.vmx_trace import (
    ASK_ON,
    CR3_TARGET,
    EXECUTES,
    EXIT,
    FAULT,
    GUEST_HOST_MASK,
    INVALID_OPCODE,
    NO_EXIT,
    READ_SHADOW,
    TPR_THRESHOLD,
    Check,
    GuestFault,
    NoExit,
    VmExit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_steps import Outcome

# Access type, bits 5:4 of the qualification.
MOV_TO_CR, MOV_FROM_CR, CLTS, LMSW = 0, 1, 2, 3
MOV_FROM_DR = 1 << 4
LMSW_MEMORY = 1 << 6
# LMSW reaches PE, MP, EM and TS.
_LMSW = 0xF


def control_register(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """MOV to and from a control register, CLTS, LMSW, SMSW."""
    checks: list[Check] = []
    name = what.mnemonic
    fault = faults_first(guest, (UMIP_GP if name == "SMSW" else CPL_GP,), checks)
    if fault is not None:
        return checks, fault
    if name == "SMSW":
        return _read(checks, "CR0", guest.cr0, controls.cr0_guest_host_mask, controls.cr0_read_shadow, 0xFFFF)
    if name == "CLTS":
        return _clts(controls, guest, checks)
    if name == "LMSW":
        return _lmsw(controls, guest, what, checks)
    number = int(name[-1])
    if number == 8 and guest.mode != LONG:
        raise FieldError("mode", guest.mode, f"{LONG}: no other has a CR8")
    if " from " in name:
        return _from_cr(controls, guest, what, number, checks)
    return _to_cr(controls, guest, what, number, checks)


def _leave(number: int, kind: int, register: int) -> VmExit:
    return VmExit(exit_reasons.CR_ACCESS, number | kind << 4 | register << 8)


def _to_cr(controls: Vmcs, guest: Guest, what: Instruction, number: int, checks: "list[Check]") -> "Outcome":
    leave = _leave(number, MOV_TO_CR, what.register)
    if number in (0, 4):
        mask = controls.cr0_guest_host_mask if number == 0 else controls.cr4_guest_host_mask
        shadow = controls.cr0_read_shadow if number == 0 else controls.cr4_read_shadow
        differing = (what.value ^ shadow) & mask
        read = (("value", what.value), ("guest/host mask", mask), ("read shadow", shadow), ("differing", differing))
        checks.append(Check(GUEST_HOST_MASK, read, EXIT if differing else NO_EXIT))
        if differing:
            return checks, leave
        held = guest.cr0 if number == 0 else guest.cr4
        return checks, NoExit(EXECUTES, held & mask | what.value & ~mask)
    if number == 3:
        if not control(controls, "CR3-load exiting", checks, ASK_ON, NO_EXIT):
            return checks, NoExit(EXECUTES)
        count = controls.cr3_target_count
        targets = controls.cr3_target_values[:count]
        found = what.value in targets
        against = (("value", what.value), ("CR3-target count", count), ("CR3-target values", targets))
        checks.append(Check(CR3_TARGET, against, NO_EXIT if found else EXIT))
        return checks, NoExit(EXECUTES) if found else leave
    if number == 8:
        if control(controls, "CR8-load exiting", checks, EXIT, ASK_ON):
            return checks, leave
        return write_tpr(controls, (what.value & 0xF) << 4, checks)
    # MOV to CR2 has no control.
    return checks, NoExit(EXECUTES)


def write_tpr(controls: Vmcs, vtpr: int, checks: "list[Check]") -> "Outcome":
    """CR8 or the TPR was written as ``vtpr``; with the TPR shadow that may fall below the threshold.

    "TPR Virtualization". With virtual-interrupt delivery the processor evaluates pending virtual interrupts instead.
    """
    if not control(controls, "use TPR shadow", checks, ASK_ON, NO_EXIT):
        return checks, NoExit(EXECUTES)
    if control(controls, "virtual-interrupt delivery", checks, NO_EXIT, ASK_ON):
        return checks, NoExit(EXECUTES, vtpr)
    below = vtpr >> 4 < controls.tpr_threshold
    read = (("VTPR[7:4]", vtpr >> 4), ("TPR threshold", controls.tpr_threshold))
    checks.append(Check(TPR_THRESHOLD, read, EXIT if below else NO_EXIT))
    if below:
        return checks, VmExit(exit_reasons.TPR_BELOW_THRESHOLD, trap_like=True)
    return checks, NoExit(EXECUTES, vtpr)


def _from_cr(controls: Vmcs, guest: Guest, what: Instruction, number: int, checks: "list[Check]") -> "Outcome":
    leave = _leave(number, MOV_FROM_CR, what.register)
    if number == 0:
        return _read(checks, "CR0", guest.cr0, controls.cr0_guest_host_mask, controls.cr0_read_shadow, bits.MAX_64)
    if number == 4:
        return _read(checks, "CR4", guest.cr4, controls.cr4_guest_host_mask, controls.cr4_read_shadow, bits.MAX_64)
    if number == 3:
        return exits_if(controls, "CR3-store exiting", checks, leave)
    if number == 8:
        if control(controls, "CR8-store exiting", checks, EXIT, ASK_ON):
            return checks, leave
        shadowed = control(controls, "use TPR shadow", checks, NO_EXIT, NO_EXIT)
        return checks, NoExit(EXECUTES, guest.vtpr >> 4 if shadowed else None)
    return checks, NoExit(EXECUTES)


def _read(checks: "list[Check]", name: str, held: int, mask: int, shadow: int, width: int) -> "Outcome":
    """What the guest reads: bits that the host owns come from the read shadow. Reading never exits."""
    checks.append(Check(READ_SHADOW, ((name, held), ("guest/host mask", mask), ("read shadow", shadow)), NO_EXIT))
    return checks, NoExit(EXECUTES, (held & ~mask | shadow & mask) & width)


def _clts(controls: Vmcs, guest: Guest, checks: "list[Check]") -> "Outcome":
    """Exits where the host owns TS and the shadow shows it set; where it shows it clear, TS stays as it is."""
    owned = controls.cr0_guest_host_mask & CR0_TS
    exits = owned & controls.cr0_read_shadow
    read = (("guest/host mask", controls.cr0_guest_host_mask), ("read shadow", controls.cr0_read_shadow))
    checks.append(Check(GUEST_HOST_MASK, read, EXIT if exits else NO_EXIT))
    if exits:
        return checks, _leave(0, CLTS, 0)
    return checks, NoExit(EXECUTES, guest.cr0 if owned else guest.cr0 & ~CR0_TS)


def _lmsw(controls: Vmcs, guest: Guest, what: Instruction, checks: "list[Check]") -> "Outcome":
    """Exits for PE where it sets it against the shadow (LMSW never clears PE), for MP, EM, TS where they differ."""
    mask = controls.cr0_guest_host_mask & _LMSW
    differing = (what.value ^ controls.cr0_read_shadow) & mask
    if not what.value & bits.CR0_PE:
        differing &= ~bits.CR0_PE
    read = (
        ("value", what.value),
        ("guest/host mask", controls.cr0_guest_host_mask),
        ("read shadow", controls.cr0_read_shadow),
        ("differing", differing),
    )
    checks.append(Check(GUEST_HOST_MASK, read, EXIT if differing else NO_EXIT))
    if differing:
        leave = _leave(0, LMSW, 0)
        qualification = leave.qualification | (LMSW_MEMORY if what.memory else 0) | (what.value & 0xFFFF) << 16
        return checks, VmExit(exit_reasons.CR_ACCESS, qualification)
    writable = _LMSW & ~mask
    written = what.value & writable | (guest.cr0 & bits.CR0_PE)
    return checks, NoExit(EXECUTES, guest.cr0 & ~writable | written)


def debug_register(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """MOV to and from a debug register.

    Its exit comes before #GP for CPL > 0 and before #UD for DR4 and DR5 with CR4.DE = 1 (the manual's exception to
    the rule that such faults come first); before the #DB that DR7.GD raises too.
    """
    checks: list[Check] = []
    qualification = int(what.mnemonic[-1]) | what.register << 8
    if " from " in what.mnemonic:
        qualification |= MOV_FROM_DR
    leave = VmExit(exit_reasons.DR_ACCESS, qualification)
    if control(controls, "MOV-DR exiting", checks, EXIT, NO_EXIT):
        return checks, leave
    if what.mnemonic[-1] in "45":
        extensions = 1 if guest.cr4 & CR4_DE else 0
        checks.append(Check(INVALID_OPCODE, (("CR4.DE", extensions),), FAULT if extensions else ASK_ON))
        if extensions:
            return checks, GuestFault(exceptions.UD)
    fault = faults_first(guest, (CPL_GP,), checks)
    return checks, fault if fault is not None else NoExit(EXECUTES)
