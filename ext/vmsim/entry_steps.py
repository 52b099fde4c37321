"""What the checks of VM entry share: a violation, and the list that they go into."""

from vmsim import bits
from vmsim.value import Value, hexadecimal, is_integer


class Violation(Value):
    """A check that does not hold: the field of the VMCS, its value, what is required.

    ``section`` is the title of the section of Intel SDM volume 3; ``qualification`` the exit qualification that this
    violation gives where it is one of the guest state (0 for most).
    """

    _fields = ("section", "field", "value", "required", "qualification")
    section: str
    field: str
    value: int
    required: str
    qualification: int = 0

    @property
    def text(self) -> str:
        """The violation in one English line."""
        shown = hexadecimal(self.value) if is_integer(self.value) else str(self.value)
        return f"{self.field} is {shown}; required: {self.required}"


class Violations:
    """Collects violations in the order of the checks."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def need(self, section: str, holds: bool, field: str, value: int, required: str, qualification: int = 0) -> None:
        """Note a violation unless ``holds``."""
        if not holds:
            self._found.append(Violation(section, field, value, required, qualification))

    def physical(self, section: str, field: str, address: int, alignment: int, maxphyaddr: int) -> None:
        """A physical address must be aligned and lie below 2^MAXPHYADDR."""
        self.need(section, address % alignment == 0, field, address, f"a multiple of {hexadecimal(alignment)}")
        self.need(section, address >> maxphyaddr == 0, field, address, f"below 2^{maxphyaddr}")

    def canonical(self, section: str, field: str, address: int, width: int) -> None:
        """A linear address must be canonical for a width of 48 or 57 bits."""
        self.need(
            section, bits.is_canonical(address, width), field, address, f"canonical: bits 63:{width - 1} all equal"
        )

    def pat(self, section: str, field: str, value: int) -> None:
        """Each byte of IA32_PAT must be a memory type."""
        types = (0, 1, 4, 5, 6, 7)
        holds = all(value >> 8 * at & 0xFF in types for at in range(8))
        self.need(section, holds, field, value, "0, 1, 4, 5, 6 or 7 in each byte")

    def so_far(self) -> "tuple[Violation, ...]":
        """All that were noted."""
        return tuple(self._found)
