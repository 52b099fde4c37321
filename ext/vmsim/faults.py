"""What refuses an access to a linear address: the rules, and the exceptions that they raise, as plain values."""

from vmsim import bits
from vmsim.value import Value

# The rules that refuse an access, each with the section of Intel SDM volume 3 (the first: volume 1) that states it.
NON_CANONICAL = "non-canonical"
NOT_PRESENT = "not-present"
RESERVED_BIT = "reserved-bit"
SUPERVISOR_ADDRESS = "supervisor-address"
READ_ONLY = "read-only"
EXECUTE_DISABLE = "execute-disable"
SMEP = "smep"
SMAP = "smap"
PROTECTION_KEY = "protection-key"
RESERVED_PDPTE = "reserved-pdpte"
RULES = {
    NON_CANONICAL: "Canonical Addressing",
    NOT_PRESENT: "Page-Fault Exceptions",
    RESERVED_BIT: "Page-Fault Exceptions",
    SUPERVISOR_ADDRESS: "Determination of Access Rights",
    READ_ONLY: "Determination of Access Rights",
    EXECUTE_DISABLE: "Determination of Access Rights",
    SMEP: "Determination of Access Rights",
    SMAP: "Determination of Access Rights",
    PROTECTION_KEY: "Protection Keys",
    RESERVED_PDPTE: "PDPTE Registers",
}

# Bits of the #PF error code, highest first.
ERROR_CODE_FLAGS = (
    ("PK", bits.PF_PK),
    ("I/D", bits.PF_ID),
    ("RSVD", bits.PF_RSVD),
    ("U/S", bits.PF_US),
    ("W/R", bits.PF_WR),
    ("P", bits.PF_P),
)


class PageFault(Value):
    """#PF. ``rules`` are all that refuse the access; ``linear_address`` goes to CR2."""

    _fields = ("error_code", "rules", "linear_address")
    error_code: int
    rules: "tuple[str, ...]"
    linear_address: int

    @property
    def flags(self) -> "tuple[tuple[str, int], ...]":
        """Name and value of each bit of the error code, highest first."""
        return tuple((name, 1 if self.error_code & mask else 0) for name, mask in ERROR_CODE_FLAGS)


class GeneralProtection(Value):
    """#GP with error code 0."""

    _fields = ("rules",)
    rules: "tuple[str, ...]" = (NON_CANONICAL,)

    @property
    def error_code(self) -> int:
        """Always 0 for a memory access."""
        return 0


class StackFault(Value):
    """#SS with error code 0: what #GP is to other accesses, to one through SS."""

    _fields = ("rules",)
    rules: "tuple[str, ...]" = (NON_CANONICAL,)

    @property
    def error_code(self) -> int:
        """Always 0 for a memory access."""
        return 0
