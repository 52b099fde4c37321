"""Tables in which every address is mapped, with pages of one size: for streams whose own tables nobody has.

The page of a linear address L (its lower 47 bits) is at 2^47 + L, guest-physical where there is a guest; that, or a
guest's table, is at host-physical 2^48 + P. Tables are made when a walk needs them; a guest's lie from 0 on.
"""

from __future__ import annotations

from dataclasses import dataclass

from vmsim import bits
from vmsim.stream_tables import ENTRIES, FOR_TABLES, MODES, NATIVE, NESTED, SHADOW, USABLE, Tables, Words, leaf
from vmsim.value import check_choice, check_integer

HALF, HOST = 1 << 47, 1 << 48
# A table as one long integer: 1 in each entry; 0 to 511.
_ONES = sum(1 << 64 * index for index in range(ENTRIES))
_NUMBERS = sum(index << 64 * index for index in range(ENTRIES))


@dataclass(frozen=True, eq=False)
class Mapping(Tables):
    """``ept_page_level``: 1 to 3, of the pages that EPT maps."""

    ept_page_level: int = 1

    grows = True

    def supply_table(self, linear_address: int) -> None:
        """The tables down to the one with the page's entry."""
        first = (linear_address & HALF - 1) + HALF + (HOST if self.mode == SHADOW else 0)
        self._supply(self.entries, linear_address, self.levels, self.page_level, first, USABLE)

    def supply_ept_table(self, guest_physical_address: int) -> None:
        """The same of EPT."""
        first = guest_physical_address + HOST
        self._supply(self.ept, guest_physical_address, self.ept_levels, self.ept_page_level, first, USABLE | FOR_TABLES)

    def cover(self, size: int) -> None:
        """Make all tables for the linear addresses from 0 to ``size``, 1 to 2^47, at once."""
        check_integer("size", size, 1, HALF)
        # One table in 512 is that of a table, and so on.
        for words, level in ((self.entries, self.page_level), (self.ept, self.ept_page_level)):
            words.reserve(size // bits.reach(level) * 513 // 512 + 16 * ENTRIES)
        for address in range(0, size, bits.reach(self.page_level + 1)):
            self.supply_table(address)
        if self.ept_levels:
            reach = bits.reach(self.ept_page_level + 1)
            for address in [*range(HALF, HALF + size, reach), *range(0, 8 * self.entries.used, reach)]:
                self.supply_ept_table(address)

    def _supply(self, words: Words, address: int, level: int, page_level: int, page: int, flags: int) -> None:
        table = 0
        while True:
            at = table + bits.index(address, level)
            if words.view[at]:
                table = (words.view[at] & bits.ADDRESS) >> 3
                level -= 1
                if level == page_level:
                    return
                continue
            number = self.add(words, words.used * 8)
            if level - 1 == page_level:
                reach = bits.reach(page_level)
                start = page & ~(bits.reach(level) - 1)
                fill(words.view[number * ENTRIES : (number + 1) * ENTRIES], leaf(start, page_level, flags), reach)
            # Only now can another thread find it, complete.
            words.view[at] = number * bits.FRAME | USABLE | flags


def fill(entries: memoryview, first: int, step: int) -> None:
    """Number the entries from ``first`` on."""
    # One sum of long integers instead of 512 of short ones: 5 µs a table, not 20.
    entries.cast("B")[:] = (first * _ONES + step * _NUMBERS).to_bytes(8 * ENTRIES, "little")


def mapping(mode: str = NATIVE, page_size: str = "4 KiB", ept_page_size: str = "4 KiB") -> Mapping:
    """Tables of 4 levels that map every address with pages of that size ("4 KiB", "2 MiB", "1 GiB").

    ``mode`` nested: EPT of 4 levels maps the guest's memory with pages of ``ept_page_size``. Shadow: the host backs
    the guest's memory with pages of 4 KBytes, so the shadow tables map those, whatever the guest's are. Raises
    FieldError for another mode or size.
    """
    check_choice("mode", mode, MODES)
    level, ept_level = bits.page_level(page_size), bits.page_level(ept_page_size)
    if mode == SHADOW:
        level = 1
    nested = mode == NESTED
    size = min(level, ept_level) if nested else level
    tables = Mapping(mode, 4, 1 << size, level, 4 if nested else 0, ept_page_level=ept_level)
    tables.add(tables.entries)
    if nested:
        tables.add(tables.ept)
    return tables
