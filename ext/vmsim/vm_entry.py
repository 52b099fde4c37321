"""VM entry: what VMLAUNCH or VMRESUME checks, in which order, and how a violation shows.

    >>> from vmsim.vm_entry import enter, long_mode_vmcs
    >>> outcome = enter(long_mode_vmcs(("virtual NMIs",)))
    >>> outcome.result
    VmFail(error=7)
    >>> outcome.violations[0].text
    'virtual NMIs is 0x1; required: 0, or "NMI exiting" is 1'

The controls are checked first, then the host state, then the guest state, then MSRs are loaded; what comes after a
violation is not looked at, but all violations of one group are told. Not modelled: what CET, Intel PT, LBRs, user
interrupts and performance counters ask of the guest's MSRs, HLAT, PASID translation and IPI virtualization of theirs.
Source: Intel SDM volume 3, "VM Entries", "VM-Entry Failures During or After Loading Guest State", "Loading MSRs";
"VM Instruction Error Numbers".
"""

from vmsim import entry_controls, entry_guest, entry_host, entry_segments, exit_reasons
from vmsim.entry_steps import Violation, Violations
from vmsim.value import FieldError, Value
from vmsim.vmcs import Vmcs, vmcs
from vmsim.vmcs_areas import GuestState, HostState
from vmsim.vmcs_fields import Capabilities, ControlFields, MsrEntry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INVALID_CONTROLS = 7
INVALID_HOST_STATE = 8
LOADING_MSRS = "Loading MSRs"

FS_BASE, GS_BASE = 0xC000_0100, 0xC000_0101
BIOS_UPDT_TRIG, SMM_MONITOR_CTL = 0x79, 0x9B


class Entered(Value):
    """The guest runs."""

    _fields = ()


class VmFail(Value):
    """VMfailValid: the instruction sets RFLAGS.ZF and ``error`` in the VM-instruction error field; 7 or 8."""

    _fields = ("error",)
    error: int


class FailedEntry(Value):
    """The entry fails like a VM exit: host state is loaded, bit 31 of the exit reason is 1.

    ``reason`` is the basic one, 33 or 34; ``qualification`` for 33: 2 PDPTE, 3 NMI, 4 VMCS link pointer, else 0; for
    34: which entry of the MSR-load area, counted from 1.
    """

    _fields = ("reason", "qualification")
    reason: int
    qualification: int = 0

    @property
    def exit_reason(self) -> int:
        """The 32 bits of the exit-reason field."""
        return self.reason | exit_reasons.FAILED_ENTRY


class VmEntry(Value):
    """``result`` is Entered, VmFail or FailedEntry; ``violations`` are all those of the group that failed."""

    _fields = ("result", "violations")
    result: "Entered | VmFail | FailedEntry"
    violations: "tuple[Violation, ...]"


def long_mode_vmcs(controls: "tuple[str, ...] | list[str]" = (), **fields: "Any") -> Vmcs:
    """Controls of a 64-bit guest under a 64-bit host, with those that are named beside."""
    return vmcs(("host address-space size", "IA-32e mode guest") + tuple(controls), **fields)


_FIELDS, _HOST, _GUEST, _CPU = ControlFields(), HostState(), GuestState(), Capabilities()


def enter(
    controls: Vmcs,
    fields: ControlFields = _FIELDS,
    host: HostState = _HOST,
    guest: GuestState = _GUEST,
    cpu: Capabilities = _CPU,
) -> VmEntry:
    """VMLAUNCH or VMRESUME with that VMCS, current and in the launch state that the instruction wants."""
    kinds = (Vmcs, ControlFields, HostState, GuestState, Capabilities)
    for given, kind in zip((controls, fields, host, guest, cpu), kinds):
        if not isinstance(given, kind):
            raise FieldError(kind.__name__, given, f"a {kind.__name__}")
    found = entry_controls.check(Violations(), controls, fields, guest, cpu)
    if found:
        return VmEntry(VmFail(INVALID_CONTROLS), found)
    found = entry_host.check(Violations(), controls, host, cpu)
    if found:
        return VmEntry(VmFail(INVALID_HOST_STATE), found)
    found = _guest_state(controls, fields, guest, cpu)
    if found:
        qualification = max(violation.qualification for violation in found)
        return VmEntry(FailedEntry(exit_reasons.INVALID_STATE, qualification), found)
    for number, entry in enumerate(fields.entry_msr_load, 1):
        wrong = _msr(entry)
        if wrong:
            violation = Violation(LOADING_MSRS, f"VM-entry MSR-load entry {number}", entry.index, wrong)
            return VmEntry(FailedEntry(exit_reasons.MSR_LOAD_FAIL, number), (violation,))
    return VmEntry(Entered(), ())


def refused_controls(controls: Vmcs, vtpr: int = 0) -> "tuple[Violation, ...]":
    """What is wrong with the controls alone, under which no guest ever runs; ``vtpr`` is the virtual TPR."""
    return entry_controls.check(Violations(), controls, ControlFields(vtpr=vtpr), _GUEST, _CPU)


def _guest_state(
    controls: Vmcs, fields: ControlFields, guest: GuestState, cpu: Capabilities
) -> "tuple[Violation, ...]":
    found = Violations()
    entry_guest.registers(found, controls, guest, cpu)
    entry_segments.segments(found, controls, guest, cpu)
    entry_guest.tables_and_flags(found, controls, fields, guest, cpu)
    entry_guest.non_register(found, controls, fields, guest, cpu)
    entry_guest.pdptes(found, controls, guest, cpu)
    return found.so_far()


def _msr(entry: MsrEntry) -> str:
    """Why that entry of a load area cannot be loaded; "" where it can."""
    if entry.index in (FS_BASE, GS_BASE):
        return "another MSR: IA32_FS_BASE and IA32_GS_BASE come from the guest-state area"
    if entry.index >> 8 == 8:
        return "another MSR: 0x800 to 0x8ff are the APIC's"
    if entry.index == SMM_MONITOR_CTL:
        return "another MSR: this one is written in SMM only"
    if entry.index == BIOS_UPDT_TRIG:
        return "another MSR: this one cannot be loaded by VM entry"
    if entry.reserved:
        return "0 in bits 63:32 of the entry"
    return "" if entry.writable else "a value that WRMSR accepts"
