"""What an EPT walk depends on besides memory: the EPT pointer with what the processor supports, and the access.

Source: Intel SDM volume 3, "Extended-Page-Table Pointer (EPTP)"; "VPID and EPT Capabilities" (the MSR
IA32_VMX_EPT_VPID_CAP); "Mode-Based Execute Control".
"""

from vmsim import bits
from vmsim.value import FieldError, Value, check_choice, check_integer

# Execute-only, 4 and 5 levels, UC and WB, 2-MByte and 1-GByte pages, accessed and dirty flags; no advanced information.
CAPABILITIES = (
    bits.EPT_CAP_EXECUTE_ONLY
    | bits.EPT_CAP_WALK_4
    | bits.EPT_CAP_WALK_5
    | bits.EPT_CAP_UC
    | bits.EPT_CAP_WB
    | bits.EPT_CAP_2M
    | bits.EPT_CAP_1G
    | bits.EPT_CAP_AD
)
_MEMORY_TYPES = {0: bits.EPT_CAP_UC, 6: bits.EPT_CAP_WB}
_WALK_LENGTHS = {3: bits.EPT_CAP_WALK_4, 4: bits.EPT_CAP_WALK_5}


class Ept(Value):
    """EPT as VM entry accepts it: the EPTP, IA32_VMX_EPT_VPID_CAP, and mode-based execute control for EPT.

    Raises FieldError for an EPTP at which VM entry fails (but for address bits beyond MAXPHYADDR, which the walk
    knows): "Checks on VMX Controls". Not modelled: sub-page write permissions, supervisor shadow-stack control,
    guest-paging verification, EPT-violation #VE; the entry bits that are theirs are ignored.
    """

    _fields = ("eptp", "capabilities", "mode_based_execute_control")
    eptp: int
    capabilities: int = CAPABILITIES
    mode_based_execute_control: bool = False

    def _check(self) -> None:
        check_integer("eptp", self.eptp, 0, bits.MAX_64)
        check_integer("capabilities", self.capabilities, 0, bits.MAX_64)
        check_choice("mode_based_execute_control", self.mode_based_execute_control, (False, True))
        self._refuse(
            _MEMORY_TYPES.get(self.eptp & bits.EPTP_MEMORY_TYPE), "a memory type (bits 2:0) that it supports, 0 or 6"
        )
        self._refuse(
            _WALK_LENGTHS.get(self.eptp >> bits.EPTP_WALK_LENGTH_SHIFT & 7),
            "a walk length less 1 (bits 5:3) that it supports, 3 or 4",
        )
        if self.accessed_dirty:
            self._refuse(bits.EPT_CAP_AD, "bit 6 clear, for it does not support accessed and dirty flags")
        if self.eptp & bits.EPTP_RESERVED:
            raise FieldError("eptp", self.eptp, "bits 63:52 and 11:7 clear")

    def _refuse(self, capability: "int | None", allowed: str) -> None:
        """Raise FieldError where the processor has not that capability."""
        if capability is None or not self.capabilities & capability:
            raise FieldError("eptp", self.eptp, f"{allowed} (IA32_VMX_EPT_VPID_CAP is {self.capabilities:#x})")

    @property
    def address(self) -> int:
        """Host-physical address of the first table."""
        return self.eptp & bits.ADDRESS

    @property
    def levels(self) -> int:
        """4 or 5."""
        return (self.eptp >> bits.EPTP_WALK_LENGTH_SHIFT & 7) + 1

    @property
    def accessed_dirty(self) -> bool:
        """Accessed and dirty flags for EPT are on (EPTP bit 6)."""
        return self.eptp & bits.EPTP_AD != 0

    @property
    def execute_only(self) -> bool:
        """The processor supports execute-only translations."""
        return self.capabilities & bits.EPT_CAP_EXECUTE_ONLY != 0

    @property
    def advanced_information(self) -> bool:
        """The processor reports advanced VM-exit information for EPT violations (bits 9 to 11)."""
        return self.capabilities & bits.EPT_CAP_ADVANCED != 0


class GuestPhysicalAccess(Value):
    """One access with a guest-physical address.

    ``read``, ``write``, ``fetch``: what it does (both of the first two where a flag of a guest entry is updated).
    ``linear_address``: the one that is being translated; None where MOV to CR3 loads the PDPTE registers. ``final``:
    it goes to the translation of that address, not to a guest paging-structure entry. ``user_address``, ``writable``,
    ``execute_disable``: what the guest's structures say of the linear address, once they are read to the end.
    """

    _fields = (
        "read",
        "write",
        "fetch",
        "linear_address",
        "final",
        "user_address",
        "writable",
        "execute_disable",
        "unblocks_nmi",
    )
    read: bool = False
    write: bool = False
    fetch: bool = False
    linear_address: "int | None" = None
    final: bool = False
    user_address: bool = False
    writable: bool = False
    execute_disable: bool = False
    unblocks_nmi: bool = False
