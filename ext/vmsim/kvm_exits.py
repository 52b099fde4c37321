"""The handlers of KVM that decide something: by exit reason, whether the guest resumes or user space gets the exit.

Source: Linux ``arch/x86/kvm/vmx/vmx.c`` and ``x86.c``, the functions of the names in ``kvm_handlers``;
``mmu/mmu.c`` (``kvm_mmu_page_fault``) for what becomes of a page that is not mapped.
"""

from vmsim import exceptions, exit_reasons
from vmsim.events import TYPE_NMI
from vmsim.kvm_handlers import (
    EFAULT,
    EIO,
    HARDWARE_BREAKPOINTS,
    IN_KERNEL,
    IOEVENTFD,
    MMIO,
    MSR_KNOWN,
    NO_PAGE,
    RAM,
    READ_ONLY,
    RESUME,
    SINGLE_STEP,
    TO_USER,
    Handling,
    KvmState,
)
from vmsim.vmx_registers import CLTS, MOV_TO_CR
from vmsim.vmx_trace import VmExit

ERROR_CODE_RSVD = 1 << 3
CONTEXT_INVALID = 1 << 0
HYPERCALL_MAP_GPA_RANGE = 12


def _resume(function: str, did: str, then: str = "") -> Handling:
    return Handling(function, RESUME, did=did, then=then)


def internal(function: "str | None", suberror: str, did: str) -> Handling:
    """User space gets KVM_EXIT_INTERNAL_ERROR."""
    return Handling(function, TO_USER, "KVM_EXIT_INTERNAL_ERROR", suberror, did)


def _emulate(function: str, state: KvmState, did: str = "KVM's emulator executes the instruction") -> Handling:
    if state.emulates:
        return _resume(function, did)
    if state.cpl > 0:
        return _resume(function, "#UD into the guest: the emulator does not know the instruction")
    return internal(function, "KVM_INTERNAL_ERROR_EMULATION", "the emulator does not know the instruction")


def _exception(function: str, leave: VmExit, state: KvmState) -> Handling:
    information = leave.interruption_information
    vector = information & 0xFF
    if information >> 8 & 7 == TYPE_NMI or vector == exceptions.MC:
        return _resume(function, "the host's handler has run already")
    if vector == exceptions.NM:
        return _resume(function, "#NM into the guest")
    if vector == exceptions.UD:
        return _resume(function, "emulated, or #UD into the guest")
    if vector == exceptions.GP and state.vmware_backdoor:
        return _resume(function, "#GP into the guest, or its backdoor access emulated")
    page_fault = vector == exceptions.PF and not leave.error_code & ERROR_CODE_RSVD
    if leave.idt_vectoring_information >> 31 and not page_fault:
        return internal(function, "KVM_INTERNAL_ERROR_SIMUL_EX", "an exception while an event was delivered")
    if vector == exceptions.PF:
        return _resume(function, "the shadow page tables are filled, or #PF goes into the guest")
    debugged = SINGLE_STEP in state.guest_debug or HARDWARE_BREAKPOINTS in state.guest_debug
    if vector == exceptions.DB and not debugged:
        return _resume(function, "#DB into the guest")
    if vector in (exceptions.DB, exceptions.BP):
        return Handling(function, TO_USER, "KVM_EXIT_DEBUG", did="user space debugs the guest")
    if vector == exceptions.AC and (state.guest_wants_ac or state.split_lock_handled):
        return _resume(function, "#AC into the guest, or the split lock dealt with")
    return Handling(function, TO_USER, "KVM_EXIT_EXCEPTION", did="a vector that KVM has not asked for")


def _triple_fault(function: str, leave: VmExit, state: KvmState) -> Handling:
    return Handling(function, TO_USER, "KVM_EXIT_SHUTDOWN", did="user space resets the guest or ends it")


def _io(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.port in (IN_KERNEL, IOEVENTFD):
        return _resume(function, f"the port belongs to: {state.port}")
    return Handling(function, TO_USER, "KVM_EXIT_IO", did="user space's device answers")


def _cr(function: str, leave: VmExit, state: KvmState) -> Handling:
    number, kind = leave.qualification & 15, leave.qualification >> 4 & 3
    if kind == CLTS:
        return Handling(function, EIO, did="a bug: the guest always owns CR0.TS")
    if kind == MOV_TO_CR and number == 8 and not state.lapic_in_kernel and state.value & 15 < state.cr8:
        did = "the TPR fell: user space's APIC may interrupt"
        return Handling(function, TO_USER, "KVM_EXIT_SET_TPR", did=did)
    return _resume(function, "the access is emulated")


def _dr(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.cpl == 0 and state.dr7_gd and HARDWARE_BREAKPOINTS in state.guest_debug:
        return Handling(function, TO_USER, "KVM_EXIT_DEBUG", did="DR7.GD guards the debug registers for user space")
    if state.cpl == 0 and state.dr7_gd:
        return _resume(function, "#DB into the guest")
    return _resume(function, "the guest gets the debug registers")


def _halt(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.lapic_in_kernel:
        return _resume(function, "the vCPU thread sleeps in the kernel until an event comes")
    return Handling(function, TO_USER, "KVM_EXIT_HLT", did="user space waits for an event")


def _msr(function: str, leave: VmExit, state: KvmState) -> Handling:
    reading = leave.reason in (exit_reasons.MSR_READ, 84)
    if state.msr == MSR_KNOWN:
        return _resume(function, "KVM reads its value" if reading else "KVM takes the value")
    if state.msr in state.msr_to_user:
        run = "KVM_EXIT_X86_RDMSR" if reading else "KVM_EXIT_X86_WRMSR"
        return Handling(function, TO_USER, run, did="user space asked for these")
    return _resume(function, "#GP into the guest")


def _hypercall(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.cpl == 0 and state.value == HYPERCALL_MAP_GPA_RANGE and state.value in state.hypercall_exits:
        return Handling(function, TO_USER, "KVM_EXIT_HYPERCALL", did="user space asked for this hypercall")
    return _resume(function, "answered in the kernel; the result is in RAX")


def _ept_violation(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.gpa == RAM:
        return _resume(function, "the page is mapped in EPT, and the access is made again")
    return _memory(function, leave, state)


def _ept_misconfig(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.gpa == IOEVENTFD:
        return _resume(function, "the eventfd is signalled; nothing is emulated")
    if state.gpa == RAM:
        return _resume(function, "a stale MMIO entry: the page is mapped, and the access is made again")
    return _memory(function, leave, state)


def _memory(function: str, leave: VmExit, state: KvmState) -> Handling:
    """No page to map: the access is emulated, and what the emulator cannot satisfy goes to user space."""
    if state.gpa == NO_PAGE:
        return Handling(function, EFAULT, did="the host has no page for that memory slot")
    if not state.emulates:
        return _emulate(function, state)
    if state.gpa in (MMIO, READ_ONLY):
        return Handling(function, TO_USER, "KVM_EXIT_MMIO", did="user space's device answers")
    return _resume(function, f"the access is emulated: {state.gpa}")


def _task_switch(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.emulates:
        return _resume(function, "the switch is emulated")
    return internal(function, "KVM_INTERNAL_ERROR_EMULATION", "the task switch cannot be emulated")


def _by_emulator(function: str, leave: VmExit, state: KvmState) -> Handling:
    return _emulate(function, state)


def _invpcid(function: str, leave: VmExit, state: KvmState) -> Handling:
    if state.invpcid_in_cpuid:
        return _resume(function, "flushes what it names")
    return _resume(function, "#UD into the guest: its CPUID has no such instruction")


def _notify(function: str, leave: VmExit, state: KvmState) -> Handling:
    if leave.qualification & CONTEXT_INVALID or state.notify_user:
        return Handling(function, TO_USER, "KVM_EXIT_NOTIFY", did="the guest ran too long without an event window")
    return _resume(function, "counted")


def _bus_lock(function: str, leave: VmExit, state: KvmState) -> Handling:
    return Handling(function, TO_USER, "KVM_EXIT_X86_BUS_LOCK", did="user space may slow the guest down")


def _eoi(function: str, leave: VmExit, state: KvmState) -> Handling:
    then = "" if state.ioapic_in_kernel else "KVM_EXIT_IOAPIC_EOI"
    return _resume(function, "the EOI goes to the I/O APIC", then)


def _window(function: str, leave: VmExit, state: KvmState) -> Handling:
    asked = state.window_requested and not state.lapic_in_kernel
    return _resume(function, "the pending interrupt can be injected", "KVM_EXIT_IRQ_WINDOW_OPEN" if asked else "")


RULES = {
    "EXCEPTION_NMI": _exception, "TRIPLE_FAULT": _triple_fault, "IO_INSTRUCTION": _io, "CR_ACCESS": _cr,
    "DR_ACCESS": _dr, "HLT": _halt, "MSR_READ": _msr, "MSR_WRITE": _msr, "MSR_READ_IMM": _msr, "MSR_WRITE_IMM": _msr,
    "VMCALL": _hypercall, "EPT_VIOLATION": _ept_violation, "EPT_MISCONFIG": _ept_misconfig,
    "TASK_SWITCH": _task_switch, "GDTR_IDTR": _by_emulator, "LDTR_TR": _by_emulator, "APIC_ACCESS": _by_emulator,
    "INVPCID": _invpcid, "NOTIFY": _notify, "BUS_LOCK": _bus_lock, "EOI_INDUCED": _eoi, "INTERRUPT_WINDOW": _window,
}  # fmt: skip
