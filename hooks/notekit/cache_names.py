"""Computed text about translation caches: what each saves, what an invalidation leaves, what is permitted after it.

All of it is one story with ``vmsim.caches``: 4-level paging, CR4.PGE = 1, pages of 4 KiB, empty caches of the default
geometry. Cells of a table are joined by " | "; words that depend on the language come from the note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vmsim import Access, Memory, Processor, bits, cache_operations, compose
from vmsim.cache_trace import CachedAccess
from vmsim.caches import access_memory
from vmsim.logical_processor import LogicalProcessor, empty_caches
from vmsim.value import FieldError
from vmsim.vmcs import CR4_PCIDE

_CR3 = 0x1000
_FRAME = 0x6A_B000
_NEW_FRAME = 0x7C_D000
_GLOBAL_PAGE = 1
_OTHER_PAGE = 2
_MINE, _OTHERS = 2, 1
_CR4 = bits.CR4_PAE | bits.CR4_PGE
_LEADS = {"P": 1, "R/W": 1, "U/S": 1}
_KEEP = 1 << 63
_LEVELS = {"PTE": 1, "PDE": 2, "PDPTE": 3, "PML4E": 4}

_Done = Callable[[LogicalProcessor, int], LogicalProcessor]
_OPERATIONS: Mapping[str, _Done] = {
    "nothing": lambda core, address: core,
    "INVLPG": lambda core, address: cache_operations.invlpg(core, address)[1],
    "INVLPG of the next page": lambda core, address: cache_operations.invlpg(core, address ^ bits.FRAME)[1],
    "INVPCID 0": lambda core, address: cache_operations.invpcid(core, 0, core.pcid, address)[1],
    "INVPCID 1": lambda core, address: cache_operations.invpcid(core, 1, core.pcid)[1],
    "INVPCID 2": lambda core, address: cache_operations.invpcid(core, 2)[1],
    "INVPCID 3": lambda core, address: cache_operations.invpcid(core, 3)[1],
    "MOV to CR3": lambda core, address: cache_operations.mov_to_cr3(core, core.registers.cr3)[1],
    "MOV to CR3, bit 63": lambda core, address: cache_operations.mov_to_cr3(core, core.registers.cr3 | _KEEP)[1],
    "MOV to CR3, other PCID": lambda core, address: cache_operations.mov_to_cr3(core, _CR3 | _OTHERS)[1],
    "MOV to CR4, PGE": lambda core, address: _toggle_pge(core),
}


def cache_lookups(linear_address: int) -> str:
    """``cache_lookups(0x7f1234567abc)``: rows of a table, one for each structure that is asked, in that order.

    Its name, the bits that it is asked by, their value, how many entries are read where it is the first that answers,
    and which; the last row is a walk from CR3.
    """
    memory = _mapped(linear_address, linear_address ^ bits.FRAME, *(linear_address ^ bits.reach(n) for n in (2, 3, 4)))
    _, core = _access(memory, _processor(), linear_address)
    rows = []
    for level in range(1, 6):
        # The first structure that the two addresses have in common is that of the level above the one they differ in.
        event, _ = _access(memory, core, linear_address if level == 1 else linear_address ^ bits.reach(level - 1))
        names = ", ".join(step.entry.name for step in event.walk.steps) if event.walk else "—"
        asked = next((lookup for lookup in event.lookups if lookup.structure == event.hit), None)
        where = f"{asked.structure} | {asked.high}:{asked.low} | {asked.number:#x}" if asked else "CR3 | — | —"
        rows.append(f"| {where} | {event.entries_read} | {names} |")
    return "\n".join(rows)


def cache_left(operation: str, stays: str, gone: str, pcide: bool = True) -> str:
    """``cache_left("INVLPG", "stays", "gone")``: six cells, what of the caches is left after that operation.

    In the current PCID: the TLB entry of the page that the operation names, that of another page, that of a global
    page, and the paging-structure caches; in the other PCID: the page, and the paging-structure caches (without
    PCIDs, two dashes).
    """
    address = 0
    memory = _mapped(address, _OTHER_PAGE * bits.FRAME)
    memory.write(_CR3 + 3 * bits.FRAME + 8 * _GLOBAL_PAGE, compose(1, _FRAME, _LEADS | {"G": 1}))
    core = _processor(pcide)
    if pcide:
        core = cache_operations.mov_to_cr3(core, _CR3 | _OTHERS | _KEEP)[1]
        _, core = _access(memory, core, address)
        core = cache_operations.mov_to_cr3(core, _CR3 | _MINE | _KEEP)[1]
    mine = core.pcid
    for page in (0, _GLOBAL_PAGE, _OTHER_PAGE):
        _, core = _access(memory, core, page * bits.FRAME)
    caches = _operation(operation)(core, address).caches
    pages = {(entry.tag.pcid, entry.number) for entry in caches.tlbs[0].entries}
    tables = {entry.tag.pcid for structure in caches.structures if structure for entry in structure.entries}
    left = [(mine, page) in pages for page in (0, _OTHER_PAGE, _GLOBAL_PAGE)] + [mine in tables]
    cells = [stays if one else gone for one in left]
    others = [(_OTHERS, 0) in pages, _OTHERS in tables]
    return " | ".join(cells + [(stays if one else gone) if pcide else "—" for one in others])


def cache_results(linear_address: int, changed: str, then: str) -> str:
    """``cache_results(0x7f1234567abc, "PTE", "INVLPG")``: two cells, the result of a second access and all permitted.

    Between the two accesses software changed one entry of the walk (PTE, PDE, PDPTE or PML4E) so that it leads to
    another page, and then did the operation; "nothing" is one. Physical addresses.
    """
    if changed not in _LEVELS:
        raise FieldError("changed", changed, ", ".join(_LEVELS))
    memory = _mapped(linear_address)
    first, core = _access(memory, _processor(pcide=True), linear_address)
    level = _LEVELS[changed]
    steps = {step.level: step for step in first.walk.steps} if first.walk else {}
    # The new way down: a table for each level below, that lie apart from the old ones.
    goes = [_NEW_FRAME] + [0x10_0000 + bits.FRAME * below for below in range(1, level)]
    for below in range(1, level):
        at = goes[below] + 8 * bits.index(linear_address, below)
        memory.write(at, compose(below, goes[below - 1], _LEADS))
    memory.write(steps[level].entry_address, compose(level, goes[level - 1], _LEADS))
    core = _operation(then)(core, linear_address)
    event, _ = _access(memory, core, linear_address)
    permitted = ", ".join(_shown(one.host_physical_address) for one in event.permitted)
    return f"{_shown(event.host_physical_address)} | {permitted}"


def _shown(address: int | None) -> str:
    return "#PF" if address is None else f"{address:#x}"


def _operation(name: str) -> _Done:
    if name not in _OPERATIONS:
        raise FieldError("operation", name, ", ".join(_OPERATIONS))
    return _OPERATIONS[name]


def _processor(pcide: bool = False) -> LogicalProcessor:
    registers = Processor(_CR3, cr4=_CR4 | CR4_PCIDE if pcide else _CR4)
    return LogicalProcessor(registers, None, 0, empty_caches())


def _access(memory: Memory, core: LogicalProcessor, linear_address: int) -> tuple[CachedAccess, LogicalProcessor]:
    """A read, with the flags that it sets."""
    event, core = access_memory(memory, core, Access("read"), linear_address)
    memory.apply(event)
    return event, core


def _mapped(*linear_addresses: int) -> Memory:
    """One table of each level from CR3 on, in which each address is mapped, all of them to one page."""
    memory = Memory()
    for address in linear_addresses:
        for level in range(4, 0, -1):
            table = _CR3 + bits.FRAME * (4 - level)
            goes = table + bits.FRAME if level > 1 else _FRAME
            memory.write(table + 8 * bits.index(address, level), compose(level, goes, _LEADS))
    return memory


def _toggle_pge(core: LogicalProcessor) -> LogicalProcessor:
    """CR4.PGE off, and on again."""
    for value in (core.registers.cr4 ^ bits.CR4_PGE, core.registers.cr4):
        core = cache_operations.mov_to_cr4(core, value)[1]
    return core
