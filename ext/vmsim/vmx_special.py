"""Instructions whose exit depends on more than a control: I/O, MSRs, PAUSE, bitmaps by leaf, VMREAD, VMFUNC.

Source: Intel SDM volume 3, "Instructions That Cause VM Exits Conditionally" and the sections that ``vmx_trace.RULES``
names; qualification: table "Exit Qualification for I/O Instructions".
"""

from vmsim import bitmaps, exceptions, exit_reasons
from vmsim.instructions import (
    ADDRESS,
    ARMED,
    CPL_GP,
    CPL_UD,
    LONG_UD,
    OSXSAVE_UD,
    PROTECTED_UD,
    VMX_MODE_UD,
    Instruction,
    Row,
)
from vmsim.vmcs import REAL, VIRTUAL_8086, Guest, Vmcs
from vmsim.vmx_steps import control, enabled, exits_if, faults_first
from vmsim.vmx_trace import (
    ASK_ON,
    EXECUTES,
    EXIT,
    FAULT,
    INVALID_OPCODE,
    IO_BITMAP,
    IO_PERMISSION,
    IO_WRAP,
    LEAF_BITMAP,
    MSR_BITMAP,
    MSR_RANGE,
    NO_EXIT,
    PAUSE_LOOP,
    UNCONDITIONAL,
    VM_FUNCTION,
    VMCS_SHADOW,
    XSS_BITMAP,
    Check,
    GuestFault,
    NoExit,
    VmExit,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_steps import Outcome

# Qualification of an I/O exit.
IO_IN = 1 << 3
IO_STRING = 1 << 4
IO_REP = 1 << 5
IO_IMMEDIATE = 1 << 6


def by_row(controls: Vmcs, guest: Guest, what: Instruction, row: Row) -> "Outcome":
    """An instruction that exits always, or where its controls are 1."""
    checks: list[Check] = []
    fault = enabled(controls, row.enabled_by, checks) if row.enabled_by else None
    fault = fault or faults_first(guest, row.faults, checks)
    if fault is not None:
        return checks, fault
    qualification = {ADDRESS: what.address, ARMED: 1 if what.armed else 0}.get(row.qualification, 0)
    leave = VmExit(row.reason, qualification)
    if not row.exiting:
        checks.append(Check(UNCONDITIONAL, (("instruction", row.mnemonic),), EXIT))
        return checks, leave
    for name in row.exiting:
        if not control(controls, name, checks, EXIT, NO_EXIT):
            return checks, NoExit(EXECUTES)
    return checks, leave


def io(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """IN, OUT, INS, OUTS. With I/O bitmaps "unconditional I/O exiting" is not looked at.

    INS and OUTS exit before a fault of their memory operand; the I/O permission bitmap comes before either.
    """
    checks: list[Check] = []
    if guest.mode == VIRTUAL_8086 or (guest.mode != REAL and guest.cpl > guest.iopl):
        read = (("CPL", guest.cpl), ("IOPL", guest.iopl), ("I/O permission bitmap permits", guest.io_permitted))
        checks.append(Check(IO_PERMISSION, read, ASK_ON if guest.io_permitted else FAULT))
        if not guest.io_permitted:
            return checks, GuestFault(exceptions.GP, 0)
    qualification = what.size - 1 | what.port << 16
    qualification |= IO_IN if what.mnemonic in ("IN", "INS") else 0
    qualification |= IO_STRING if what.mnemonic in ("INS", "OUTS") else 0
    qualification |= (IO_REP if what.rep else 0) | (IO_IMMEDIATE if what.immediate else 0)
    leave = VmExit(exit_reasons.IO_INSTRUCTION, qualification)
    if not control(controls, "use I/O bitmaps", checks, ASK_ON, ASK_ON):
        return exits_if(controls, "unconditional I/O exiting", checks, leave)
    touched = bitmaps.ports(what.port, what.size)
    wraps = touched[-1] < touched[0]
    checks.append(Check(IO_WRAP, (("ports", touched),), EXIT if wraps else ASK_ON))
    if wraps:
        return checks, leave
    set_bits = tuple(port for port in touched if port in controls.io_bitmaps.ones)
    checks.append(Check(IO_BITMAP, (("ports", touched), ("bits that are 1", set_bits)), EXIT if set_bits else NO_EXIT))
    return checks, leave if set_bits else NoExit(EXECUTES)


def msr(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """RDMSR, WRMSR, WRMSRNS. Whether the MSR exists is asked only after the exit."""
    checks: list[Check] = []
    fault = faults_first(guest, (CPL_GP,), checks)
    if fault is not None:
        return checks, fault
    reading = what.mnemonic == "RDMSR"
    leave = VmExit(exit_reasons.MSR_READ if reading else exit_reasons.MSR_WRITE)
    return _by_msr_bitmap(controls, what.msr, bitmaps.RDMSR if reading else bitmaps.WRMSR, leave, leave, checks)


def _by_msr_bitmap(
    controls: Vmcs, number: int, operation: str, without: VmExit, by_bitmap: VmExit, checks: "list[Check]"
) -> "Outcome":
    """``without``: the exit where no bitmaps are used; ``by_bitmap``: the one that they cause."""
    if not control(controls, "use MSR bitmaps", checks, ASK_ON, EXIT):
        return checks, without
    bit = bitmaps.msr_bit(number, operation)
    checks.append(Check(MSR_RANGE, (("MSR", number), ("bit", bit)), EXIT if bit is None else ASK_ON))
    if bit is None:
        return checks, by_bitmap
    one = 1 if bit in controls.msr_bitmaps.ones else 0
    read = (("operation", operation), ("MSR", number), ("byte", bit // 8), ("bit", bit % 8), ("value", one))
    checks.append(Check(MSR_BITMAP, read, EXIT if one else NO_EXIT))
    return checks, by_bitmap if one else NoExit(EXECUTES)


def _msr_list(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """RDMSRLIST and WRMSRLIST, at the entry of the list whose MSR is ``what.msr``."""
    checks: list[Check] = []
    fault = enabled(controls, "enable MSR-list instructions", checks) or faults_first(guest, (LONG_UD, CPL_GP), checks)
    if fault is not None:
        return checks, fault
    reading = what.mnemonic == "RDMSRLIST"
    reason = 78 if reading else 79
    operation = bitmaps.RDMSR if reading else bitmaps.WRMSR
    return _by_msr_bitmap(controls, what.msr, operation, VmExit(reason), VmExit(reason, what.msr), checks)


def _pause(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """PAUSE: "PAUSE exiting" at any CPL; "PAUSE-loop exiting" at CPL 0 only, and only in a loop that lasts."""
    checks: list[Check] = []
    leave = VmExit(40)
    if control(controls, "PAUSE exiting", checks, EXIT, ASK_ON):
        return checks, leave
    if not control(controls, "PAUSE-loop exiting", checks, ASK_ON, NO_EXIT):
        return checks, NoExit(EXECUTES)
    exits = guest.cpl == 0 and what.looping
    read = (("CPL", guest.cpl), ("loop longer than PLE_Window", what.looping))
    checks.append(Check(PAUSE_LOOP, read, EXIT if exits else NO_EXIT))
    return checks, leave if exits else NoExit(EXECUTES)


def _by_leaf(
    controls: Vmcs, what: Instruction, name: str, bitmap: int, leave: VmExit, checks: "list[Check]"
) -> "Outcome":
    """The bit of the leaf in EAX; leaves from 63 on share bit 63. ``name`` "" where the bitmap always counts."""
    if name and not control(controls, name, checks, ASK_ON, NO_EXIT):
        return checks, NoExit(EXECUTES)
    leaf = what.value & 0xFFFF_FFFF
    one = bitmap >> min(leaf, 63) & 1
    checks.append(Check(LEAF_BITMAP, (("leaf", leaf), ("bitmap", bitmap)), EXIT if one else NO_EXIT))
    return checks, leave if one else NoExit(EXECUTES)


def _encls(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    checks: list[Check] = []
    fault = faults_first(guest, (PROTECTED_UD, CPL_UD), checks)
    if fault is not None:
        return checks, fault
    if what.mnemonic == "ENCLS":
        return _by_leaf(controls, what, "enable ENCLS exiting", controls.encls_exiting_bitmap, VmExit(60), checks)
    return _by_leaf(controls, what, "enable ENCLV exiting", controls.enclv_exiting_bitmap, VmExit(70), checks)


def _pconfig(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    checks: list[Check] = []
    fault = enabled(controls, "enable PCONFIG", checks) or faults_first(guest, (CPL_GP,), checks)
    if fault is not None:
        return checks, fault
    return _by_leaf(controls, what, "", controls.pconfig_exiting_bitmap, VmExit(65), checks)


def _xsaves(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """XSAVES and XRSTORS exit if a state component is set in EDX:EAX, IA32_XSS and the XSS-exiting bitmap alike."""
    checks: list[Check] = []
    fault = enabled(controls, "enable XSAVES/XRSTORS", checks) or faults_first(guest, (OSXSAVE_UD, CPL_GP), checks)
    if fault is not None:
        return checks, fault
    common = what.value & guest.xss & controls.xss_exiting_bitmap
    read = (("EDX:EAX", what.value), ("IA32_XSS", guest.xss), ("XSS-exiting bitmap", controls.xss_exiting_bitmap))
    checks.append(Check(XSS_BITMAP, read, EXIT if common else NO_EXIT))
    leave = VmExit(63 if what.mnemonic == "XSAVES" else 64, what.address)
    return checks, leave if common else NoExit(EXECUTES)


def _vmread(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """VMREAD and VMWRITE exit but for VMCS shadowing, which lets those pass whose bit is 0."""
    checks: list[Check] = []
    fault = faults_first(guest, (VMX_MODE_UD,), checks)
    if fault is not None:
        return checks, fault
    leave = VmExit(23 if what.mnemonic == "VMREAD" else 25, what.address)
    if not control(controls, "VMCS shadowing", checks, ASK_ON, EXIT):
        return checks, leave
    bitmap = controls.vmread_bitmap if what.mnemonic == "VMREAD" else controls.vmwrite_bitmap
    beyond = what.value >> 15 != 0
    one = 1 if beyond or what.value in bitmap else 0
    read = (("field", what.value), ("bits above 14", beyond), ("bit", one))
    checks.append(Check(VMCS_SHADOW, read, EXIT if one else NO_EXIT))
    if one:
        return checks, leave
    fault = faults_first(guest, (CPL_GP,), checks)
    return checks, fault or NoExit(EXECUTES)


def _vmfunc(controls: Vmcs, guest: Guest, what: Instruction) -> "Outcome":
    """VMFUNC, at any CPL: #UD for a function above 63, an exit for one that is not enabled."""
    checks: list[Check] = []
    fault = enabled(controls, "enable VM functions", checks)
    if fault is not None:
        return checks, fault
    function = what.value & 0xFFFF_FFFF
    checks.append(Check(INVALID_OPCODE, (("EAX", function),), FAULT if function > 63 else ASK_ON))
    if function > 63:
        return checks, GuestFault(exceptions.UD)
    one = controls.vm_function_controls >> function & 1
    checks.append(Check(VM_FUNCTION, (("EAX", function), ("bit", one)), NO_EXIT if one else EXIT))
    return checks, NoExit(EXECUTES) if one else VmExit(59)


SPECIAL = {
    "PAUSE": _pause, "ENCLS": _encls, "ENCLV": _encls, "PCONFIG": _pconfig, "XSAVES": _xsaves, "XRSTORS": _xsaves,
    "VMREAD": _vmread, "VMWRITE": _vmread, "VMFUNC": _vmfunc, "RDMSRLIST": _msr_list, "WRMSRLIST": _msr_list,
}  # fmt: skip
