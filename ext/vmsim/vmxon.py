"""VMXON: what must hold before a processor enters VMX operation, and what comes where it does not.

Source: Intel SDM volume 3, "Enabling and Entering VMX Operation", "Restrictions on VMX Operation", and "VMXON" in
"VMX Instruction Reference"; appendix "VMX-Fixed Bits in CR0" and "VMX-Fixed Bits in CR4".
"""

from vmsim import bits
from vmsim.value import Value, check_choice, check_integer
from vmsim.vmcs import CR0_ET, CR0_NE, CR4_OSXSAVE, CR4_VMXE, LONG, MODES, PROTECTED

# IA32_FEATURE_CONTROL, MSR 3AH.
LOCK = 1 << 0
VMXON_INSIDE_SMX = 1 << 1
VMXON_OUTSIDE_SMX = 1 << 2

SUCCEED = "VMsucceed"
UD = "#UD"
GP = "#GP(0)"
FAIL_INVALID = "VMfailInvalid"
FAIL_IN_ROOT = "VMfail error 15"
VM_EXIT = "VM exit"
OUTSIDE, ROOT, NON_ROOT = "none", "root", "non-root"

# What current processors report in the capability MSRs (without the bits that no processor defines).
CR0_FIXED0 = bits.CR0_PG | CR0_NE | bits.CR0_PE
CR0_FIXED1 = 0xFFFF_FFFF
CR4_FIXED0 = CR4_VMXE
CR4_FIXED1 = 0x1_1BFF_7FFF


class Vmxon(Value):
    """The processor's state at VMXON.

    ``feature_control`` is IA32_FEATURE_CONTROL; ``vmx_operation`` "none", "root" or "non-root"; ``address`` the
    operand, a physical address; ``revision`` the 32 bits found there, ``expected_revision`` bits 30:0 of
    IA32_VMX_BASIC. The fixed bits are those of IA32_VMX_CR0_FIXED0 … IA32_VMX_CR4_FIXED1.
    """

    _fields = (
        "feature_control", "cr0", "cr4", "mode", "cpl", "in_smx", "a20m", "vmx_operation", "address", "revision",
        "expected_revision", "maxphyaddr", "cr0_fixed0", "cr0_fixed1", "cr4_fixed0", "cr4_fixed1",
    )  # fmt: skip
    feature_control: int = VMXON_OUTSIDE_SMX | LOCK
    cr0: int = bits.CR0_PG | bits.CR0_WP | CR0_NE | CR0_ET | bits.CR0_PE
    cr4: int = CR4_OSXSAVE | CR4_VMXE | bits.CR4_PAE
    mode: str = LONG
    cpl: int = 0
    in_smx: bool = False
    a20m: bool = False
    vmx_operation: str = OUTSIDE
    address: int = 0x1000
    revision: int = 1
    expected_revision: int = 1
    maxphyaddr: int = 52
    cr0_fixed0: int = CR0_FIXED0
    cr0_fixed1: int = CR0_FIXED1
    cr4_fixed0: int = CR4_FIXED0
    cr4_fixed1: int = CR4_FIXED1

    def _check(self) -> None:
        for name in (
            "feature_control", "cr0", "cr4", "address", "cr0_fixed0", "cr0_fixed1", "cr4_fixed0", "cr4_fixed1",
        ):  # fmt: skip
            check_integer(name, getattr(self, name), 0, bits.MAX_64)
        check_integer("cpl", self.cpl, 0, 3)
        check_integer("revision", self.revision, 0, 0xFFFF_FFFF)
        check_integer("expected_revision", self.expected_revision, 0, 0x7FFF_FFFF)
        check_integer("maxphyaddr", self.maxphyaddr, 32, 52)
        check_choice("mode", self.mode, MODES)
        check_choice("vmx_operation", self.vmx_operation, (OUTSIDE, ROOT, NON_ROOT))
        for name in ("in_smx", "a20m"):
            check_choice(name, getattr(self, name), (False, True))


class VmxonRule(Value):
    """One requirement: what it says, what was found, whether that holds, and what comes where it does not."""

    _fields = ("requirement", "found", "holds", "otherwise")
    requirement: str
    found: "int | str | bool"
    holds: bool
    otherwise: str


class VmxonOutcome(Value):
    """``result``: "VMsucceed", "#UD", "#GP(0)", "VMfailInvalid", "VMfail error 15" or "VM exit".

    ``rules`` are those that were asked, in the processor's order of outcomes; the last one decided.
    """

    _fields = ("state", "rules", "result")
    state: Vmxon
    rules: "tuple[VmxonRule, ...]"
    result: str


def fixed_violation(value: int, fixed0: int, fixed1: int) -> int:
    """Bits of CR0 or CR4 that VMX operation does not support: 0 where FIXED0 has 1, 1 where FIXED1 has 0."""
    return (fixed0 & ~value) | (value & ~fixed1)


def execute(state: Vmxon) -> VmxonOutcome:
    """VMXON in that state. Among requirements with one outcome the manual states no order."""
    asked = []
    for rule in _rules(state):
        asked.append(rule)
        if not rule.holds:
            return VmxonOutcome(state, tuple(asked), rule.otherwise)
    return VmxonOutcome(state, tuple(asked), SUCCEED)


def _rules(state: Vmxon) -> "tuple[VmxonRule, ...]":
    decides = (
        VmxonRule("CR4.VMXE is 1", 1 if state.cr4 & CR4_VMXE else 0, state.cr4 & CR4_VMXE != 0, UD),
        VmxonRule("protected mode or 64-bit mode", state.mode, state.mode in (PROTECTED, LONG), UD),
        VmxonRule("not in VMX non-root operation", state.vmx_operation, state.vmx_operation != NON_ROOT, VM_EXIT),
        VmxonRule("CPL is 0", state.cpl, state.cpl == 0, GP),
        VmxonRule("not in VMX root operation", state.vmx_operation, state.vmx_operation != ROOT, FAIL_IN_ROOT),
        VmxonRule("not in A20M mode", state.a20m, not state.a20m, GP),
    )
    return decides + _fixed_bits(state) + _feature_control(state) + _region(state)


def _fixed_bits(state: Vmxon) -> "tuple[VmxonRule, ...]":
    cr0 = fixed_violation(state.cr0, state.cr0_fixed0, state.cr0_fixed1)
    cr4 = fixed_violation(state.cr4, state.cr4_fixed0, state.cr4_fixed1)
    return (
        VmxonRule("CR0 has the bits that VMX operation fixes; those that differ", cr0, cr0 == 0, GP),
        VmxonRule("CR4 has the bits that VMX operation fixes; those that differ", cr4, cr4 == 0, GP),
    )


def _feature_control(state: Vmxon) -> "tuple[VmxonRule, ...]":
    locked = state.feature_control & LOCK
    needed = VMXON_INSIDE_SMX if state.in_smx else VMXON_OUTSIDE_SMX
    where = "bit 1 (inside SMX operation)" if state.in_smx else "bit 2 (outside SMX operation)"
    enabled = state.feature_control & needed
    return (
        VmxonRule("IA32_FEATURE_CONTROL bit 0 (lock) is 1", locked, locked != 0, GP),
        VmxonRule(f"IA32_FEATURE_CONTROL {where} is 1", 1 if enabled else 0, enabled != 0, GP),
    )


def _region(state: Vmxon) -> "tuple[VmxonRule, ...]":
    revision = state.revision
    return (
        VmxonRule("the region is aligned to 4 KiB", state.address, state.address % bits.FRAME == 0, FAIL_INVALID),
        VmxonRule(
            f"the region lies below 2^{state.maxphyaddr}",
            state.address,
            state.address >> state.maxphyaddr == 0,
            FAIL_INVALID,
        ),
        VmxonRule("the region's bit 31 is 0", revision >> 31, revision >> 31 == 0, FAIL_INVALID),
        VmxonRule(
            "the region has the VMCS revision identifier", revision, revision == state.expected_revision, FAIL_INVALID
        ),
    )
