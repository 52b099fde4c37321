"""What an access depends on besides memory: the processor's registers, and the access itself."""

from vmsim import bits
from vmsim.entries import Entry, reserved
from vmsim.paging import LEVEL_4, LEVEL_5, NO_PAGING, PAE, PAGING_32, PAGING_32_PSE
from vmsim.value import FieldError, Value, check_choice, check_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.paging import PagingMode

READ = "read"
WRITE = "write"
FETCH = "fetch"


class Processor(Value):
    """Registers as 64-bit numbers and MAXPHYADDR in bits, 32 to 52.

    ``pkrs`` is IA32_PKRS. ``pdptes`` are the four PDPTE registers, which PAE paging needs (``load_pdptes`` fills
    them). CPUID's PSE, PSE-36, PAT and 1-GByte pages are there. Bits that decide nothing here may have any value.
    Raises FieldError for registers that no processor has together, and for linear-address masking, which is not
    modelled; no more are shadow-stack accesses.
    Source: Intel SDM volume 3, "Paging Modes and Control Bits"; "CPUID" (leaf 80000008H) for MAXPHYADDR.
    """

    _fields = ("cr3", "cr0", "cr4", "efer", "rflags", "pkru", "maxphyaddr", "pkrs", "pdptes")
    cr3: int
    cr0: int = bits.CR0_PG | bits.CR0_WP | bits.CR0_PE
    cr4: int = bits.CR4_PAE
    efer: int = bits.EFER_NXE | bits.EFER_LMA | bits.EFER_LME
    rflags: int = 0
    pkru: int = 0
    maxphyaddr: int = 52
    pkrs: int = 0
    pdptes: "tuple[int, ...]" = ()

    def _check(self) -> None:
        check_integer("maxphyaddr", self.maxphyaddr, 32, 52)
        check_integer("cr3", self.cr3, 0, (1 << self.maxphyaddr) - 1)
        for name in ("cr0", "cr4", "efer", "rflags"):
            check_integer(name, getattr(self, name), 0, bits.MAX_64)
        for name in ("pkru", "pkrs"):
            check_integer(name, getattr(self, name), 0, bits.MAX_32)
        if self.cr0 & bits.CR0_PG:
            if not self.cr0 & bits.CR0_PE:
                raise FieldError("cr0", self.cr0, "PE (bit 0) set where PG (bit 31) is")
            if (self.efer & bits.EFER_LMA != 0) != (self.efer & bits.EFER_LME != 0):
                raise FieldError("efer", self.efer, "LMA (bit 10) as LME (bit 8), for paging is on")
            if self.efer & bits.EFER_LMA and not self.cr4 & bits.CR4_PAE:
                raise FieldError("cr4", self.cr4, "PAE (bit 5) set, for EFER.LMA is")
        elif self.efer & bits.EFER_LMA:
            raise FieldError("efer", self.efer, "LMA (bit 10) clear, for paging is off")
        if self.cr4 & bits.CR4_LAM_SUP:
            raise FieldError("cr4", self.cr4, "LAM_SUP (bit 28) clear: it is not modelled")
        self._check_pdptes()

    def _check_pdptes(self) -> None:
        if self.pdptes != () and (not isinstance(self.pdptes, tuple) or len(self.pdptes) != 4):
            raise FieldError("pdptes", self.pdptes, "four PDPTEs, or none")
        for number in range(len(self.pdptes)):
            value = self.pdptes[number]
            check_integer(f"pdptes/{number}", value, 0, bits.MAX_64)
            wrong = reserved(Entry(3, value, PAE), self.maxphyaddr, True) if value & bits.P else ()
            if wrong:
                places = f"{wrong[0].high}:{wrong[0].low}"
                raise FieldError(f"pdptes/{number}", value, f"bits {places} clear, for P is set")

    @property
    def paging(self) -> "PagingMode":
        """The paging mode that CR0.PG, CR4 and EFER.LMA select."""
        if not self.cr0 & bits.CR0_PG:
            return NO_PAGING
        if self.efer & bits.EFER_LMA:
            return LEVEL_5 if self.cr4 & bits.CR4_LA57 else LEVEL_4
        if self.cr4 & bits.CR4_PAE:
            return PAE
        return PAGING_32_PSE if self.cr4 & bits.CR4_PSE else PAGING_32

    @property
    def levels(self) -> int:
        """Levels of paging structures: 0 (paging off) to 5."""
        return self.paging.levels

    @property
    def wp(self) -> bool:
        """CR0.WP: supervisor-mode writes respect R/W."""
        return self.cr0 & bits.CR0_WP != 0

    @property
    def nxe(self) -> bool:
        """EFER.NXE, where CR4.PAE gives entries an XD: it forbids instruction fetches; without NXE it is reserved."""
        return self.efer & bits.EFER_NXE != 0 and self.cr4 & bits.CR4_PAE != 0

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
        """CR4.PKE, with 4-level or 5-level paging: PKRU holds for user-mode addresses."""
        return self.cr4 & bits.CR4_PKE != 0 and self.efer & bits.EFER_LMA != 0

    @property
    def pks(self) -> bool:
        """CR4.PKS, with 4-level or 5-level paging: IA32_PKRS holds for supervisor-mode addresses."""
        return self.cr4 & bits.CR4_PKS != 0 and self.efer & bits.EFER_LMA != 0

    @property
    def ac(self) -> bool:
        """RFLAGS.AC."""
        return self.rflags & bits.RFLAGS_AC != 0


class Access(Value):
    """One access: ``kind`` "read", "write" or "fetch", by code at ``cpl`` 0 to 3.

    ``implicit``: made by the processor itself to a system data structure (GDT, IDT, TSS), and therefore a
    supervisor-mode access at any CPL. ``stack``: through SS, so that a non-canonical address raises #SS in place of
    #GP. ``unblocks_nmi``: made by an IRET that has ended the blocking of NMIs.
    Source: Intel SDM volume 3, "Access Rights"; "Information About NMI Unblocking Due to IRET".
    """

    _fields = ("kind", "cpl", "implicit", "stack", "unblocks_nmi")
    kind: str = READ
    cpl: int = 3
    implicit: bool = False
    stack: bool = False
    unblocks_nmi: bool = False

    def _check(self) -> None:
        check_choice("access", self.kind, (READ, WRITE, FETCH))
        check_integer("cpl", self.cpl, 0, 3)
        for name in ("implicit", "stack", "unblocks_nmi"):
            check_choice(name, getattr(self, name), (False, True))
        for name in ("implicit", "stack"):
            if getattr(self, name) and self.kind == FETCH:
                raise FieldError(name, getattr(self, name), "False for an instruction fetch")

    @property
    def user_mode(self) -> bool:
        """Whether it is a user-mode access."""
        return self.cpl == 3 and not self.implicit
