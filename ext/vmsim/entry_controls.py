"""What VM entry checks of the VMX controls. A violation fails the instruction with error 7.

Source: Intel SDM volume 3, "Checks on VMX Controls": "VM-Execution Control Fields", "VM-Exit Control Fields",
"VM-Entry Control Fields"; the bits that must be 1 in old controls: appendix "Reserved Controls and Default Settings".
"""

from vmsim import bits, exceptions
from vmsim.entry_steps import Violation, Violations
from vmsim.events import ERROR_CODE_VALID, TYPE_HARDWARE, TYPE_NMI, VALID
from vmsim.invalidation import refused_eptp
from vmsim.vmcs import Vmcs
from vmsim.vmcs_areas import GuestState
from vmsim.vmcs_fields import Capabilities, ControlFields
from vmsim.vmx_controls import FIELDS

EXECUTION = "VM-Execution Control Fields"
EXIT = "VM-Exit Control Fields"
ENTRY = "VM-Entry Control Fields"

# Bits without a name that processors report as 1 for compatibility ("default1"), by field.
DEFAULT1 = {"pin_based": 0x16, "primary": 0x0401_E172, "vm_exit": 0x3_6DFF, "vm_entry": 0x11FF}
# A control, and those that must be 1 where it is.
_NEEDS = (
    ("virtual NMIs", "NMI exiting"),
    ("NMI-window exiting", "virtual NMIs"),
    ("virtualize x2APIC mode", "use TPR shadow"),
    ("APIC-register virtualization", "use TPR shadow"),
    ("virtual-interrupt delivery", "use TPR shadow"),
    ("IPI virtualization", "use TPR shadow"),
    ("virtual-interrupt delivery", "external-interrupt exiting"),
    ("process posted interrupts", "virtual-interrupt delivery"),
    ("process posted interrupts", "acknowledge interrupt on exit"),
    ("unrestricted guest", "enable EPT"),
    ("mode-based execute control for EPT", "enable EPT"),
    ("enable PML", "enable EPT"),
    ("sub-page write permissions for EPT", "enable EPT"),
    ("enable HLAT", "enable EPT"),
    ("EPT paging-write control", "enable EPT"),
    ("guest-paging verification", "enable EPT"),
    ("Intel PT uses guest physical addresses", "enable EPT"),
    ("Intel PT uses guest physical addresses", "load IA32_RTIT_CTL"),
    ("Intel PT uses guest physical addresses", "clear IA32_RTIT_CTL"),
    ("save VMX-preemption timer value", "activate VMX-preemption timer"),
)
# A control whose 1 forbids another's.
_EXCLUDES = (
    ("virtualize x2APIC mode", "virtualize APIC accesses"),
    ("entry to SMM", "deactivate dual-monitor treatment"),
)
# A field that holds the physical address of a structure: the control that uses it, and its alignment in bytes.
_ADDRESSES = (
    ("use I/O bitmaps", "io_bitmap_a_address", 4096),
    ("use I/O bitmaps", "io_bitmap_b_address", 4096),
    ("use MSR bitmaps", "msr_bitmap_address", 4096),
    ("use TPR shadow", "virtual_apic_address", 4096),
    ("virtualize APIC accesses", "apic_access_address", 4096),
    ("process posted interrupts", "posted_interrupt_descriptor", 64),
    ("enable PML", "pml_address", 4096),
    ("VMCS shadowing", "vmread_bitmap_address", 4096),
    ("VMCS shadowing", "vmwrite_bitmap_address", 4096),
    ("EPT-violation #VE", "ve_information_address", 4096),
    ("sub-page write permissions for EPT", "sppt_pointer", 4096),
)


def check(
    found: Violations, controls: Vmcs, fields: ControlFields, guest: GuestState, cpu: Capabilities
) -> "tuple[Violation, ...]":
    """All violations of the checks on VMX controls, in the manual's order."""
    _reserved(found, controls)
    _pairs(found, controls)
    for name, field, alignment in _ADDRESSES:
        if controls.has(name):
            found.physical(EXECUTION, field, getattr(fields, field), alignment, cpu.maxphyaddr)
    _tpr(found, controls, fields)
    _identifiers(found, controls, fields, cpu)
    _msr_area(found, EXIT, "exit_msr_store", fields, cpu)
    _msr_area(found, EXIT, "exit_msr_load", fields, cpu)
    _msr_area(found, ENTRY, "entry_msr_load", fields, cpu)
    _injection(found, controls, fields, guest, cpu)
    for name in ("entry to SMM", "deactivate dual-monitor treatment"):
        found.need(ENTRY, cpu.in_smm or not controls.has(name), name, 1, "0 outside SMM")
    return found.so_far()


def _reserved(found: Violations, controls: Vmcs) -> None:
    active = {"secondary": controls.primary >> 31 & 1, "tertiary": controls.primary >> 17 & 1}
    for field, table, width in FIELDS:
        if not active.get(field, 1):
            continue
        known = DEFAULT1.get(field, 0)
        for _name, bit in table:
            known |= 1 << bit
        value = getattr(controls, field)
        unknown = value & ~known & ((1 << width) - 1)
        section = {"vm_exit": EXIT, "vm_entry": ENTRY}.get(field, EXECUTION)
        found.need(section, unknown == 0, field, value, f"0 in reserved bits, of which these are 1: {unknown:#x}")


def _pairs(found: Violations, controls: Vmcs) -> None:
    for name, needed in _NEEDS:
        met = not controls.has(name) or controls.has(needed)
        found.need(EXECUTION, met, name, 1, f'0, or "{needed}" is 1')
    for name, excluded in _EXCLUDES:
        met = not controls.has(name) or not controls.has(excluded)
        found.need(EXECUTION, met, name, 1, f'0, or "{excluded}" is 0')


def _tpr(found: Violations, controls: Vmcs, fields: ControlFields) -> None:
    if not controls.has("use TPR shadow") or controls.has("virtual-interrupt delivery"):
        return
    found.need(EXECUTION, fields.tpr_threshold_reserved == 0, "tpr_threshold", controls.tpr_threshold
               | fields.tpr_threshold_reserved << 4, "0 in bits 31:4")  # fmt: skip
    if not controls.has("virtualize APIC accesses"):
        met = controls.tpr_threshold <= fields.vtpr >> 4
        found.need(EXECUTION, met, "tpr_threshold", controls.tpr_threshold, f"at most VTPR[7:4], {fields.vtpr >> 4}")


def _identifiers(found: Violations, controls: Vmcs, fields: ControlFields, cpu: Capabilities) -> None:
    if controls.has("process posted interrupts"):
        vector = fields.posted_interrupt_vector
        found.need(EXECUTION, vector <= 255, "posted_interrupt_vector", vector, "0x0 to 0xff")
    if controls.has("use TSC scaling"):
        found.need(EXECUTION, fields.tsc_multiplier != 0, "tsc_multiplier", 0, "a multiplier other than 0")
    if controls.has("enable VPID"):
        found.need(EXECUTION, fields.vpid != 0, "vpid", fields.vpid, "0x1 to 0xffff: 0 is the host's")
    if controls.has("enable EPT"):
        wrong = refused_eptp(fields.eptp, cpu.maxphyaddr, cpu.ept_vpid_cap)
        found.need(EXECUTION, not wrong, "eptp", fields.eptp, wrong)
    if controls.has("enable VM functions"):
        unknown = controls.vm_function_controls & ~1
        found.need(EXECUTION, unknown == 0, "vm_function_controls", controls.vm_function_controls, "0 in bits 63:1")
        if controls.vm_function_controls & 1:
            found.need(EXECUTION, controls.has("enable EPT"), "vm_function_controls", 1, '0, or "enable EPT" is 1')
            found.physical(EXECUTION, "eptp_list_address", fields.eptp_list_address, 4096, cpu.maxphyaddr)


def _msr_area(found: Violations, section: str, name: str, fields: ControlFields, cpu: Capabilities) -> None:
    """Each area must be aligned to 16 bytes and lie below the physical-address width, its last byte too."""
    count, address = len(getattr(fields, name)), getattr(fields, f"{name}_address")
    if count:
        found.need(section, address % 16 == 0, f"{name}_address", address, "a multiple of 0x10")
        last = address + count * 16 - 1
        fits = last >> cpu.maxphyaddr == 0
        found.need(section, fits, f"{name}_address", address, f"an area that ends below 2^{cpu.maxphyaddr}")


def _injection(found: Violations, controls: Vmcs, fields: ControlFields, guest: GuestState, cpu: Capabilities) -> None:
    """The VM-entry interruption-information field, where its valid bit is 1."""
    field = "interruption_information"
    value = fields.interruption_information
    if not value & VALID:
        return
    vector, kind, has_code = value & 0xFF, value >> 8 & 7, value & ERROR_CODE_VALID != 0
    found.need(ENTRY, kind != 1, field, value, "another interruption type (bits 10:8) than 1, which is reserved")
    found.need(ENTRY, kind != TYPE_NMI or vector == exceptions.NMI, field, value, "vector 2 with type 2 (NMI)")
    found.need(ENTRY, kind != TYPE_HARDWARE or vector <= 31, field, value, "vectors 0 to 31 with type 3 (exception)")
    found.need(ENTRY, kind != 7 or vector == 0, field, value, "vector 0 with type 7 (a pending MTF VM exit)")
    protected = guest.cr0 & bits.CR0_PE or not controls.has("unrestricted guest")
    pushes = kind == TYPE_HARDWARE and vector <= 31 and exceptions.exception(vector).has_error_code
    wants = 1 if pushes and protected else 0
    found.need(ENTRY, has_code == (wants == 1), field, value, f"{wants} in bit 11 (deliver error code)")
    found.need(ENTRY, value & 0x7FFF_F000 == 0, field, value, "0 in bits 30:12")
    if has_code:
        found.need(ENTRY, fields.error_code >> 16 == 0, "error_code", fields.error_code, "0 in bits 31:16")
    if kind in (4, 5, 6):
        lowest = 0 if cpu.zero_length_injection else 1
        length = fields.instruction_length
        found.need(ENTRY, lowest <= length <= 15, "instruction_length", length, f"{lowest} to 15")
