"""What KVM does with an exit: 30 facts read in its source, and the handlers that decide by state."""

import json
from pathlib import Path

import pytest

from vmsim import FieldError, exit_reasons
from vmsim.kvm import KvmState, handle
from vmsim.vmx import Guest, Instruction, decide, vmcs
from vmsim.vmx_trace import VmExit

FACTS = [json.loads(line) for line in (Path(__file__).parent / "data/kvm-to-userspace.jsonl").read_text().splitlines()]
VALID = 1 << 31


def exception(vector, kind=3, code=0, during=0):
    return VmExit(0, 0, vector | kind << 8 | VALID, code, during)


BREAKPOINTS = ("hardware breakpoints",)
# What each condition in words is as an exit and as KVM's state; several where it names several.
CONDITIONS = {
    ("EXCEPTION_NMI", "NMI or #MC"): [(exception(2, 2), {}), (exception(18), {})],
    ("EXCEPTION_NMI", "#DB with guest_debug single-step or HW breakpoints"): [
        (exception(1), {"guest_debug": ("single-step",)}),
        (exception(1), {"guest_debug": BREAKPOINTS}),
    ],
    ("EXCEPTION_NMI", "#DB without guest_debug"): [(exception(1), {})],
    ("EXCEPTION_NMI", "#BP intercepted"): [(exception(3, 6), {"guest_debug": ("software breakpoints",)})],
    ("EXCEPTION_NMI", "exception other than #PF (or #PF with RSVD=1) while IDT-vectoring info is valid"): [
        (exception(17, during=0x8000_030E), {}),
        (exception(14, code=8, during=0x8000_030E), {}),
    ],
    ("EXCEPTION_NMI", "unexpected vector (default case)"): [(exception(5), {})],
    ("EXCEPTION_NMI", "#UD"): [(exception(6), {})],
    ("CR_ACCESS", "MOV to CR8, userspace local APIC, new CR8 < old CR8"): [
        (VmExit(28, 8), {"lapic_in_kernel": False, "cr8": 5, "value": 4})
    ],
    ("CR_ACCESS", "MOV to CR8, in-kernel local APIC"): [(VmExit(28, 8), {"cr8": 5, "value": 4})],
    ("CR_ACCESS", "MOV to CR8, userspace local APIC, new CR8 >= old CR8"): [
        (VmExit(28, 8), {"lapic_in_kernel": False, "cr8": 5, "value": new}) for new in (5, 6)
    ],
    ("CR_ACCESS", "MOV to CR3 (EPT off or no unrestricted guest)"): [(VmExit(28, 0x303), {})],
    ("DR_ACCESS", "DR7.GD=1 and host debugging with HW breakpoints"): [
        (VmExit(29), {"dr7_gd": True, "guest_debug": BREAKPOINTS})
    ],
    ("DR_ACCESS", "DR7.GD=1, no host debugging"): [(VmExit(29), {"dr7_gd": True})],
    ("NOTIFY", "context invalid or KVM_X86_NOTIFY_VMEXIT_USER"): [
        (VmExit(75, 1), {}),
        (VmExit(75), {"notify_user": True}),
    ],
    ("NOTIFY", "otherwise"): [(VmExit(75), {})],
    ("VMLAUNCH", "nested=0"): [(VmExit(20), {})],
    ("EPT_MISCONFIG", "GPA on the fast-MMIO bus (ioeventfd)"): [(VmExit(49), {"gpa": "ioeventfd"})],
    ("INVPCID", "guest CPUID lacks INVPCID"): [(VmExit(58), {"invpcid_in_cpuid": False})],
}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_an_exit_goes_where_kvms_source_says(fact):
    """To user space or not, and with which reason, under the fact's condition."""
    name, condition = fact["input"]["exit"], fact["input"]["condition"]
    plain = [(VmExit(exit_reasons.by_name(name).number), {})]
    cases = plain if condition in ("always", "handler itself") else CONDITIONS[name, condition]
    for leave, state in cases:
        handling = handle(leave, KvmState(**state))
        suberror = handling.suberror.replace("KVM_INTERNAL_ERROR_", "")
        reason = f"{handling.kvm_run} ({suberror})" if suberror else handling.kvm_run or None
        assert handling.to_user_space == fact["expect"]["to_userspace"]
        assert reason == fact["expect"]["kvm_run_exit_reason"]


def test_the_facts_are_all_thirty():
    """None was lost on the way into tests/vmsim/data."""
    assert len(FACTS) == 30


@pytest.mark.parametrize(
    "leave, state, returns, run",
    [
        (VmExit(12), {}, 1, ""),
        (VmExit(12), {"lapic_in_kernel": False}, 0, "KVM_EXIT_HLT"),
        (VmExit(30), {}, 0, "KVM_EXIT_IO"),
        (VmExit(30), {"port": "in-kernel device"}, 1, ""),
        (VmExit(31), {}, 1, ""),
        (VmExit(31), {"msr": "unknown"}, 1, ""),
        (VmExit(31), {"msr": "unknown", "msr_to_user": ("filtered",)}, 1, ""),
        (VmExit(31), {"msr": "filtered", "msr_to_user": ("filtered",)}, 0, "KVM_EXIT_X86_RDMSR"),
        (VmExit(85), {"msr": "invalid", "msr_to_user": ("invalid",)}, 0, "KVM_EXIT_X86_WRMSR"),
        (VmExit(48, 0x182), {}, 1, ""),
        (VmExit(48, 0x182), {"gpa": "MMIO"}, 0, "KVM_EXIT_MMIO"),
        (VmExit(48, 0x182), {"gpa": "in-kernel device"}, 1, ""),
        (VmExit(48, 0x182), {"gpa": "read-only RAM"}, 0, "KVM_EXIT_MMIO"),
        (VmExit(48, 0x182), {"gpa": "no page"}, -14, ""),
        (VmExit(49), {"gpa": "MMIO"}, 0, "KVM_EXIT_MMIO"),
        (VmExit(49), {"gpa": "MMIO", "emulates": False}, 0, "KVM_EXIT_INTERNAL_ERROR"),
        (VmExit(49), {"gpa": "MMIO", "emulates": False, "cpl": 3}, 1, ""),
        (VmExit(18), {"value": 12}, 1, ""),
        (VmExit(18), {"value": 12, "hypercall_exits": (12,)}, 0, "KVM_EXIT_HYPERCALL"),
        (VmExit(18), {"value": 12, "hypercall_exits": (12,), "cpl": 3}, 1, ""),
        (VmExit(74), {}, 0, "KVM_EXIT_X86_BUS_LOCK"),
        (VmExit(28, 0x20), {}, -5, ""),
        (VmExit(9, 0), {"emulates": False}, 0, "KVM_EXIT_INTERNAL_ERROR"),
        (VmExit(16), {}, 0, "KVM_EXIT_INTERNAL_ERROR"),
        (VmExit(33), {}, 0, "KVM_EXIT_FAIL_ENTRY"),
        (VmExit(10, idt_vectoring_information=VALID), {}, 0, "KVM_EXIT_INTERNAL_ERROR"),
        (VmExit(48, idt_vectoring_information=VALID), {}, 1, ""),
        (exception(13), {"vmware_backdoor": True}, 1, ""),
        (exception(17), {"guest_wants_ac": False, "split_lock_handled": False}, 0, "KVM_EXIT_EXCEPTION"),
    ],
)
def test_what_a_handler_returns_depends_on_what_kvm_knows(leave, state, returns, run):
    """1: the guest resumes; 0: user space gets the exit; negative: KVM_RUN fails."""
    handling = handle(leave, KvmState(**state))
    assert (handling.returns, handling.kvm_run) == (returns, run)


def test_the_run_loop_may_return_after_a_handler_has_resumed():
    """The EOI of a split interrupt controller, and the interrupt window that user space waits for."""
    assert handle(VmExit(45), KvmState(ioapic_in_kernel=False)).then == "KVM_EXIT_IOAPIC_EOI"
    waiting = KvmState(lapic_in_kernel=False, window_requested=True)
    assert handle(VmExit(7), waiting).then == "KVM_EXIT_IRQ_WINDOW_OPEN"
    assert handle(VmExit(7), KvmState(window_requested=True)).then == ""


@pytest.mark.parametrize("name", ["VMCLEAR", "VMLAUNCH", "VMPTRLD", "VMREAD", "VMXON", "INVEPT", "INVVPID"])
def test_a_nesting_kvm_has_a_handler_for_each_vmx_instruction(name):
    """With nested=0 the one that raises #UD takes them all."""
    leave = decide(vmcs(), Guest(), Instruction(name)).result
    assert handle(leave, KvmState()).handler == "handle_vmx_instruction"
    assert handle(leave, KvmState(nested=True)).handler == f"handle_{name.lower()}"


@pytest.mark.parametrize("reason", exit_reasons.ALL, ids=lambda reason: str(reason.number))
def test_every_exit_is_handled_or_told_to_user_space(reason):
    """Where KVM_RUN returns 0, a reason says why; where the guest resumes, there is none."""
    handling = handle(VmExit(reason.number), KvmState())
    assert (handling.returns == 0) == handling.kvm_run.startswith("KVM_EXIT_") and handling.did


@pytest.mark.parametrize(
    "field, value",
    [("gpa", "ROM"), ("port", "nobody"), ("msr", "no"), ("cr8", 16), ("guest_debug", ("x",)), ("nested", 2)],
)
def test_a_state_that_cannot_be_is_named(field, value):
    """The error says which field it is."""
    with pytest.raises(FieldError, match=rf"^{field} is ") as caught:
        KvmState(**{field: value})
    assert caught.value.field == field
