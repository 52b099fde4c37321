"""What VM entry needs beside controls and areas: addresses, identifiers and lists; and what the processor supports.

Source: Intel SDM volume 3, "VM-Execution Control Fields", "VM-Exit Control Fields", "VM-Entry Control Fields";
appendix "VMX Capability Reporting Facility".
"""

from vmsim.eptp import CAPABILITIES
from vmsim.value import FieldError, Value, check_choice, check_integer, is_integer
from vmsim.vmxon import CR0_FIXED0, CR0_FIXED1, CR4_FIXED0, CR4_FIXED1


def check_widths(value: Value, widths: "dict[str, int]") -> None:
    """Check fields by their defaults: truth values, and numbers of the width in ``widths`` (64 bits without one).

    A field without a default is a number; what has a tuple or a Value as default is for the class to check.
    """
    for name in value._fields:
        default = getattr(type(value), name, 0)
        if isinstance(default, bool):
            check_choice(name, getattr(value, name), (False, True))
        elif is_integer(default):
            check_integer(name, getattr(value, name), 0, (1 << widths.get(name, 64)) - 1)


class Capabilities(Value):
    """What the processor supports and is doing: widths in bits, fixed bits, features, SMM, IA32_EFER.LMA."""

    _fields = (
        "maxphyaddr", "linear_width", "cr0_fixed0", "cr0_fixed1", "cr4_fixed0", "cr4_fixed1", "ept_vpid_cap", "in_smm",
        "efer_lma", "nmi_needs_no_sti", "zero_length_injection",
    )  # fmt: skip
    maxphyaddr: int = 52
    linear_width: int = 48
    cr0_fixed0: int = CR0_FIXED0
    cr0_fixed1: int = CR0_FIXED1
    cr4_fixed0: int = CR4_FIXED0
    cr4_fixed1: int = CR4_FIXED1
    ept_vpid_cap: int = CAPABILITIES
    in_smm: bool = False
    efer_lma: bool = True
    nmi_needs_no_sti: bool = True
    zero_length_injection: bool = True

    def _check(self) -> None:
        check_widths(self, {})
        check_integer("maxphyaddr", self.maxphyaddr, 32, 52)
        check_choice("linear_width", self.linear_width, (48, 57))


class MsrEntry(Value):
    """An entry of an MSR-load or MSR-store area: the MSR's number (bits 31:0), reserved bits 63:32, its value.

    ``writable``: WRMSR of the value at CPL 0 would raise no #GP.
    """

    _fields = ("index", "value", "reserved", "writable")
    index: int
    value: int = 0
    reserved: int = 0
    writable: bool = True

    def _check(self) -> None:
        check_widths(self, {"index": 32, "reserved": 32})
        check_choice("writable", self.writable, (False, True))


class ControlFields(Value):
    """Addresses, identifiers and lists beside the controls; physical addresses in bytes.

    The MSR areas are tuples of MsrEntry, and lie at their address in order, 16 bytes each. ``interruption_information``
    is the VM-entry field; ``vtpr`` byte 80H of the virtual-APIC page.
    """

    _fields = (
        "io_bitmap_a_address", "io_bitmap_b_address", "msr_bitmap_address", "virtual_apic_address", "vtpr",
        "tpr_threshold_reserved", "apic_access_address", "posted_interrupt_vector", "posted_interrupt_descriptor",
        "vpid", "eptp", "pml_address", "eptp_list_address", "vmread_bitmap_address", "vmwrite_bitmap_address",
        "ve_information_address", "sppt_pointer", "exit_msr_store_address", "exit_msr_store", "exit_msr_load_address",
        "exit_msr_load", "entry_msr_load_address", "entry_msr_load", "interruption_information", "error_code",
        "instruction_length", "tsc_multiplier",
    )  # fmt: skip
    io_bitmap_a_address: int = 0
    io_bitmap_b_address: int = 0
    msr_bitmap_address: int = 0
    virtual_apic_address: int = 0
    vtpr: int = 0
    tpr_threshold_reserved: int = 0
    apic_access_address: int = 0
    posted_interrupt_vector: int = 0
    posted_interrupt_descriptor: int = 0
    vpid: int = 1
    eptp: int = 0x1E
    pml_address: int = 0
    eptp_list_address: int = 0
    vmread_bitmap_address: int = 0
    vmwrite_bitmap_address: int = 0
    ve_information_address: int = 0
    sppt_pointer: int = 0
    exit_msr_store_address: int = 0
    exit_msr_store: "tuple[MsrEntry, ...]" = ()
    exit_msr_load_address: int = 0
    exit_msr_load: "tuple[MsrEntry, ...]" = ()
    entry_msr_load_address: int = 0
    entry_msr_load: "tuple[MsrEntry, ...]" = ()
    interruption_information: int = 0
    error_code: int = 0
    instruction_length: int = 0
    tsc_multiplier: int = 1 << 48

    def _check(self) -> None:
        narrow = {"vtpr": 8, "vpid": 16, "posted_interrupt_vector": 16, "tpr_threshold_reserved": 28}
        narrow.update({"interruption_information": 32, "error_code": 32, "instruction_length": 32})
        check_widths(self, narrow)
        for name in ("exit_msr_store", "exit_msr_load", "entry_msr_load"):
            entries = getattr(self, name)
            if not isinstance(entries, tuple) or not all(isinstance(entry, MsrEntry) for entry in entries):
                raise FieldError(name, entries, "a tuple of MsrEntry")
