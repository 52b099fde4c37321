"""The paging modes: how many levels each has, and which bits of the linear address each level takes.

Source: Intel SDM volume 3, "Paging Modes and Control Bits" and its table "Properties of Different Paging Modes";
"Use of CR3 with 32-Bit Paging", "… with PAE Paging", "… with 4-Level and 5-Level Paging".
"""

from vmsim import bits
from vmsim.value import Value


class PagingMode(Value):
    """One paging mode.

    ``levels`` 0 (no paging) to 5; ``index_width`` bits of the linear address select an entry of ``entry_size`` bytes;
    ``linear_width`` bits of it are translated; ``large_levels`` are those whose entries have PS; ``base`` are the bits
    of CR3 that hold the address of the first table.
    """

    _fields = ("name", "levels", "index_width", "entry_size", "linear_width", "large_levels", "base")
    name: str
    levels: int
    index_width: int
    entry_size: int
    linear_width: int
    large_levels: "tuple[int, ...]"
    base: int

    def low_bit(self, level: int) -> int:
        """The lowest linear-address bit that selects an entry of that level."""
        return 12 + self.index_width * (level - 1)

    def reach(self, level: int) -> int:
        """Bytes of linear addresses that one entry of that level controls."""
        return 1 << 12 + self.index_width * (level - 1)

    def index(self, linear_address: int, level: int) -> int:
        """Which entry of a table of that level the linear address selects."""
        return linear_address >> 12 + self.index_width * (level - 1) & (1 << self.index_width) - 1

    @property
    def long(self) -> bool:
        """4-level or 5-level paging: linear addresses have 64 bits and must be canonical."""
        return self.linear_width > 32

    @property
    def highest_linear_address(self) -> int:
        """2^32 - 1, or 2^64 - 1 with 4-level and 5-level paging."""
        return bits.MAX_64 if self.linear_width > 32 else bits.MAX_32

    def __repr__(self) -> str:
        return repr(self.name)


NO_PAGING = PagingMode("no paging", 0, 0, 0, 32, (), 0)
# PS is ignored while CR4.PSE = 0.
PAGING_32 = PagingMode("32-bit", 2, 10, 4, 32, (), 0xFFFF_F000)
PAGING_32_PSE = PagingMode("32-bit, 4-MByte pages", 2, 10, 4, 32, (2,), 0xFFFF_F000)
# The four PDPTEs of level 3 are registers.
PAE = PagingMode("PAE", 3, 9, 8, 32, (2,), 0xFFFF_FFE0)
LEVEL_4 = PagingMode("4-level", 4, 9, 8, 48, (2, 3), bits.ADDRESS)
LEVEL_5 = PagingMode("5-level", 5, 9, 8, 57, (2, 3), bits.ADDRESS)
