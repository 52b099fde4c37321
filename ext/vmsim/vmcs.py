"""The control fields of a VMCS and the guest's state, as far as they decide whether the guest exits.

Source: Intel SDM volume 3, "VM-Execution Control Fields"; "Guest-State Area" and "Guest Non-Register State".

    >>> controls = vmcs(("HLT exiting", "use MSR bitmaps"), exception_bitmap=1 << 14)
    >>> controls.has("hlt-exiting")
    True
"""

from vmsim import bits
from vmsim.bitmaps import IoBitmaps, MsrBitmaps
from vmsim.value import FieldError, Value, check_choice, check_integer, is_integer
from vmsim.vmx_controls import FIELDS, control

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CR0_MP = 1 << 1
CR0_EM = 1 << 2
CR0_TS = 1 << 3
CR0_ET = 1 << 4
CR0_NE = 1 << 5
CR4_TSD = 1 << 2
CR4_DE = 1 << 3
CR4_PCE = 1 << 8
CR4_UMIP = 1 << 11
CR4_VMXE = 1 << 13
CR4_SMXE = 1 << 14
CR4_PCIDE = 1 << 17
CR4_OSXSAVE = 1 << 18
CR4_KL = 1 << 19
CR4_CET = 1 << 23
RFLAGS_IF = 1 << 9
RFLAGS_VM = 1 << 17

REAL, VIRTUAL_8086, PROTECTED = "real-address", "virtual-8086", "protected"
COMPATIBILITY, LONG = "compatibility", "64-bit"
MODES = (REAL, VIRTUAL_8086, PROTECTED, COMPATIBILITY, LONG)
ACTIVE, HALTED, SHUTDOWN, WAIT_FOR_SIPI = "active", "HLT", "shutdown", "wait-for-SIPI"
ACTIVITY_STATES = (ACTIVE, HALTED, SHUTDOWN, WAIT_FOR_SIPI)
BY_STI, BY_MOV_SS, BY_NMI = "STI", "MOV SS", "NMI"

CR3_TARGETS = 4
_WIDTHS = (
    ("exception_bitmap", 32), ("page_fault_error_code_mask", 32), ("page_fault_error_code_match", 32),
    ("cr0_guest_host_mask", 64), ("cr4_guest_host_mask", 64), ("cr0_read_shadow", 64), ("cr4_read_shadow", 64),
    ("tpr_threshold", 4), ("xss_exiting_bitmap", 64), ("encls_exiting_bitmap", 64), ("enclv_exiting_bitmap", 64),
    ("pconfig_exiting_bitmap", 64), ("vm_function_controls", 64),
)  # fmt: skip


class Vmcs(Value):
    """The control fields as numbers; ``vmcs()`` makes one from the names of controls.

    ``cr3_target_values`` are the four values, of which the first ``cr3_target_count`` count; ``vmread_bitmap`` and
    ``vmwrite_bitmap`` are the numbers of the bits that are 1, ascending. A VMCS of only defaults intercepts nothing
    but what exits always.
    """

    _fields = (
        "pin_based", "primary", "secondary", "tertiary", "vm_exit", "vm_entry", "exception_bitmap",
        "page_fault_error_code_mask", "page_fault_error_code_match", "cr0_guest_host_mask", "cr4_guest_host_mask",
        "cr0_read_shadow", "cr4_read_shadow", "cr3_target_count", "cr3_target_values", "msr_bitmaps", "io_bitmaps",
        "tpr_threshold", "xss_exiting_bitmap", "encls_exiting_bitmap", "enclv_exiting_bitmap",
        "pconfig_exiting_bitmap", "vm_function_controls", "vmread_bitmap", "vmwrite_bitmap",
    )  # fmt: skip
    pin_based: int = 0
    primary: int = 0
    secondary: int = 0
    tertiary: int = 0
    vm_exit: int = 0
    vm_entry: int = 0
    exception_bitmap: int = 0
    page_fault_error_code_mask: int = 0
    page_fault_error_code_match: int = 0
    cr0_guest_host_mask: int = 0
    cr4_guest_host_mask: int = 0
    cr0_read_shadow: int = 0
    cr4_read_shadow: int = 0
    cr3_target_count: int = 0
    cr3_target_values: "tuple[int, ...]" = (0, 0, 0, 0)
    msr_bitmaps: MsrBitmaps = MsrBitmaps()
    io_bitmaps: IoBitmaps = IoBitmaps()
    tpr_threshold: int = 0
    xss_exiting_bitmap: int = 0
    encls_exiting_bitmap: int = 0
    enclv_exiting_bitmap: int = 0
    pconfig_exiting_bitmap: int = 0
    vm_function_controls: int = 0
    vmread_bitmap: "tuple[int, ...]" = ()
    vmwrite_bitmap: "tuple[int, ...]" = ()

    def _check(self) -> None:
        for name, width in _WIDTHS:
            check_integer(name, getattr(self, name), 0, (1 << width) - 1)
        for name, _table, width in FIELDS:
            check_integer(name, getattr(self, name), 0, (1 << width) - 1)
        check_integer("cr3_target_count", self.cr3_target_count, 0, CR3_TARGETS)
        values = self.cr3_target_values
        if not isinstance(values, tuple) or len(values) != CR3_TARGETS:
            raise FieldError("cr3_target_values", values, "a tuple of 4 values, of which cr3_target_count count")
        for value in values:
            check_integer("cr3_target_values", value, 0, bits.MAX_64)
        for name, kind in (("msr_bitmaps", MsrBitmaps), ("io_bitmaps", IoBitmaps)):
            if not isinstance(getattr(self, name), kind):
                raise FieldError(name, getattr(self, name), f"{name} as vmsim.bitmaps makes them")
        for name in ("vmread_bitmap", "vmwrite_bitmap"):
            if not isinstance(getattr(self, name), tuple):
                raise FieldError(name, getattr(self, name), "a tuple of bit numbers")
            for one in getattr(self, name):
                check_integer(name, one, 0, 0x7FFF)

    def has(self, name: str) -> bool:
        """Whether the control of that name is in force; FieldError for one that does not exist.

        The processor treats the secondary and tertiary controls as 0 where the primary ones do not activate them.
        """
        found = control(name)
        if found.field == "secondary" and not self.primary >> 31 & 1:
            return False
        if found.field == "tertiary" and not self.primary >> 17 & 1:
            return False
        value: int = getattr(self, found.field)
        return value >> found.bit & 1 == 1


def vmcs(controls: "tuple[str, ...] | list[str]" = (), **fields: "Any") -> Vmcs:
    """The control fields with these controls set to 1 and those ``fields``; the rest is 0.

    A secondary or tertiary control brings the primary one that activates it. Raises FieldError for a control that does
    not exist, or a field whose value cannot be.
    """
    for name in fields:
        if name not in Vmcs._fields:
            raise FieldError("VMCS field", name, ", ".join(Vmcs._fields))
    if not isinstance(controls, (tuple, list)):
        raise FieldError("controls", controls, "a tuple of names of controls")
    for name in controls:
        found = control(name)
        value = fields.get(found.field, 0)
        check_integer(found.field, value, 0, bits.MAX_64)
        fields[found.field] = value | 1 << found.bit
        activates = {"secondary": 1 << 31, "tertiary": 1 << 17}.get(found.field, 0)
        if activates:
            fields["primary"] = fields.get("primary", 0) | activates
    if "cr3_target_values" in fields:
        fields["cr3_target_values"] = _four(fields["cr3_target_values"])
    return Vmcs(**fields)


def _four(values: "Any") -> "tuple[int, ...]":
    if not isinstance(values, (tuple, list)) or len(values) > CR3_TARGETS or not all(map(is_integer, values)):
        raise FieldError("cr3_target_values", values, "up to 4 values")
    return tuple(values) + (0,) * (CR3_TARGETS - len(values))


class Guest(Value):
    """The guest at the moment of an instruction or an event.

    ``mode`` is one of ``MODES``; ``cr0``, ``cr4`` and ``rflags`` are the processor's, not what the read shadows show.
    ``activity`` is one of ``ACTIVITY_STATES``; ``blocking`` of "STI", "MOV SS", "NMI". ``io_permitted``: the TSS's
    I/O permission bitmap lets the access pass. ``xss`` is IA32_XSS; ``vtpr`` the virtual TPR, 0 to 255.
    """

    _fields = ("cpl", "mode", "cr0", "cr4", "rflags", "activity", "blocking", "io_permitted", "in_smm", "xss", "vtpr")
    cpl: int = 0
    mode: str = LONG
    cr0: int = bits.CR0_PG | bits.CR0_WP | CR0_NE | CR0_ET | bits.CR0_PE
    cr4: int = CR4_OSXSAVE | CR4_VMXE | bits.CR4_PAE
    rflags: int = RFLAGS_IF | 2
    activity: str = ACTIVE
    blocking: "tuple[str, ...]" = ()
    io_permitted: bool = True
    in_smm: bool = False
    xss: int = 0
    vtpr: int = 0

    def _check(self) -> None:
        check_integer("cpl", self.cpl, 0, 3)
        check_choice("mode", self.mode, MODES)
        for name in ("cr0", "cr4", "rflags", "xss"):
            check_integer(name, getattr(self, name), 0, bits.MAX_64)
        check_integer("vtpr", self.vtpr, 0, 255)
        check_choice("activity", self.activity, ACTIVITY_STATES)
        for name in ("io_permitted", "in_smm"):
            check_choice(name, getattr(self, name), (False, True))
        if not isinstance(self.blocking, tuple):
            raise FieldError("blocking", self.blocking, "a tuple")
        for one in self.blocking:
            check_choice("blocking", one, (BY_STI, BY_MOV_SS, BY_NMI))
        if (self.mode == REAL and self.cpl != 0) or (self.mode == VIRTUAL_8086 and self.cpl != 3):
            raise FieldError("cpl", self.cpl, "0 in real-address mode, 3 in virtual-8086 mode")

    @property
    def iopl(self) -> int:
        """RFLAGS.IOPL, 0 to 3."""
        return self.rflags >> 12 & 3
