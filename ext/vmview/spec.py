"""What the bodies of several diagrams have in common, as schema and as values: registers, an access, entries, tables.

A schema is JSON Schema, Draft 2020-12; its descriptions are for authors. Numbers are YAML integers (``0x…`` too).
"""

from vmsim import Access, FieldError, Memory, Processor
from vmsim.bits import (
    CR0_WP,
    CR4_LA57,
    CR4_PKE,
    CR4_SMAP,
    CR4_SMEP,
    EFER_NXE,
    MAX_64,
    RFLAGS_AC,
)
from vmsim.mapping import PAGE_FRAME, map_address
from vmsim.value import check_choice, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Spec = Mapping[str, Any]
    Schema = dict[str, Any]

# Key, register, mask, default, and what 1 means.
_BITS = (
    ("cr0_wp", "cr0", CR0_WP, 1, "CR0.WP: supervisor-mode writes respect R/W."),
    ("cr4_la57", "cr4", CR4_LA57, 0, "CR4.LA57: 5-level paging; 57-bit linear addresses."),
    ("cr4_smep", "cr4", CR4_SMEP, 0, "CR4.SMEP: supervisor mode fetches no instructions from user-mode addresses."),
    ("cr4_smap", "cr4", CR4_SMAP, 0, "CR4.SMAP: supervisor mode reads and writes no user-mode addresses."),
    ("cr4_pke", "cr4", CR4_PKE, 0, "CR4.PKE: PKRU holds for user-mode addresses."),
    ("rflags_ac", "rflags", RFLAGS_AC, 0, "RFLAGS.AC: suspends SMAP for explicit accesses."),
    ("efer_nxe", "efer", EFER_NXE, 1, "EFER.NXE: XD forbids instruction fetches; with 0, XD is a reserved bit."),
)
CR3 = 0x1000
MAXPHYADDR = 52
CPL = {"user": 3, "supervisor": 0}


def number(title: str, description: str, highest: int = MAX_64, lowest: int = 0) -> "Schema":
    """A schema for an integer from ``lowest`` to ``highest``."""
    return {
        "title": title,
        "description": description,
        "type": "integer",
        "minimum": lowest,
        "maximum": highest,
    }


def choice(title: str, description: str, values: "tuple[Any, ...]") -> "Schema":
    """A schema for one of a few values."""
    return {"title": title, "description": description, "enum": list(values)}


def _bit_schemas() -> "Schema":
    found = {}
    for key, _register, _mask, default, meaning in _BITS:
        found[key] = choice(meaning.split(":")[0], f"{meaning} Default {default}.", (0, 1))
    return found


PROCESSOR_SCHEMA: "Schema" = {
    "cr3": number("CR3", f"Physical address of the top table; default {hexadecimal(CR3)}.", (1 << 52) - 1),
    "pkru": number(
        "PKRU", "Bits 2i and 2i+1 forbid data access and writes under protection key i; default 0.", 2**32 - 1
    ),
    "maxphyaddr": number("MAXPHYADDR", f"Width of physical addresses in bits; default {MAXPHYADDR}.", 52, 32),
}
PROCESSOR_SCHEMA.update(_bit_schemas())

ACCESS_SCHEMA: "Schema" = {
    "linear_address": number("Linear address", "The 64-bit address that is accessed."),
    "access": choice("Access", "What is done there; default read.", ("read", "write", "fetch")),
    "mode": choice("Mode", "user (CPL 3) or supervisor (CPL 0); default user.", ("user", "supervisor")),
}

_ENTRY_PROPERTIES: "Schema" = {
    "address": number(
        "Address", "Bits 51:12: the page frame or the next table; default: where that is.", 0xF_FFFF_FFFF_F000
    ),
    "PKEY": number("Protection key", "Bits 62:59 of the entry that maps the page; default 0.", 15),
}
for _flag in ("P", "R/W", "U/S", "PWT", "PCD", "A", "D", "PS", "G", "PAT", "XD"):
    _default = "1" if _flag in ("P", "R/W", "U/S") else "as page_size wants it" if _flag == "PS" else "0"
    _ENTRY_PROPERTIES[_flag] = choice(_flag, f"The flag {_flag} of the entry; default {_default}.", (0, 1))

ENTRY_SCHEMA: "Schema" = {
    "title": "Paging-structure entry",
    "description": "Its 64-bit value, or flags by the manual's names (P, R/W, U/S, XD …) and an address.",
    "type": ["integer", "object"],
    "minimum": 0,
    "maximum": MAX_64,
    "properties": _ENTRY_PROPERTIES,
    "additionalProperties": False,
}

MAPPING_SCHEMA: "Schema" = {
    "page_size": choice(
        "Page size",
        "Map the address with a page of this size; without it, only what entries and tables say is there.",
        ("4 KiB", "2 MiB", "1 GiB"),
    ),
    "page_frame": number(
        "Page frame",
        f"Physical address of the page; a multiple of its size; default {hexadecimal(PAGE_FRAME)}. "
        "Without page_size and entries: a 4 KiB page.",
        0xF_FFFF_FFFF_F000,
    ),
    "entries": {
        "title": "Entries",
        "description": "Entries that differ from the usual, by name. Without page_size, a level that is missing here "
        "is not present.",
        "type": "object",
        "properties": {name: ENTRY_SCHEMA for name in ("PML5E", "PML4E", "PDPTE", "PDE", "PTE")},
        "additionalProperties": False,
    },
    "tables": {
        "title": "Tables",
        "description": "Memory itself: 64-bit values by physical address (multiples of 8), stored last.",
        "type": "object",
        "additionalProperties": number("Value", "The 8 bytes at that address, as a number."),
    },
}


def refuse_unknown(spec: "Spec", schema: "Schema") -> None:
    """Raise FieldError for a key that the schema has not, or a required one that is missing."""
    for key in sorted(spec):
        if key not in schema["properties"]:
            raise FieldError(key, spec[key], ", ".join(sorted(schema["properties"])))
    for key in schema["required"]:
        if key not in spec:
            raise FieldError(key, None, "a value: it is required")


def processor(spec: "Spec") -> Processor:
    """The processor that a body describes."""
    registers = {"cr0": Processor.cr0, "cr4": Processor.cr4, "efer": Processor.efer, "rflags": Processor.rflags}
    for key, register, mask, default, _meaning in _BITS:
        check_choice(key, spec.get(key, default), (0, 1))
        registers[register] = registers[register] & ~mask | spec.get(key, default) * mask
    return Processor(
        cr3=spec.get("cr3", CR3),
        pkru=spec.get("pkru", 0),
        maxphyaddr=spec.get("maxphyaddr", MAXPHYADDR),
        cr0=registers["cr0"],
        cr4=registers["cr4"],
        efer=registers["efer"],
        rflags=registers["rflags"],
    )


def access(spec: "Spec") -> Access:
    """The access that a body describes."""
    mode = spec.get("mode", "user")
    check_choice("mode", mode, ("user", "supervisor"))
    return Access(spec.get("access", "read"), CPL[mode])


def memory(spec: "Spec", processor: Processor) -> Memory:
    """The paging structures that a body describes."""
    found = map_address(
        processor,
        spec["linear_address"],
        spec.get("entries", {}),
        spec.get("page_size", "4 KiB" if "page_frame" in spec and "entries" not in spec else ""),
        spec.get("page_frame", PAGE_FRAME),
    )
    tables = spec.get("tables", {})
    for key in tables:
        address = _address(key)
        found.read(address, f"tables/{key}")
        check_integer(f"tables/{key}", tables[key], 0, MAX_64)
        found.write(address, tables[key])
    return found


def _address(key: object) -> int:
    """A key of ``tables``: an integer in YAML, a string such as ``0x1000`` where the body came as JSON."""
    if isinstance(key, int):
        return key
    try:
        return int(str(key), 0)
    except ValueError:
        raise FieldError("tables", key, "physical addresses as keys") from None
