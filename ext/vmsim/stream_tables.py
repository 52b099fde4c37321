"""The tables that a stream is walked through: flat arrays of entries, which every program that walks them can share.

A table is 512 entries in a row; the first is that of the highest level. An entry has the architecture's shape, with
tables renumbered from 0 in the order in which they lie there:

    bit 0        the access may use it: it leads to a table, or maps a page; of EPT, the access itself may
    bit 1        present, but the access is refused; of EPT, the walk of the guest's tables may use it
    bit 3        EPT: misconfigured
    bit 7        it maps a page
    bits 11:10   level of an entry that maps a page, 1 to 3
    bits 51:12   the page's frame, or the table's number

An entry that is 0 is not present, or, where the tables grow, one whose table was not needed yet.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from threading import Lock

ENTRIES = 512
USABLE, REFUSING, FOR_TABLES, WRONG, LEAF = 1, 2, 2, 8, 0x80
LEVEL_SHIFT = 10
NATIVE, NESTED, SHADOW = "native", "nested", "shadow"
MODES = (NATIVE, NESTED, SHADOW)


class Words:
    """Unsigned 64-bit numbers in one piece, all 0 at first. ``view`` is replaced when they grow; an old one stays."""

    def __init__(self, capacity: int) -> None:
        self.used = 0
        self.view = _zeroes(capacity)

    def take(self, count: int) -> int:
        """The first of ``count`` more of them."""
        first = self.used
        self.reserve(first + count)
        self.used += count
        return first

    def reserve(self, total: int) -> None:
        """Make room for ``total`` of them."""
        if total > len(self.view):
            view = _zeroes(max(total, 2 * len(self.view)))
            view[: self.used] = self.view[: self.used]
            self.view = view


def _zeroes(count: int) -> memoryview:
    memory = mmap.mmap(-1, 8 * count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # Half of a walk of 512 MiB of entries is otherwise the machine's own walk.
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory).cast("Q")


@dataclass(frozen=True, eq=False)
class Tables:
    """``mode``: one of MODES. ``levels`` of ``entries`` (4 or 5), of ``ept`` (0: there is none).

    ``places``: by number of a guest's table, its guest-physical address. ``sizes``: bit n is 1 where a TLB entry may be
    for a page of level n. ``page_level``: that of all pages that ``entries`` map, 0 where there are several. Streams in
    several threads may share one.
    """

    mode: str
    levels: int
    sizes: int
    page_level: int
    ept_levels: int = 0
    entries: Words = field(default_factory=lambda: Words(8 * ENTRIES))
    ept: Words = field(default_factory=lambda: Words(8 * ENTRIES))
    places: Words = field(default_factory=lambda: Words(8))
    lock: Lock = field(default_factory=Lock)

    grows = False

    def add(self, words: Words, place: int = 0) -> int:
        """The number of a new table of the guest's (at that guest-physical address) or of EPT."""
        if words is self.entries:
            at = self.places.take(1)
            self.places.view[at] = place
        return words.take(ENTRIES) // ENTRIES

    # Only a mapping makes tables on demand; flat tables are whole, so nothing asks them for one.

    def supply_table(self, linear_address: int) -> None:
        """Make the tables for that address."""
        raise NotImplementedError

    def supply_ept_table(self, guest_physical_address: int) -> None:
        """Make the EPT tables for that address."""
        raise NotImplementedError


def leaf(frame: int, level: int, flags: int = USABLE) -> int:
    """The entry of that level that maps the page at ``frame``."""
    return frame | LEAF | level << LEVEL_SHIFT | flags
