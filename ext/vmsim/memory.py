"""Guest-physical memory that holds paging structures: sparse, read and written in 8-byte entries."""

from vmsim import bits
from vmsim.value import FieldError, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vmsim.trace import Walk


class Memory:
    """``size`` bytes of physical memory (a multiple of 8 up to 2^52), all 0 but what is written.

    Addresses are physical and multiples of 8; values are from 0 to 2^64 - 1. Anything else raises FieldError.
    """

    def __init__(self, entries: "Mapping[int, int] | None" = None, size: int = 1 << 52) -> None:
        check_integer("memory size", size, bits.ENTRY_SIZE, 1 << 52)
        if size % bits.ENTRY_SIZE:
            raise FieldError("memory size", size, f"a multiple of {bits.ENTRY_SIZE}")
        self.size = size
        self._entries: dict[int, int] = {}
        if entries is not None:
            for address in entries:
                self.write(address, entries[address])

    def read(self, address: int, field: str = "address") -> int:
        """The entry at ``address``; ``field`` says in an error what gave that address."""
        self._check(address, field)
        return self._entries.get(address, 0)

    def write(self, address: int, value: int) -> None:
        """Store an entry."""
        self._check(address, "address")
        check_integer(f"entry at {hexadecimal(address)}", value, 0, bits.MAX_64)
        self._entries[address] = value

    def apply(self, walk: "Walk") -> None:
        """Set the accessed and dirty flags that a walk found to be set."""
        for step in walk.steps:
            if step.sets:
                self.write(step.entry_address, step.entry.value | step.sets)

    def items(self) -> "tuple[tuple[int, int], ...]":
        """Address and value of every entry that is not 0, lowest address first."""
        return tuple((address, self._entries[address]) for address in sorted(self._entries) if self._entries[address])

    def _check(self, address: int, field: str) -> None:
        check_integer(field, address, 0, self.size - bits.ENTRY_SIZE)
        if address % bits.ENTRY_SIZE:
            raise FieldError(field, address, f"a multiple of {bits.ENTRY_SIZE}")
