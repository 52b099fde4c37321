"""What VM entry checks of the host-state area. A violation fails the instruction with error 8.

Source: Intel SDM volume 3, "Checks on Host Control Registers, MSRs, and SSP", "Checks on Host Segment and
Descriptor-Table Registers", "Checks Related to Address-Space Size".
"""

from vmsim import bits
from vmsim.entry_steps import Violation, Violations
from vmsim.vmcs import CR4_CET, CR4_PCIDE, Vmcs
from vmsim.vmcs_areas import HostState
from vmsim.vmcs_fields import Capabilities
from vmsim.vmxon import fixed_violation

REGISTERS = "Checks on Host Control Registers, MSRs, and SSP"
SEGMENTS = "Checks on Host Segment and Descriptor-Table Registers"
ADDRESS_SPACE = "Checks Related to Address-Space Size"
# IA32_EFER: SCE, LME, LMA, NXE.
EFER_BITS = 0xD01


def check(found: Violations, controls: Vmcs, host: HostState, cpu: Capabilities) -> "tuple[Violation, ...]":
    """All violations of the checks on the host-state area, in the manual's order."""
    _registers(found, controls, host, cpu)
    _segments(found, controls, host, cpu)
    _address_space(found, controls, host, cpu)
    return found.so_far()


def _registers(found: Violations, controls: Vmcs, host: HostState, cpu: Capabilities) -> None:
    for field, value, fixed0, fixed1 in (
        ("host cr0", host.cr0, cpu.cr0_fixed0, cpu.cr0_fixed1),
        ("host cr4", host.cr4, cpu.cr4_fixed0, cpu.cr4_fixed1),
    ):
        wrong = fixed_violation(value, fixed0, fixed1)
        found.need(REGISTERS, wrong == 0, field, value, f"the bits that VMX operation fixes; these differ: {wrong:#x}")
    met = not host.cr4 & CR4_CET or host.cr0 & bits.CR0_WP != 0
    found.need(REGISTERS, met, "host cr4", host.cr4, "CET (bit 23) only with CR0.WP (bit 16)")
    found.need(REGISTERS, host.cr3 >> cpu.maxphyaddr == 0, "host cr3", host.cr3, f"below 2^{cpu.maxphyaddr}")
    for field in ("sysenter_esp", "sysenter_eip"):
        found.canonical(REGISTERS, f"host {field}", getattr(host, field), cpu.linear_width)
    if controls.has("load IA32_PAT at exit"):
        found.pat(REGISTERS, "host pat", host.pat)
    if controls.has("load IA32_EFER at exit"):
        wide = 1 if controls.has("host address-space size") else 0
        flags = (host.efer >> 8 & 1, host.efer >> 10 & 1)
        found.need(REGISTERS, host.efer & ~EFER_BITS == 0, "host efer", host.efer, f"0 outside {EFER_BITS:#x}")
        same = flags == (wide, wide)
        found.need(REGISTERS, same, "host efer", host.efer, f'LME and LMA as "host address-space size", {wide}')
    if controls.has("load CET state at exit"):
        found.canonical(REGISTERS, "host s_cet", host.s_cet & ~0xFFF, cpu.linear_width)
        found.canonical(REGISTERS, "host ssp", host.ssp, cpu.linear_width)
        found.need(REGISTERS, host.ssp & 3 == 0, "host ssp", host.ssp, "0 in bits 1:0")
        found.canonical(REGISTERS, "host interrupt_ssp_table", host.interrupt_ssp_table, cpu.linear_width)
    if controls.has("load PKRS at exit"):
        found.need(REGISTERS, host.pkrs >> 32 == 0, "host pkrs", host.pkrs, "0 in bits 63:32")


def _segments(found: Violations, controls: Vmcs, host: HostState, cpu: Capabilities) -> None:
    for field in ("cs", "ss", "ds", "es", "fs", "gs", "tr"):
        selector = getattr(host, field)
        found.need(SEGMENTS, selector & 7 == 0, f"host {field}", selector, "0 in RPL and TI (bits 2:0)")
    for field in ("cs", "tr"):
        found.need(SEGMENTS, getattr(host, field) != 0, f"host {field}", 0, "a selector other than 0")
    if not controls.has("host address-space size"):
        found.need(SEGMENTS, host.ss != 0, "host ss", host.ss, 'not 0, or "host address-space size" is 1')
    for field in ("fs_base", "gs_base", "gdtr_base", "idtr_base", "tr_base"):
        found.canonical(SEGMENTS, f"host {field}", getattr(host, field), cpu.linear_width)


def _address_space(found: Violations, controls: Vmcs, host: HostState, cpu: Capabilities) -> None:
    wide, long_guest = controls.has("host address-space size"), controls.has("IA-32e mode guest")
    name, guest_name = "host address-space size", "IA-32e mode guest"
    value = 1 if wide else 0
    found.need(ADDRESS_SPACE, wide == cpu.efer_lma, name, value, "as IA32_EFER.LMA at VM entry")
    if not wide:
        found.need(ADDRESS_SPACE, not long_guest, guest_name, 1, f'0, or "{name}" is 1')
        found.need(ADDRESS_SPACE, not host.cr4 & CR4_PCIDE, "host cr4", host.cr4, "0 in PCIDE (bit 17)")
        found.need(ADDRESS_SPACE, host.rip >> 32 == 0, "host rip", host.rip, "0 in bits 63:32")
    else:
        found.need(ADDRESS_SPACE, host.cr4 & bits.CR4_PAE != 0, "host cr4", host.cr4, "1 in PAE (bit 5)")
        found.canonical(ADDRESS_SPACE, "host rip", host.rip, cpu.linear_width)
