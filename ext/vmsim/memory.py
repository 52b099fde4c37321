"""Physical memory that holds paging structures: sparse, read and written in entries of 8 or 4 bytes, little-endian."""

from vmsim import bits
from vmsim.value import FieldError, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from vmsim.cache_trace import CachedAccess
    from vmsim.trace import PdpteLoad, Update, Walk

    class Readable(Protocol):
        """What a walk reads: Memory, what an access has made of it, or a guest's memory."""

        def read(self, address: int, field: str, size: int = bits.ENTRY_SIZE) -> int:
            """The entry at ``address``."""


class Memory:
    """``size`` bytes of physical memory (a multiple of 8 up to 2^52), all 0 but what is written.

    Addresses are physical and multiples of an entry's size, which is 8 or 4; a value fits that size. Anything else
    raises FieldError.
    """

    def __init__(self, entries: "Mapping[int, int] | None" = None, size: int = 1 << 52) -> None:
        check_integer("memory size", size, bits.ENTRY_SIZE, 1 << 52)
        if size % bits.ENTRY_SIZE:
            raise FieldError("memory size", size, f"a multiple of {bits.ENTRY_SIZE}")
        self.size = size
        self._words: dict[int, int] = {}
        if entries is not None:
            for address in entries:
                self.write(address, entries[address])

    def read(self, address: int, field: str = "address", size: int = bits.ENTRY_SIZE) -> int:
        """The entry at ``address``; ``field`` says in an error what gave that address."""
        self._check(address, field, size)
        return _part(self._word(address & ~7), address, size)

    def write(self, address: int, value: int, size: int = bits.ENTRY_SIZE) -> None:
        """Store an entry."""
        self._check(address, "address", size)
        check_integer(f"entry at {hexadecimal(address)}", value, 0, (1 << 8 * size) - 1)
        word = address & ~7
        if size < bits.ENTRY_SIZE:
            shift = 8 * (address & 4)
            value = self._word(word) & ~(bits.MAX_32 << shift) | value << shift
        self._words[word] = value

    def apply(self, walk: "Walk | PdpteLoad | CachedAccess") -> None:
        """Set the accessed and dirty flags that a walk found to be set."""
        for address, size, flags in walk.updates:
            self.write(address, self.read(address, "address", size) | flags, size)

    def items(self) -> "tuple[tuple[int, int], ...]":
        """Address and value of every 8 bytes that are not 0, lowest address first."""
        return tuple((address, self._words[address]) for address in sorted(self._words) if self._words[address])

    def _word(self, address: int) -> int:
        """The 8 bytes at a multiple of 8 that is within memory."""
        return self._words.get(address, 0)

    def _check(self, address: int, field: str, size: int) -> None:
        check_integer(field, address, 0, self.size - size)
        if address % size:
            raise FieldError(field, address, f"a multiple of {size}")


class WalkMemory:
    """Memory as one access sees it: what is stored, with the flags that the access itself has set so far (``updates``).

    Structures may map themselves, or guest tables be EPT tables: then a walk meets an entry again, and reads the
    accessed flag that it set there.
    """

    def __init__(self, memory: "Readable", updates: "tuple[Update, ...]" = ()) -> None:
        self.memory = memory
        self._set: dict[int, int] = {}
        for address, _size, flags in updates:
            self.set(address, flags)

    def read(self, address: int, field: str, size: int = bits.ENTRY_SIZE) -> int:
        """The entry at ``address``; FieldError, which names ``field``, where there is no memory."""
        value = self.memory.read(address, field, size)
        if self._set:
            value |= _part(self._set.get(address & ~7, 0), address, size)
        return value

    def set(self, address: int, flags: int) -> None:
        """Set flags in the entry at ``address``."""
        word = address & ~7
        self._set[word] = self._set.get(word, 0) | flags << 8 * (address & 4)


def _part(word: int, address: int, size: int) -> int:
    """The entry at ``address`` out of the 8 bytes that hold it."""
    return word if size == bits.ENTRY_SIZE else word >> 8 * (address & 4) & bits.MAX_32
