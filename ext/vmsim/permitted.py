"""Which results the architecture permits for an access: that of a fresh walk, and those by every retained entry.

Source: Intel SDM volume 3, "Use of the TLBs" ("Details of TLB Use"), "Using the Paging-Structure Caches to Translate
Linear Addresses": a processor may use a cached entry until it is invalidated, and need not. This asks
``Caches.retained`` only; sets, ways and replacement are not known here. Entries that a processor makes ahead of any
access (prefetches, speculation) are not counted.
"""

from vmsim import bits
from vmsim.access_rights import final_access, page_fault
from vmsim.cache_entries import CLEAN, EPT_REFUSES, USED, StructureEntry, TlbEntry, structure_entries, tlb_entry
from vmsim.cache_trace import WALK, Permitted
from vmsim.ept import refusals as ept_refusals
from vmsim.guest_physical import Choices
from vmsim.logical_processor import STRUCTURE_NAMES, LogicalProcessor
from vmsim.processor import WRITE, Access
from vmsim.trace import Translation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vmsim.cache_trace import Cached
    from vmsim.guest_physical_entry import GuestPhysicalEntry
    from vmsim.memory import Readable
    from vmsim.trace import Result, Walk
    from vmsim.walk_start import WalkStart

    Walker = Callable[..., Walk]


def use_of(entry: TlbEntry, core: LogicalProcessor, access: Access) -> str:
    """What a TLB entry is good for: "used" for a result (a page fault too), or why the tables have to be walked.

    "Details of TLB Use": a write where D was 0 goes to the entry in memory. A violation of EPT is not told from a TLB
    entry, but found by a walk.
    """
    if entry.refusals(core.registers, access):
        return USED
    if access.kind == WRITE and not (entry.dirty and entry.ept_dirty):
        return CLEAN
    if entry.ept_permissions is not None and core.ept is not None:
        asked = final_access(access, entry.number << entry.shift, entry.rights)
        if ept_refusals(core.ept, asked, entry.ept_permissions):
            return EPT_REFUSES
    return USED


def by_entry(
    entry: TlbEntry, core: LogicalProcessor, access: Access, linear_address: int
) -> "tuple[Result, int | None]":
    """Result and host-physical address by a TLB entry that is used."""
    rules = entry.refusals(core.registers, access)
    if rules:
        return page_fault(linear_address, core.registers, access, rules), None
    return entry.translation(linear_address), entry.host_physical_address(linear_address)


def permitted(
    translate: "Walker", memory: "Readable", core: LogicalProcessor, access: Access, linear_address: int
) -> "tuple[tuple[Permitted, ...], tuple[Cached, ...], tuple[GuestPhysicalEntry, ...]]":
    """All that is permitted, each result once, a fresh walk's first; and entries and mappings that may be retained."""
    tag = core.tag
    found: list[Permitted] = []
    made: list[Cached] = []
    mappings = Choices(core.caches.retained_mappings)
    applying = [e for e in core.caches.retained if e.answers(tag) and e.covers(linear_address)]
    _walk(translate, memory, core, access, linear_address, None, WALK, found, made, mappings)
    for entry in applying:
        if isinstance(entry, StructureEntry):
            name = STRUCTURE_NAMES[entry.level]
            _walk(translate, memory, core, access, linear_address, entry.start, name, found, made, mappings)
        elif use_of(entry, core, access) == USED:
            result, host = by_entry(entry, core, access, linear_address)
            _add(found, Permitted("TLB", result, host))
    retained = core.caches.retained
    known = core.caches.retained_mappings
    return (
        tuple(found),
        retained + tuple([entry for entry in made if entry not in retained]),
        known + tuple([entry for entry in mappings.made if entry not in known]),
    )


def _walk(
    translate: "Walker",
    memory: "Readable",
    core: LogicalProcessor,
    access: Access,
    linear_address: int,
    start: "WalkStart | None",
    via: str,
    found: "list[Permitted]",
    made: "list[Cached]",
    mappings: Choices,
) -> None:
    """Add what walks from ``start`` give to ``found``, and what they may leave in caches to ``made``.

    There are several where guest-physical mappings lead elsewhere than EPT does now.
    """
    while True:
        asked = mappings if core.ept is not None else None
        walk = translate(memory, core.registers, access, linear_address, core.ept, start, asked)
        _add(found, Permitted(via, walk.result, walk.host_physical_address))
        if isinstance(walk.result, Translation):
            page = tlb_entry(walk, core.tag, core.registers.cr4 & bits.CR4_PGE != 0)
            for entry in structure_entries(walk, core.tag, start) + (() if page is None else (page,)):
                if entry not in made:
                    made.append(entry)
        if not mappings.next():
            return


def _add(found: "list[Permitted]", one: Permitted) -> None:
    """Keep each result once: how it came about first."""
    if all(other.result != one.result or other.host_physical_address != one.host_physical_address for other in found):
        found.append(one)
