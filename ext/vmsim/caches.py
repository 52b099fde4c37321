"""An access with the caches on: TLBs, then PDE, PDPTE, PML4 and PML5 cache, then the walk from what was found.

Source: Intel SDM volume 3, "Caching Translation Information". ``walker.py`` translates: a cached entry only says where
a walk begins, or holds what one found. What invalidates is in ``cache_operations.py``.

    >>> from vmsim import Access, Memory, Processor, compose
    >>> from vmsim.caches import access_memory
    >>> from vmsim.logical_processor import LogicalProcessor
    >>> leads = {"P": 1, "R/W": 1, "U/S": 1}
    >>> memory = Memory({0x1000 * n: compose(5 - n, 0x1000 * (n + 1), leads) for n in range(1, 5)})
    >>> first, core = access_memory(memory, LogicalProcessor(Processor(cr3=0x1000)), Access("read"), 0x123)
    >>> memory.apply(first)
    >>> second, core = access_memory(memory, core, Access("read"), 0x456)
    >>> first.entries_read, second.entries_read, second.hit, hex(second.host_physical_address)
    (4, 0, 'TLB', '0x5456')
"""

import vmsim
from vmsim import bits
from vmsim.cache_entries import USED, cached_levels, page_shifts, structure_entries, tlb_entry
from vmsim.cache_scopes import mappings_of_ept_violation, of_ept_violation, of_page_fault
from vmsim.cache_trace import CachedAccess, Filled, Lookup
from vmsim.ept_trace import EptViolation
from vmsim.faults import PageFault
from vmsim.guest_physical import Mappings
from vmsim.logical_processor import Caches, LogicalProcessor, invalidated, without_mappings
from vmsim.permitted import by_entry, permitted, use_of
from vmsim.processor import Access
from vmsim.trace import Translation
from vmsim.value import Integer, check_integer, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmsim.cache_entries import StructureEntry, TlbEntry
    from vmsim.cache_scopes import Scope
    from vmsim.cache_trace import Cached
    from vmsim.memory import Readable
    from vmsim.permitted import Walker
    from vmsim.set_associative import SetAssociative


def access_memory(
    memory: "Readable",
    core: LogicalProcessor,
    access: Access,
    linear_address: Integer,
    translate: "Walker" = vmsim.translate,
) -> "tuple[CachedAccess, LogicalProcessor]":
    """One access that does not cross a page boundary: what happened, and the processor with its caches afterwards.

    ``linear_address`` as for ``translate``, which is that of either build. Memory is not changed: ``memory.apply``
    of the result sets the flags. Raises FieldError as ``translate`` does.

    The modelled processor uses what it finds, first hit first: also a TLB entry whose rights refuse the access, which
    then is a page fault even if memory would permit it by now (the fault drops the entry). It caches nothing of a walk
    that faults.
    """
    mode = core.registers.paging
    check_integer("linear_address", linear_address, 0, mode.highest_linear_address)
    allowed, retained, retained_mappings = permitted(translate, memory, core, access, linear_address)
    asked = _Asked(core, access, linear_address)
    page = start = None
    # An address that is not canonical faults before any structure is asked.
    if mode.levels and (not mode.long or bits.is_canonical(linear_address, mode.linear_width)):
        page = asked.tlbs()
        if page is None:
            start = asked.structures()
    walk = None
    held = core.caches.guest_physical
    mappings = Mappings(held) if held is not None and core.ept is not None else None
    if page is not None:
        result, host = by_entry(page, core, access, linear_address)
    else:
        begin = None if start is None else start.start
        walk = translate(memory, core.registers, access, linear_address, core.ept, begin, mappings)
        result, host = walk.result, walk.host_physical_address
        if isinstance(result, Translation):
            for entry in structure_entries(walk, core.tag, begin):
                asked.fill_structure(entry)
            page = tlb_entry(walk, core.tag, core.registers.cr4 & bits.CR4_PGE != 0)
    if page is not None and host is not None:
        asked.fill_tlbs(page)
    scopes: tuple[Scope, ...] = ()
    if isinstance(result, PageFault):
        scopes = of_page_fault(core.tag, linear_address)
    elif isinstance(result, EptViolation):
        scopes = of_ept_violation(core.tag, linear_address, result.qualification & bits.EPTQ_FINAL != 0)
    held = held if mappings is None else mappings.structure
    caches = Caches(tuple(asked.tlb), tuple(asked.structure), retained, held, retained_mappings)
    caches, drops = invalidated(caches, scopes)
    if isinstance(result, EptViolation):
        found = mappings_of_ept_violation(core.tag, result.guest_physical_address)
        caches, dropped = without_mappings(caches, found)
        drops += dropped
    lookups, fills = tuple(asked.lookups), tuple(asked.fills)
    event = CachedAccess(linear_address, access, lookups, walk, fills, drops, result, host, allowed)
    return event, replace(core, caches=caches)


class _Asked:
    """The structures while one access asks and fills them, with what has happened so far."""

    def __init__(self, core: LogicalProcessor, access: Access, linear_address: int) -> None:
        self.core = core
        self.access = access
        self.linear_address = linear_address
        self.tlb = list(core.caches.tlbs)
        self.structure = list(core.caches.structures)
        self.lookups: list[Lookup] = []
        self.fills: list[Filled] = []
        self.answered = len(self.tlb)

    def tlbs(self) -> "TlbEntry | None":
        """The entry that is used, of the first TLB that has one; each is asked for every size of page."""
        mode = self.core.registers.paging
        shifts = page_shifts(mode, self.core.ept is not None)
        for level in range(len(self.tlb)):
            found: TlbEntry | None = None
            for shift in shifts:
                found = self._find(self.tlb[level], shift)
                if found is not None:
                    break
            use = "" if found is None else use_of(found, self.core, self.access)
            self._note(self.tlb[level], found.shift if found is not None else shifts[0], found, use)
            if found is not None:
                self.tlb[level] = self.tlb[level].touch(found)
                if use == USED:
                    self.answered = level
                    return found
                break
        return None

    def structures(self) -> "StructureEntry | None":
        """The entry to begin from, of the most specific paging-structure cache that has one."""
        mode = self.core.registers.paging
        for level in cached_levels(mode):
            structure = self.structure[level - 2]
            if structure is None:
                continue
            found: StructureEntry | None = self._find(structure, mode.low_bit(level))
            self._note(structure, mode.low_bit(level), found, "" if found is None else USED)
            if found is not None:
                self.structure[level - 2] = structure.touch(found)
                return found
        return None

    def fill_tlbs(self, entry: "TlbEntry") -> None:
        """Put the entry into each TLB before the one that answered, or all where none did."""
        for level in range(self.answered):
            self.tlb[level], evicted = self.tlb[level].fill(entry)
            self.fills.append(Filled(self.tlb[level].name, entry, evicted))

    def fill_structure(self, entry: "StructureEntry") -> None:
        """Put the entry into the cache of its level, where the processor has one."""
        structure = self.structure[entry.level - 2]
        if structure is not None:
            self.structure[entry.level - 2], evicted = structure.fill(entry)
            self.fills.append(Filled(structure.name, entry, evicted))

    def _find(self, structure: "SetAssociative", shift: int) -> "Any | None":
        number, tag = self.linear_address >> shift, self.core.tag
        return structure.find(
            number, lambda entry: entry.number == number and entry.shift == shift and entry.answers(tag)
        )

    def _note(self, structure: "SetAssociative", low: int, found: "Cached | None", use: str) -> None:
        high = self.core.registers.paging.linear_width - 1
        number = self.linear_address >> low & (1 << high + 1 - low) - 1
        self.lookups.append(Lookup(structure.name, high, low, number, found, use))
