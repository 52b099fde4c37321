"""The body of an ept-walk diagram: as schema, and as the guest's paging structures, those of EPT, and the EPTP.

Host-physical memory begins ``HOST`` above guest-physical memory; the EPT paging structures lie below it.
"""

from vmsim import Ept, FieldError, Memory, Translation, translate
from vmsim.bits import (
    EPT_A,
    EPT_CAP_ADVANCED,
    EPT_CAP_EXECUTE_ONLY,
    EPT_D,
    EPT_IGNORE_PAT,
    EPT_MEMORY_TYPE_SHIFT,
    EPT_PS,
    EPT_R,
    EPT_W,
    EPT_X,
    EPT_XU,
    EPTP_AD,
    EPTP_WALK_LENGTH_SHIFT,
    MAX_64,
    reach,
)
from vmsim.ept_entries import ENTRY_NAMES
from vmsim.ept_mapping import WRITE_BACK, EptTables
from vmsim.eptp import CAPABILITIES
from vmsim.value import check_choice, check_integer
from vmview.spec import ACCESS_SCHEMA, MAPPING_SCHEMA, PROCESSOR_SCHEMA, access, choice, memory, number, processor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmsim import Access, Processor
    from vmview.spec import Schema, Spec

HOST = 1 << 32
_TABLES = 0x1000
PAGE = "page"
PLACES = ("PML5E", "PML4E", "PDPTE", "PDE", "PTE", PAGE)
_MASKS = {
    "R": EPT_R, "W": EPT_W, "X": EPT_X, "XU": EPT_XU, "IPAT": EPT_IGNORE_PAT, "PS": EPT_PS, "A": EPT_A, "D": EPT_D,
}  # fmt: skip
_MEMORY_TYPE = 7 << EPT_MEMORY_TYPE_SHIFT

_FLAGS: "Schema" = {name: choice(name, f"The flag {name} of the EPT entry.", (0, 1)) for name in _MASKS}
_FLAGS["memory type"] = number("Memory type", "Bits 5:3 of an EPT entry that maps a page; default 6, write-back.", 7)
_ENTRY: "Schema" = {
    "title": "EPT entry",
    "description": "Its 64-bit value, or the fields of it that differ; R, W and X are 1 unless they are given.",
    "type": ["integer", "object"],
    "minimum": 0,
    "maximum": MAX_64,
    "properties": _FLAGS,
    "additionalProperties": False,
}


def _place(name: str) -> "Schema":
    what = "the page itself" if name == PAGE else f"the guest's {name}"
    return {
        "title": name,
        "description": f"EPT entries, by name, of the walk that finds {what}.",
        "type": "object",
        "properties": {name: _ENTRY for name in ENTRY_NAMES[1:]},
        "additionalProperties": False,
    }


_EPT: "Schema" = {
    "ept_page_size": choice("EPT page size", "Size of the pages in EPT; default 4 KiB.", ("4 KiB", "2 MiB", "1 GiB")),
    "ept_levels": choice("EPT levels", "Levels of EPT paging structures; default 4.", (4, 5)),
    "ept_accessed_dirty": choice("Accessed and dirty flags", "Bit 6 of the EPTP turns them on; default 0.", (0, 1)),
    "execute_only": choice("Execute-only", "1: the processor supports X without R; default 1.", (0, 1)),
    "mode_based_execute_control": choice("Mode-based execute control", "1: XU is in use; default 0.", (0, 1)),
    "advanced_information": choice(
        "Advanced information", "1: bits 9 to 11 of the exit qualification are reported; default 0.", (0, 1)
    ),
    "ept_entries": {
        "title": "EPT entries",
        "description": "EPT entries that differ from the usual, by the guest's entry that they lead to, or page.",
        "type": "object",
        "properties": {name: _place(name) for name in PLACES},
        "additionalProperties": False,
    },
}
_MAPPING: "Schema" = {name: MAPPING_SCHEMA[name] for name in ("page_size", "page_frame", "entries")}
BODY_SCHEMA: "Schema" = ACCESS_SCHEMA | _MAPPING | PROCESSOR_SCHEMA | _EPT
BODY_SCHEMA["maxphyaddr"] = number("MAXPHYADDR", "Width of physical addresses in bits; default 52.", 52, 36)


def machine(spec: "Spec") -> "tuple[Memory, Processor, Access, Ept]":
    """Host memory with both sets of structures, and what a walk needs beside it.

    Mapped in EPT are the pages that a walk comes to where EPT refuses nothing. FieldError for what cannot be.
    """
    cpu, done = processor(spec), access(spec)
    check_integer("maxphyaddr", cpu.maxphyaddr, 36, 52)
    ept = _pointer(spec)
    guest = memory(spec, cpu)
    bare = translate(guest, cpu, done, spec["linear_address"])
    places = [(step.entry.name, step.entry_address) for step in bare.steps]
    if isinstance(bare.result, Translation):
        places.append((PAGE, bare.result.physical_address))
    host = Memory()
    tables = EptTables(host, ept, _TABLES + 0x1000)
    page_size = spec.get("ept_page_size", "4 KiB")
    check_choice("ept_page_size", page_size, ("4 KiB", "2 MiB", "1 GiB"))
    large = {"4 KiB": 1, "2 MiB": 2, "1 GiB": 3}[page_size]
    for name, address in places:
        if address + HOST >> cpu.maxphyaddr:
            field, found = ("page_frame", address) if name == PAGE else ("cr3", cpu.cr3)
            highest = (1 << cpu.maxphyaddr) - HOST - 1
            raise FieldError(
                field, found, f"nothing above {highest:#x}, for host-physical memory begins {HOST:#x} higher"
            )
        if not address >> 9 * ept.levels + 12:
            tables.map(address, page_size, (address & ~(reach(large) - 1)) + HOST)
        if name != PAGE:
            host.write(address + HOST, guest.read(address))
    _change(tables, places, spec.get("ept_entries", {}))
    return host, cpu, done, ept


def _pointer(spec: "Spec") -> Ept:
    """The EPTP and the processor's capabilities."""
    given = {key: spec.get(key, default) for key, default in (
        ("ept_accessed_dirty", 0), ("execute_only", 1), ("mode_based_execute_control", 0), ("advanced_information", 0),
    )}  # fmt: skip
    for key in sorted(given):
        check_choice(key, given[key], (0, 1))
    levels = spec.get("ept_levels", 4)
    check_choice("ept_levels", levels, (4, 5))
    capabilities = CAPABILITIES & ~EPT_CAP_EXECUTE_ONLY
    capabilities |= EPT_CAP_EXECUTE_ONLY * given["execute_only"] | EPT_CAP_ADVANCED * given["advanced_information"]
    pointer = _TABLES | levels - 1 << EPTP_WALK_LENGTH_SHIFT | WRITE_BACK | EPTP_AD * given["ept_accessed_dirty"]
    return Ept(pointer, capabilities, given["mode_based_execute_control"] == 1)


def _change(tables: EptTables, places: "list[tuple[str, int]]", changes: "Any") -> None:
    """Change the EPT entries that a body names, in the order in which the walk comes to them."""
    known = [name for name, _address in places]
    for name in sorted(changes):
        if name not in known:
            raise FieldError(f"ept_entries/{name}", changes[name], f"what the walk comes to: {', '.join(known)}")
    for name, address in places:
        named = changes.get(name, {})
        for level in range(5, 0, -1):
            entry = ENTRY_NAMES[level]
            if entry not in named:
                continue
            field = f"ept_entries/{name}/{entry}"
            at = {} if address >> 9 * tables.ept.levels + 12 else tables.entry_addresses(address)
            if level not in at:
                raise FieldError(field, named[entry], "an EPT entry that the walk comes to")
            tables.memory.write(at[level], _changed(field, tables.memory.read(at[level]), named[entry]))


def _changed(field: str, value: int, change: "Any") -> int:
    """An EPT entry with some of its fields changed, or another value in its stead."""
    if isinstance(change, int):
        check_integer(field, change, 0, MAX_64)
        return change
    for name in sorted(change):
        if name == "memory type":
            check_integer(f"{field}/{name}", change[name], 0, 7)
            value = value & ~_MEMORY_TYPE | change[name] << EPT_MEMORY_TYPE_SHIFT
        else:
            check_choice(f"{field}/{name}", change[name], (0, 1))
            value = value & ~_MASKS[name] | _MASKS[name] * change[name]
    return value
