"""The host-state and the guest-state area of a VMCS, as VM entry checks them.

The defaults are a 64-bit host and a 64-bit guest that VM entry accepts.
Source: Intel SDM volume 3, "Guest-State Area", "Host-State Area".
"""

from vmsim import bits
from vmsim.value import FieldError, Value, check_integer
from vmsim.vmcs import CR0_ET, CR0_NE, CR4_OSXSAVE, CR4_VMXE
from vmsim.vmcs_fields import check_widths

CR0 = bits.CR0_PG | bits.CR0_WP | CR0_NE | CR0_ET | bits.CR0_PE
CR4 = CR4_OSXSAVE | CR4_VMXE | bits.CR4_PAE
EFER = bits.EFER_NXE | bits.EFER_LMA | bits.EFER_LME | 1
PAT = 0x0007_0406_0007_0406
NO_LINK = bits.MAX_64
# Access rights: G, L or D/B, P, S, type; bit 16: unusable.
CODE_64 = 0xA09B
DATA = 0xC093
BUSY_TSS = 0x8B
LDT = 0x82
UNUSABLE = 1 << 16


class HostState(Value):
    """The host-state area."""

    _fields = (
        "cr0", "cr3", "cr4", "cs", "ss", "ds", "es", "fs", "gs", "tr", "fs_base", "gs_base", "tr_base", "gdtr_base",
        "idtr_base", "sysenter_esp", "sysenter_eip", "rip", "pat", "efer", "perf_global_ctrl", "s_cet", "ssp",
        "interrupt_ssp_table", "pkrs",
    )  # fmt: skip
    cr0: int = CR0
    cr3: int = 0x1000
    cr4: int = CR4
    cs: int = 0x10
    ss: int = 0x18
    ds: int = 0
    es: int = 0
    fs: int = 0
    gs: int = 0
    tr: int = 0x40
    fs_base: int = 0
    gs_base: int = 0
    tr_base: int = 0
    gdtr_base: int = 0
    idtr_base: int = 0
    sysenter_esp: int = 0
    sysenter_eip: int = 0
    rip: int = 0x1000
    pat: int = PAT
    efer: int = EFER
    perf_global_ctrl: int = 0
    s_cet: int = 0
    ssp: int = 0
    interrupt_ssp_table: int = 0
    pkrs: int = 0

    def _check(self) -> None:
        check_widths(self, {name: 16 for name in ("cs", "ss", "ds", "es", "fs", "gs", "tr")})


class Segment(Value):
    """A segment register of the guest-state area; ``access_rights`` as the manual lays them out, bit 16: unusable."""

    _fields = ("selector", "base", "limit", "access_rights")
    selector: int = 0
    base: int = 0
    limit: int = 0xFFFF_FFFF
    access_rights: int = DATA

    def _check(self) -> None:
        check_widths(self, {"selector": 16, "limit": 32, "access_rights": 32})

    @property
    def usable(self) -> bool:
        """Bit 16 is 0."""
        return not self.access_rights & UNUSABLE

    @property
    def type(self) -> int:
        """Bits 3:0."""
        return self.access_rights & 0xF

    @property
    def dpl(self) -> int:
        """Bits 6:5."""
        return self.access_rights >> 5 & 3

    @property
    def rpl(self) -> int:
        """Bits 1:0 of the selector."""
        return self.selector & 3


class GuestState(Value):
    """The guest-state area. ``activity`` 0 (active) to 3 (wait-for-SIPI); ``link_revision``: the 32 bits that lie at
    the VMCS link pointer.
    """

    _fields = (
        "cr0", "cr3", "cr4", "dr7", "rflags", "rip", "cs", "ss", "ds", "es", "fs", "gs", "ldtr", "tr", "gdtr_base",
        "gdtr_limit", "idtr_base", "idtr_limit", "debugctl", "sysenter_esp", "sysenter_eip", "pat", "efer",
        "perf_global_ctrl", "bndcfgs", "pkrs", "activity", "interruptibility", "pending_debug", "link_pointer",
        "link_revision", "pdptes",
    )  # fmt: skip
    cr0: int = CR0
    cr3: int = 0x1000
    cr4: int = CR4
    dr7: int = 0x400
    rflags: int = 2
    rip: int = 0x1000
    cs: Segment = Segment(0x10, 0, 0xFFFF_FFFF, CODE_64)
    ss: Segment = Segment(0x18)
    ds: Segment = Segment(0x18)
    es: Segment = Segment(0x18)
    fs: Segment = Segment(0x18)
    gs: Segment = Segment(0x18)
    ldtr: Segment = Segment(0, 0, 0, UNUSABLE)
    tr: Segment = Segment(0x40, 0, 0x67, BUSY_TSS)
    gdtr_base: int = 0
    gdtr_limit: int = 0xFFFF
    idtr_base: int = 0
    idtr_limit: int = 0xFFFF
    debugctl: int = 0
    sysenter_esp: int = 0
    sysenter_eip: int = 0
    pat: int = PAT
    efer: int = EFER
    perf_global_ctrl: int = 0
    bndcfgs: int = 0
    pkrs: int = 0
    activity: int = 0
    interruptibility: int = 0
    pending_debug: int = 0
    link_pointer: int = NO_LINK
    link_revision: int = 1
    pdptes: "tuple[int, ...]" = (0, 0, 0, 0)

    def _check(self) -> None:
        narrow = ("gdtr_limit", "idtr_limit", "activity", "interruptibility", "link_revision")
        check_widths(self, {name: 32 for name in narrow})
        for name in ("cs", "ss", "ds", "es", "fs", "gs", "ldtr", "tr"):
            if not isinstance(getattr(self, name), Segment):
                raise FieldError(name, getattr(self, name), "a Segment")
        if not isinstance(self.pdptes, tuple) or len(self.pdptes) != 4:
            raise FieldError("pdptes", self.pdptes, "a tuple of 4 entries")
        for pdpte in self.pdptes:
            check_integer("pdptes", pdpte, 0, bits.MAX_64)
