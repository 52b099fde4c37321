"""What KVM does with a VM exit: which function handles it, and whether the guest goes on or user space gets it.

    >>> from vmsim.kvm import KvmState, handle
    >>> from vmsim.vmx import VmExit
    >>> handle(VmExit(30, 0x3F80000), KvmState()).kvm_run
    'KVM_EXIT_IO'

Source: Linux ``arch/x86/kvm/vmx/vmx.c``, ``__vmx_handle_exit``.
"""

from vmsim import exit_reasons
from vmsim.kvm_exits import RULES, internal
from vmsim.kvm_handlers import RESUME, TO_USER, Handling, KvmState, handler
from vmsim.value import FieldError
from vmsim.vmx_trace import VmExit

__all__ = ["Handling", "KvmState", "handle", "handler"]

# Exits that may come while an event is delivered; __vmx_handle_exit.
_MAY_CUT_DELIVERY = (
    exit_reasons.EXCEPTION_NMI, exit_reasons.EPT_VIOLATION, exit_reasons.PML_FULL, exit_reasons.APIC_ACCESS,
    exit_reasons.TASK_SWITCH, exit_reasons.NOTIFY,
)  # fmt: skip
_DOES = {
    "handle_external_interrupt": "the host's handler has run already",
    "kvm_emulate_cpuid": "registers from the CPUID table that user space has set",
    "handle_vmx_instruction": "#UD into the guest: it has no VMX",
    "handle_tdx_instruction": "#UD into the guest",
    "kvm_handle_invalid_op": "#UD into the guest: its CPUID has no such instruction",
    "handle_pause": "yields to another vCPU of the guest",
    "handle_invlpg": "drops the shadow translation",
    "handle_pml_full": "the log has been emptied already",
    "kvm_emulate_mwait": "as NOP",
    "kvm_emulate_monitor": "as NOP",
    "kvm_emulate_invd": "as NOP",
}


def handle(leave: VmExit, state: KvmState) -> Handling:
    """What KVM does with that exit. FieldError for a reason that the manual does not define."""
    if not isinstance(leave, VmExit):
        raise FieldError("leave", leave, "a VmExit")
    if not isinstance(state, KvmState):
        raise FieldError("state", state, "a KvmState")
    found = exit_reasons.by_number(leave.reason)
    if leave.reason in (exit_reasons.INVALID_STATE, exit_reasons.MSR_LOAD_FAIL, exit_reasons.MCE_DURING_VMENTRY):
        return Handling(None, TO_USER, "KVM_EXIT_FAIL_ENTRY", did="the VM entry failed")
    if leave.idt_vectoring_information >> 31 and leave.reason not in _MAY_CUT_DELIVERY:
        return internal(None, "KVM_INTERNAL_ERROR_DELIVERY_EV", "an exit that must not cut a delivery short")
    function = handler(leave.reason, state.nested)
    if function is None:
        return internal(None, "KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON", "no handler: KVM never asks for this exit")
    rule = RULES.get(found.name)
    if rule is None:
        return Handling(function, RESUME, did=_DOES.get(function, "handled in the kernel"))
    return rule(function, leave, state)
