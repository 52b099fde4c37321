"""What an access depends on besides memory: the processor's registers, and the access itself."""

from vmsim import bits
from vmsim.value import FieldError, Value, check_choice, check_integer

READ = "read"
WRITE = "write"
FETCH = "fetch"


class Processor(Value):
    """Registers as 64-bit numbers and MAXPHYADDR in bits, 32 to 52; 4-level or 5-level paging is on.

    Bits that decide nothing here may have any value. Raises FieldError for a mode that is not modelled: paging off,
    32-bit and PAE paging, protection keys for supervisor pages (CR4.PKS), linear-address masking.
    Source: Intel SDM volume 3, "Paging Modes and Control Bits"; "CPUID" (leaf 80000008H) for MAXPHYADDR.
    """

    _fields = ("cr3", "cr0", "cr4", "efer", "rflags", "pkru", "maxphyaddr")
    cr3: int
    cr0: int = bits.CR0_PG | bits.CR0_WP | bits.CR0_PE
    cr4: int = bits.CR4_PAE
    efer: int = bits.EFER_NXE | bits.EFER_LMA | bits.EFER_LME
    rflags: int = 0
    pkru: int = 0
    maxphyaddr: int = 52

    def _check(self) -> None:
        check_integer("maxphyaddr", self.maxphyaddr, 32, 52)
        check_integer("cr3", self.cr3, 0, (1 << self.maxphyaddr) - 1)
        for name in ("cr0", "cr4", "efer", "rflags"):
            check_integer(name, getattr(self, name), 0, bits.MAX_64)
        check_integer("pkru", self.pkru, 0, (1 << 32) - 1)
        if self.cr0 & (bits.CR0_PG | bits.CR0_PE) != bits.CR0_PG | bits.CR0_PE:
            raise FieldError("cr0", self.cr0, "PG (bit 31) and PE (bit 0) set: paging is on")
        if not self.cr4 & bits.CR4_PAE or not self.efer & bits.EFER_LMA:
            field = "efer" if self.cr4 & bits.CR4_PAE else "cr4"
            raise FieldError(field, getattr(self, field), "EFER.LMA (bit 10) and CR4.PAE (bit 5) set: 4 or 5 levels")
        if self.cr4 & (bits.CR4_PKS | bits.CR4_LAM_SUP):
            raise FieldError("cr4", self.cr4, "PKS (bit 24) and LAM_SUP (bit 28) clear: they are not modelled")

    @property
    def levels(self) -> int:
        """4, or 5 with CR4.LA57."""
        return 5 if self.cr4 & bits.CR4_LA57 else 4

    @property
    def wp(self) -> bool:
        """CR0.WP: supervisor-mode writes respect R/W."""
        return self.cr0 & bits.CR0_WP != 0

    @property
    def nxe(self) -> bool:
        """EFER.NXE: XD forbids instruction fetches; without it XD is reserved."""
        return self.efer & bits.EFER_NXE != 0

    @property
    def smep(self) -> bool:
        """CR4.SMEP: supervisor mode does not fetch from user-mode addresses."""
        return self.cr4 & bits.CR4_SMEP != 0

    @property
    def smap(self) -> bool:
        """CR4.SMAP: supervisor mode does not read or write user-mode addresses, but for RFLAGS.AC."""
        return self.cr4 & bits.CR4_SMAP != 0

    @property
    def pke(self) -> bool:
        """CR4.PKE: PKRU holds for user-mode addresses."""
        return self.cr4 & bits.CR4_PKE != 0

    @property
    def ac(self) -> bool:
        """RFLAGS.AC."""
        return self.rflags & bits.RFLAGS_AC != 0


class Access(Value):
    """One access: ``kind`` "read", "write" or "fetch", by code at ``cpl`` 0 to 3.

    ``implicit``: made by the processor itself to a system data structure (GDT, IDT, TSS), and therefore a
    supervisor-mode access at any CPL. Source: Intel SDM volume 3, "Access Rights".
    """

    _fields = ("kind", "cpl", "implicit")
    kind: str = READ
    cpl: int = 3
    implicit: bool = False

    def _check(self) -> None:
        check_choice("access", self.kind, (READ, WRITE, FETCH))
        check_integer("cpl", self.cpl, 0, 3)
        check_choice("implicit", self.implicit, (False, True))
        if self.implicit and self.kind == FETCH:
            raise FieldError("implicit", self.implicit, "False for an instruction fetch")

    @property
    def user_mode(self) -> bool:
        """Whether it is a user-mode access."""
        return self.cpl == 3 and not self.implicit
