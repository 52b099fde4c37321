"""What a diagram's ``expect`` is held against, for diagrams that end in one translation: as schema and as values."""

from vmsim import GeneralProtection, PageFault, Translation, Walk
from vmsim.faults import ERROR_CODE_FLAGS, RULES
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmview.spec import Schema

_NAMES = {"type": "array", "items": {"enum": ["PML5E", "PML4E", "PDPTE", "PDE", "PTE"]}}


def _page_fault_schema() -> "Schema":
    properties: Schema = {
        "error_code": number("Error code", "All bits of the error code as a number.", 0x3F),
        "rules": {
            "title": "Rules",
            "description": "All rules that refuse the access.",
            "type": "array",
            "items": {"enum": sorted(RULES)},
        },
        "entry": choice("Entry", "The last entry that the walk read.", ("PML5E", "PML4E", "PDPTE", "PDE", "PTE")),
        "cr2": number("CR2", "The linear address that is reported."),
    }
    for name, _mask in ERROR_CODE_FLAGS:
        properties[name] = choice(name, f"The bit {name} of the error code.", (0, 1))
    return {
        "title": "Page fault",
        "description": "The access raises #PF.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
    }


EXPECT_SCHEMA: "Schema" = {
    "title": "Expected outcome",
    "description": "What the simulator must find; every key that is given must be equal.",
    "type": "object",
    "properties": {
        "physical_address": number("Physical address", "Where the linear address leads.", (1 << 52) - 1),
        "page_size": choice("Page size", "The size of the page that was found.", ("4 KiB", "2 MiB", "1 GiB")),
        "page_fault": _page_fault_schema(),
        "general_protection": {
            "title": "General protection",
            "description": "The access raises #GP: the address is not canonical.",
            "type": "object",
            "properties": {"error_code": choice("Error code", "Always 0.", (0,))},
            "additionalProperties": False,
        },
        "sets_accessed": {"title": "Sets A", "description": "Entries whose A flag the walk sets, top first."} | _NAMES,
        "sets_dirty": {"title": "Sets D", "description": "Entries whose D flag the walk sets."} | _NAMES,
    },
    "additionalProperties": False,
    "minProperties": 1,
}


def outcome(walk: Walk) -> "dict[str, Any]":
    """What came of the walk, as plain data with the keys of ``EXPECT_SCHEMA``."""
    found: dict[str, Any] = {
        "sets_accessed": [step.entry.name for step in walk.steps if step.sets_accessed],
        "sets_dirty": [step.entry.name for step in walk.steps if step.sets_dirty],
    }
    result = walk.result
    if isinstance(result, Translation):
        found["physical_address"] = result.physical_address
        found["page_size"] = result.page_size
    elif isinstance(result, PageFault):
        fault: dict[str, Any] = {
            "error_code": result.error_code,
            "rules": list(result.rules),
            "entry": walk.steps[-1].entry.name,
            "cr2": result.linear_address,
        }
        fault.update(dict(result.flags))
        found["page_fault"] = fault
    elif isinstance(result, GeneralProtection):
        found["general_protection"] = {"error_code": result.error_code}
    return found
