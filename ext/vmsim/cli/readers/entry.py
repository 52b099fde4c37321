"""A paging-structure entry, of the guest's or the host's own structures or of EPT: ``PTE 0x8000000012345067``."""

from __future__ import annotations

import re

from vmsim import bits
from vmsim.cli.explanation import Explanation, Line, Settings, sdm
from vmsim.entries import Entry, Reserved, reserved
from vmsim.ept_entries import MEMORY_TYPES, EptEntry, is_present, misconfigurations
from vmsim.eptp import Ept
from vmsim.value import FieldError, hexadecimal

TAKES = "a paging entry: PTE 0x8000000012345067, PDE …, EPT PDPTE …"

_LINE = re.compile(r"(EPT )?(PTE|PDE|PDPTE|PML4E|PML5E)[\s:=]+(?:0x)?([0-9a-fA-F]+)$", re.IGNORECASE)
_LEVELS = {name: level for level, name in enumerate(bits.ENTRY_NAMES)}
_EPTP = 0x1E

MEANINGS = {
    ("XD", 0): "instructions may be fetched",
    ("XD", 1): "no instruction fetch",
    ("P", 0): "not present: nothing else in it is read",
    ("P", 1): "present",
    ("R/W", 0): "read-only",
    ("R/W", 1): "writable",
    ("U/S", 0): "supervisor mode only",
    ("U/S", 1): "user mode too",
    ("A", 0): "not used since it was cleared",
    ("A", 1): "used for a translation",
    ("D", 0): "not written since it was cleared",
    ("D", 1): "written",
    ("PS", 0): "references a table",
    ("PS", 1): "maps a page",
    ("G", 1): "global: stays in the TLB when CR3 is loaded",
    ("R", 0): "no reads",
    ("R", 1): "reads",
    ("W", 0): "no writes",
    ("W", 1): "writes",
    ("X", 0): "no instruction fetch",
    ("X", 1): "instruction fetches",
    ("IPAT", 1): "the guest's PAT is ignored",
    ("XU", 1): "instruction fetches from user-mode addresses, with mode-based execute control",
}


def read(text: str, settings: Settings) -> Explanation | None:
    """Every flag of the entry, its address, and what in it is reserved."""
    found = _LINE.match(text)
    if found is None:
        return None
    value = int(found[3], 16)
    level = _LEVELS[found[2].upper()]
    if value > bits.MAX_64:
        raise FieldError(found[2], value, "64 bits")
    return ept(level, value, settings) if found[1] else explain(level, value, settings)


def explain(level: int, value: int, settings: Settings) -> Explanation:
    """An entry of 4-level or 5-level paging."""
    entry = Entry(level, value)
    wrong = reserved(entry, settings.maxphyaddr, settings.nxe) if entry.present else ()
    lines = [Line(name, str(flag), MEANINGS.get((name, flag), "")) for name, flag in entry.flags]
    sources = ["4-Level Paging and 5-Level Paging"]
    if not entry.present:
        title = f"{entry.name} {hexadecimal(value)}: not present"
    else:
        what = (
            f"maps a {bits.PAGE_SIZES[level]} page"
            if entry.maps_page
            else f"references a {bits.TABLE_NAMES[level - 1]}"
        )
        title = f"{entry.name} {hexadecimal(value)}: {what} at {hexadecimal(entry.address)}"
        lines.insert(0, Line("address", hexadecimal(entry.address), "page frame" if entry.maps_page else "table"))
    lines += _reserved(wrong, "reserved: an access through this entry is a #PF with RSVD = 1")
    if wrong:
        sources.append("Page-Fault Exceptions")
    return Explanation(title, tuple(lines), sdm(*sources))


def ept(level: int, value: int, settings: Settings) -> Explanation:
    """An EPT entry, on a processor with execute-only translations."""
    entry = EptEntry(level, value)
    pointer = Ept(_EPTP)
    present = is_present(entry, pointer)
    wrong = misconfigurations(entry, pointer, settings.maxphyaddr) if present else ()
    if not present:
        lines = [Line("R, W, X", "0", "not present: an access is an EPT violation")]
        title = f"{entry.name} {hexadecimal(value)}: not present"
    else:
        what = f"maps a {bits.PAGE_SIZES[level]} page" if entry.maps_page else "references a table"
        title = f"{entry.name} {hexadecimal(value)}: {what} at {hexadecimal(entry.address)}"
        lines = [Line("address", hexadecimal(entry.address), "host-physical")]
        for name, flag in entry.flags:
            meaning = MEMORY_TYPES.get(flag, "reserved") if name == "memory type" else MEANINGS.get((name, flag), "")
            lines.append(Line(name, str(flag), meaning))
    lines += _reserved(wrong, "an access through this entry is an EPT misconfiguration")
    titles = ["The Extended Page Table Mechanism (EPT)"] + (["EPT Misconfigurations"] if wrong else [])
    return Explanation(title, tuple(lines), sdm(*titles))


def _reserved(wrong: tuple[Reserved, ...], meaning: str) -> list[Line]:
    lines = []
    for found in wrong:
        where = f"bits {found.high}:{found.low}" if found.high > found.low else f"bit {found.low}"
        lines.append(Line(where, found.why, meaning))
    return lines
