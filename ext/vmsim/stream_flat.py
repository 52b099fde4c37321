"""Tables for a stream out of paging structures in the simulator's memory: those that ``walker.py`` walks.

What the entries of a way through them allow together is decided here, once for each way, by the functions that
``walker.py`` and ``ept.py`` ask; so a table that is reached in two ways with other rights becomes two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vmsim import Access, Ept, Processor, bits
from vmsim.access_rights import refusals as refusals_of
from vmsim.entries import Entry, reserved
from vmsim.ept import RWX, translate_guest_physical
from vmsim.ept import refusals as ept_refusals_of
from vmsim.ept_entries import EptEntry, is_present, misconfigurations
from vmsim.ept_trace import EptTranslation
from vmsim.eptp import GuestPhysicalAccess
from vmsim.memory import WalkMemory
from vmsim.processor import FETCH, READ, WRITE
from vmsim.shadow_memory import GuestMemory
from vmsim.stream_tables import (
    ENTRIES,
    FOR_TABLES,
    NATIVE,
    NESTED,
    REFUSING,
    SHADOW,
    USABLE,
    WRONG,
    Tables,
    Words,
    leaf,
)
from vmsim.trace import Rights
from vmsim.value import FieldError

if TYPE_CHECKING:
    from vmsim.memory import Readable

ALL = Rights(True, True, False, 0)
USER_READ = Access(READ, 3)


def flat(memory: Readable, processor: Processor, access: Access = USER_READ, ept: Ept | None = None) -> Tables:
    """The structures that CR3 leads to in ``memory``; in a guest's memory where ``ept`` is given.

    Raises FieldError for another paging mode than 4-level and 5-level, for a table outside of the memory, and for
    fetches with mode-based execute control for EPT.
    """
    found = _Flattened(processor, access, NESTED if ept else NATIVE, ept.levels if ept else 0)
    locate: Callable[[int], int | None] = _nowhere
    if ept is not None:
        if ept.mode_based_execute_control and access.kind == FETCH:
            raise FieldError("mode_based_execute_control", True, "false, for a stream of fetches")
        found.add_ept(memory, ept)
        locate = _by_ept(memory, processor, ept)
    found.add_guest(memory, locate)
    return found.tables()


def flat_shadow(guest: GuestMemory, processor: Processor, access: Access = USER_READ) -> Tables:
    """The shadow tables for a guest's structures, filled as it faults.

    Raises FieldError as ``flat`` does, and for writes, which could be to the tables themselves.
    """
    if access.kind == WRITE:
        raise FieldError("access", access.kind, "read or fetch, for shadow tables")
    found = _Flattened(processor, access, SHADOW, 0)
    found.add_guest(guest, _nowhere, guest)
    return found.tables()


def _nowhere(address: int) -> int | None:
    """Without EPT a table is where its address says."""
    return address


def _by_ept(memory: Readable, processor: Processor, ept: Ept) -> Callable[[int], int | None]:
    access = GuestPhysicalAccess(read=True, write=ept.accessed_dirty)

    def located(address: int) -> int | None:
        walk = translate_guest_physical(WalkMemory(memory), ept, processor.maxphyaddr, access, address)
        return walk.result.host_physical_address if isinstance(walk.result, EptTranslation) else None

    return located


class _Flattened:
    """The tables so far, each by what it stands for."""

    def __init__(self, processor: Processor, access: Access, mode: str, ept_levels: int) -> None:
        if not processor.paging.long:
            raise FieldError("paging", processor.paging.name, "4-level or 5-level")
        self.processor = processor
        self.access = access
        self.mode = mode
        self.ept_levels = ept_levels
        self.words, self.ept_words, self.places = Words(8 * ENTRIES), Words(8 * ENTRIES), Words(8)
        self.known: dict[tuple[object, ...], int] = {}
        self.lowest = processor.levels
        self.page_levels: set[int] = set()
        self.ept_page_levels: set[int] = set()

    def tables(self) -> Tables:
        """All of it, as it is now."""
        levels = self.page_levels
        if self.mode == NESTED:
            levels = {min(one, other) for one in levels for other in self.ept_page_levels}
        sizes = sum(1 << level for level in levels)
        # A table without a page counts: a walk may end in it.
        page_level = self.lowest if self.page_levels <= {self.lowest} else 0
        known = (self.mode, self.processor.levels, sizes, page_level, self.ept_levels)
        return Tables(*known, self.words, self.ept_words, self.places)

    def add_guest(
        self, memory: Readable, locate: Callable[[int], int | None], guest: GuestMemory | None = None
    ) -> None:
        """The tables that CR3 leads to; with ``guest``, the shadow ones for them."""
        self._table(memory, locate, guest, self.processor.cr3 & bits.ADDRESS, self.processor.levels, ALL)

    def _table(
        self,
        memory: Readable,
        locate: Callable[[int], int | None],
        guest: GuestMemory | None,
        address: int,
        level: int,
        rights: Rights,
    ) -> int:
        key = (address, level, rights)
        if key in self.known:
            return self.known[key]
        first = self._new(key, self.words)
        self.lowest = min(self.lowest, level)
        at = self.places.take(1)
        self.places.view[at] = address
        mode, place = self.processor.paging, locate(address)
        # A table that EPT does not give to the walk is never read.
        for index in range(ENTRIES if place is not None else 0):
            assert place is not None
            value = memory.read(place + index * bits.ENTRY_SIZE, f"address of a {bits.ENTRY_NAMES[level]}")
            entry = Entry(level, value, mode)
            if not entry.present or reserved(entry, self.processor.maxphyaddr, self.processor.nxe):
                continue
            held = Rights(
                rights.writable and entry.writable,
                rights.user and entry.user,
                rights.execute_disable or entry.execute_disable,
                entry.protection_key if entry.maps_page else 0,
            )
            if not entry.maps_page:
                table = self._table(memory, locate, guest, entry.address, level - 1, held)
                self.words.view[first + index] = table * bits.FRAME | USABLE
                continue
            refused = refusals_of(held, self.processor, self.access)
            self.page_levels.add(level if guest is None else 1)
            self.words.view[first + index] = self._page(guest, entry.address, level, held, bool(refused))
        return first // ENTRIES

    def _page(self, guest: GuestMemory | None, frame: int, level: int, rights: Rights, refused: bool) -> int:
        """The entry for a page; in shadow tables the host's pages of 4 KBytes, so perhaps tables more."""
        if guest is None or level == 1:
            host = frame if guest is None else guest.host_address(frame)
            return leaf(host, level, REFUSING if refused else USABLE)
        if refused:
            return 0
        key = ("direct", frame, level, rights)
        if key not in self.known:
            first = self._new(key, self.words)
            self.places.take(1)
            for index in range(ENTRIES):
                part = frame + index * bits.reach(level - 1)
                if guest.has(part):
                    self.words.view[first + index] = self._page(guest, part, level - 1, rights, False)
        return self.known[key] * bits.FRAME | USABLE

    def add_ept(self, memory: Readable, ept: Ept) -> None:
        """The EPT paging structures."""
        self._ept_table(WalkMemory(memory), ept, ept.address, ept.levels, RWX | bits.EPT_XU)

    def _ept_table(self, memory: WalkMemory, ept: Ept, address: int, level: int, permissions: int) -> int:
        key = ("EPT", address, level, permissions)
        if key in self.known:
            return self.known[key]
        first = self._new(key, self.ept_words)
        for index in range(ENTRIES):
            value = memory.read(address + index * bits.ENTRY_SIZE, "address of an EPT entry")
            entry = EptEntry(level, value)
            if not is_present(entry, ept):
                continue
            if misconfigurations(entry, ept, self.processor.maxphyaddr):
                made = WRONG
            elif entry.maps_page:
                self.ept_page_levels.add(level)
                made = leaf(entry.address, level, self._ept_flags(ept, permissions & value))
            else:
                table = self._ept_table(memory, ept, entry.address, level - 1, permissions & value)
                made = table * bits.FRAME | USABLE
            self.ept_words.view[first + index] = made
        return first // ENTRIES

    def _ept_flags(self, ept: Ept, permissions: int) -> int:
        kind = self.access.kind
        access = GuestPhysicalAccess(read=kind == READ, write=kind == WRITE, fetch=kind == FETCH)
        tables = GuestPhysicalAccess(read=True, write=ept.accessed_dirty)
        usable = 0 if ept_refusals_of(ept, access, permissions) else USABLE
        return usable | (0 if ept_refusals_of(ept, tables, permissions) else FOR_TABLES)

    def _new(self, key: tuple[object, ...], words: Words) -> int:
        """Where a new table begins."""
        first = words.take(ENTRIES)
        self.known[key] = first // ENTRIES
        return first
