"""Which function of KVM handles an exit, and what KVM knows that decides what the function does.

Source: Linux ``arch/x86/kvm/vmx/vmx.c``, ``kvm_vmx_exit_handlers``; ``vmx/nested.c``, ``nested_vmx_hardware_setup`` for
the handlers that take the place of ``handle_vmx_instruction`` where KVM nests; names are those of Linux 6.x.
"""

from vmsim.exit_reasons import by_name
from vmsim.value import FieldError, Value, check_choice, check_integer

VMX_INSTRUCTION = "handle_vmx_instruction"
_HANDLERS = {
    "EXCEPTION_NMI": "handle_exception_nmi", "EXTERNAL_INTERRUPT": "handle_external_interrupt",
    "TRIPLE_FAULT": "handle_triple_fault", "NMI_WINDOW": "handle_nmi_window", "IO_INSTRUCTION": "handle_io",
    "CR_ACCESS": "handle_cr", "DR_ACCESS": "handle_dr", "CPUID": "kvm_emulate_cpuid",
    "MSR_READ": "kvm_emulate_rdmsr", "MSR_WRITE": "kvm_emulate_wrmsr",
    "INTERRUPT_WINDOW": "handle_interrupt_window", "HLT": "kvm_emulate_halt", "INVD": "kvm_emulate_invd",
    "INVLPG": "handle_invlpg", "RDPMC": "kvm_emulate_rdpmc", "VMCALL": "kvm_emulate_hypercall",
    "VMCLEAR": VMX_INSTRUCTION, "VMLAUNCH": VMX_INSTRUCTION, "VMPTRLD": VMX_INSTRUCTION,
    "VMPTRST": VMX_INSTRUCTION, "VMREAD": VMX_INSTRUCTION, "VMRESUME": VMX_INSTRUCTION,
    "VMWRITE": VMX_INSTRUCTION, "VMOFF": VMX_INSTRUCTION, "VMON": VMX_INSTRUCTION,
    "TPR_BELOW_THRESHOLD": "handle_tpr_below_threshold", "APIC_ACCESS": "handle_apic_access",
    "APIC_WRITE": "handle_apic_write", "EOI_INDUCED": "handle_apic_eoi_induced", "WBINVD": "kvm_emulate_wbinvd",
    "XSETBV": "kvm_emulate_xsetbv", "TASK_SWITCH": "handle_task_switch",
    "MCE_DURING_VMENTRY": "handle_machine_check", "GDTR_IDTR": "handle_desc", "LDTR_TR": "handle_desc",
    "EPT_VIOLATION": "handle_ept_violation", "EPT_MISCONFIG": "handle_ept_misconfig",
    "PAUSE_INSTRUCTION": "handle_pause", "MWAIT_INSTRUCTION": "kvm_emulate_mwait",
    "MONITOR_TRAP_FLAG": "handle_monitor_trap", "MONITOR_INSTRUCTION": "kvm_emulate_monitor",
    "INVEPT": VMX_INSTRUCTION, "INVVPID": VMX_INSTRUCTION, "RDRAND": "kvm_handle_invalid_op",
    "RDSEED": "kvm_handle_invalid_op", "PML_FULL": "handle_pml_full", "INVPCID": "handle_invpcid",
    "VMFUNC": VMX_INSTRUCTION, "PREEMPTION_TIMER": "handle_preemption_timer", "ENCLS": "handle_encls",
    "BUS_LOCK": "handle_bus_lock_vmexit", "NOTIFY": "handle_notify", "SEAMCALL": "handle_tdx_instruction",
    "TDCALL": "handle_tdx_instruction", "MSR_READ_IMM": "handle_rdmsr_imm", "MSR_WRITE_IMM": "handle_wrmsr_imm",
}  # fmt: skip
_NESTED = {
    "VMCLEAR": "handle_vmclear", "VMLAUNCH": "handle_vmlaunch", "VMPTRLD": "handle_vmptrld",
    "VMPTRST": "handle_vmptrst", "VMREAD": "handle_vmread", "VMRESUME": "handle_vmresume",
    "VMWRITE": "handle_vmwrite", "VMOFF": "handle_vmxoff", "VMON": "handle_vmxon", "INVEPT": "handle_invept",
    "INVVPID": "handle_invvpid", "VMFUNC": "handle_vmfunc",
}  # fmt: skip

RESUME = 1
TO_USER = 0
EIO = -5
EFAULT = -14

RAM, MMIO, READ_ONLY, NO_PAGE = "RAM", "MMIO", "read-only RAM", "no page"
IN_KERNEL, IOEVENTFD = "in-kernel device", "ioeventfd"
USER_SPACE = "user space"
MSR_KNOWN, MSR_UNKNOWN, MSR_INVALID, MSR_FILTERED = "known", "unknown", "invalid", "filtered"
SINGLE_STEP, HARDWARE_BREAKPOINTS, SOFTWARE_BREAKPOINTS = "single-step", "hardware breakpoints", "software breakpoints"


class KvmState(Value):
    """What decides in KVM beside the exit itself.

    ``gpa``: what lies at the guest-physical address: "RAM", "MMIO" (no memory slot: user space's device), "read-only
    RAM" (written to), "in-kernel device", "ioeventfd", "no page" (the host cannot give the slot's page). ``port``: who
    has the I/O port: "user space", "in-kernel device", "ioeventfd". ``msr``: "known", "unknown", "invalid" (a value it
    refuses), "filtered"; ``msr_to_user``: of the last three, those that KVM_CAP_X86_USER_SPACE_MSR asks for.
    ``guest_debug``: of "single-step", "hardware breakpoints", "software breakpoints". ``cr8``: old value; ``value``:
    what the guest writes to CR8, or the hypercall number in RAX. ``hypercall_exits``: numbers that go to user space.
    ``emulates``: KVM's emulator can execute the instruction.
    """

    _fields = (
        "lapic_in_kernel", "ioapic_in_kernel", "nested", "gpa", "port", "msr", "msr_to_user", "guest_debug", "dr7_gd",
        "cpl", "cr8", "value", "hypercall_exits", "notify_user", "emulates", "invpcid_in_cpuid", "guest_wants_ac",
        "window_requested", "vmware_backdoor", "split_lock_handled",
    )  # fmt: skip
    lapic_in_kernel: bool = True
    ioapic_in_kernel: bool = True
    nested: bool = False
    gpa: str = RAM
    port: str = USER_SPACE
    msr: str = MSR_KNOWN
    msr_to_user: "tuple[str, ...]" = ()
    guest_debug: "tuple[str, ...]" = ()
    dr7_gd: bool = False
    cpl: int = 0
    cr8: int = 0
    value: int = 0
    hypercall_exits: "tuple[int, ...]" = ()
    notify_user: bool = False
    emulates: bool = True
    invpcid_in_cpuid: bool = True
    guest_wants_ac: bool = True
    window_requested: bool = False
    vmware_backdoor: bool = False
    split_lock_handled: bool = True

    def _check(self) -> None:
        for name in self._fields:
            if isinstance(getattr(KvmState, name), bool):
                check_choice(name, getattr(self, name), (False, True))
        check_choice("gpa", self.gpa, (RAM, MMIO, READ_ONLY, IN_KERNEL, IOEVENTFD, NO_PAGE))
        check_choice("port", self.port, (USER_SPACE, IN_KERNEL, IOEVENTFD))
        check_choice("msr", self.msr, (MSR_KNOWN, MSR_UNKNOWN, MSR_INVALID, MSR_FILTERED))
        check_integer("cpl", self.cpl, 0, 3)
        check_integer("cr8", self.cr8, 0, 15)
        check_integer("value", self.value, 0, (1 << 64) - 1)
        _check_each("msr_to_user", self.msr_to_user, (MSR_UNKNOWN, MSR_INVALID, MSR_FILTERED))
        _check_each("guest_debug", self.guest_debug, (SINGLE_STEP, HARDWARE_BREAKPOINTS, SOFTWARE_BREAKPOINTS))
        if not isinstance(self.hypercall_exits, tuple):
            raise FieldError("hypercall_exits", self.hypercall_exits, "a tuple of hypercall numbers")
        for number in self.hypercall_exits:
            check_integer("hypercall_exits", number, 0, (1 << 64) - 1)


def _check_each(field: str, values: "tuple[str, ...]", choices: "tuple[str, ...]") -> None:
    if not isinstance(values, tuple):
        raise FieldError(field, values, "a tuple")
    for value in values:
        check_choice(field, value, choices)


_BY_NUMBER = {by_name(name).number: function for name, function in _HANDLERS.items()}
_NESTED_BY_NUMBER = {by_name(name).number: function for name, function in _NESTED.items()}


def handler(reason: int, nested: bool = False) -> "str | None":
    """KVM's function for the basic exit reason; None where it has none: KVM never asks for such an exit."""
    check_integer("reason", reason, 0, 0xFFFF)
    if nested and reason in _NESTED_BY_NUMBER:
        return _NESTED_BY_NUMBER[reason]
    return _BY_NUMBER.get(reason)


class Handling(Value):
    """``returns`` 1, 0 or a negative error; ``kvm_run`` is ``KVM_EXIT_…`` where it is 0, else "".

    ``suberror`` is that of KVM_EXIT_INTERNAL_ERROR. ``did`` says in English what KVM does. ``then`` is a
    ``KVM_EXIT_…`` that the run loop, not the handler, may return with before the guest goes on; else "".
    ``handler`` is None where KVM does not come to a handler.
    """

    _fields = ("handler", "returns", "kvm_run", "suberror", "did", "then")
    handler: "str | None"
    returns: int
    kvm_run: str = ""
    suberror: str = ""
    did: str = ""
    then: str = ""

    @property
    def to_user_space(self) -> bool:
        """Whether the ioctl KVM_RUN returns because of what the handler said."""
        return self.returns <= 0
