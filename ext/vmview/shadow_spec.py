"""The body of a shadow-paging diagram: as schema, and as the story that vmsim runs."""

from vmsim import FieldError
from vmsim.shadow_guest import FIRST_FRAME
from vmsim.shadow_operation import (
    ACCESSES,
    CHANGE,
    EDITS,
    FROM_CR3,
    INVLPG,
    INVPCID,
    MAP,
    MOST_ACCESSES,
    SLOTS,
    TO_CR3,
    UNMAP,
    WP,
    Operation,
)
from vmsim.shadow_story import Space, Story
from vmsim.value import check_choice, check_integer, hexadecimal
from vmview.spec import CPL, choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmview.spec import Schema, Spec

MOST_STEPS = 24
_FLAGS = ("R/W", "U/S", "XD", "A", "D")
# Key of a step, the operation it is, and what it takes besides.
_STEPS = (
    ("read", "read", ("pages", "times", "mode")),
    ("write", "write", ("pages", "times", "mode")),
    ("fetch", "fetch", ("pages", "times", "mode")),
    ("map", MAP, ("pages", "page_frame", "page_size") + _FLAGS),
    ("change", CHANGE, ("pages", "page_frame", "page_size") + _FLAGS),
    ("unmap", UNMAP, ("pages", "page_size")),
    ("mov_to_cr3", TO_CR3, ("keep",)),
    ("mov_from_cr3", FROM_CR3, ()),
    ("invlpg", INVLPG, ("pages",)),
    ("invpcid", INVPCID, ()),
    ("cr0_wp", WP, ()),
    ("memory_slots", SLOTS, ()),
)
_TAKES = {key: takes for key, _kind, takes in _STEPS}
_KINDS = {key: kind for key, kind, _takes in _STEPS}


def _object(title: str, description: str, properties: "Schema") -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "object"}
    found.update({"properties": properties, "additionalProperties": False})
    return found


def _list(title: str, description: str, item: "Schema", most: int, least: int = 0) -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "array", "items": item}
    found.update({"minItems": least, "maxItems": most})
    return found


def _name(title: str, description: str) -> "Schema":
    return {"title": title, "description": description, "type": "string"}


_HOW: "Schema" = {
    "pages": number("Pages", "As many pages, one after the other; default 1.", 512, 1),
    "page_frame": number(
        "Page frame",
        f"Guest-physical address of the first page, {hexadecimal(FIRST_FRAME)} or more; default: chosen, or kept.",
        0xF_FFFF_FFFF_F000,
    ),
    "page_size": choice("Page size", "Default 4 KiB.", ("4 KiB", "2 MiB")),
}
for _flag in _FLAGS:
    _default = "1" if _flag in ("R/W", "U/S") else "0"
    _HOW[_flag] = choice(_flag, f"The flag {_flag} of the entry; default {_default}, or kept.", (0, 1))
_ADDRESS = "The linear address."
_STEP: "Schema" = {
    "read": number("Read", _ADDRESS),
    "write": number("Write", _ADDRESS),
    "fetch": number("Fetch", _ADDRESS),
    "map": number("Map", f"{_ADDRESS} The guest kernel makes an entry for it, and the tables above."),
    "change": number("Change", f"{_ADDRESS} The guest kernel writes its entry anew; it does not invalidate."),
    "unmap": number("Unmap", f"{_ADDRESS} The guest kernel writes 0 to its entry; it does not invalidate."),
    "mov_to_cr3": _name("MOV to CR3", "The address space whose CR3 is loaded; NAME/user with isolation."),
    "mov_from_cr3": choice("MOV from CR3", "1.", (1,)),
    "invlpg": number("INVLPG", _ADDRESS),
    "invpcid": _name("INVPCID", "The address space whose PCID is invalidated (type 1)."),
    "cr0_wp": choice("CR0.WP", "MOV to CR0 sets WP to this.", (0, 1)),
    "memory_slots": choice("Memory slots", "change: user space changes them, and KVM drops what it made.", ("change",)),
    "times": number("Times", "All of that as many times; default 1.", MOST_ACCESSES, 1),
    "mode": choice("Mode", "user (CPL 3) or supervisor (CPL 0); default user.", ("user", "supervisor")),
    "keep": choice("Keep", "1: bit 63 of the operand; nothing is invalidated. Default 0.", (0, 1)),
}
_MAPPED = _object("Mapping", "A mapping that is there.", {"map": _STEP["map"]} | _HOW)
STORY_SCHEMA: "Schema" = {
    "steps": _list(
        "Steps",
        "What the guest does, one after the other; each step has one key that names it.",
        _object("Step", "One step.", _STEP | _HOW),
        MOST_STEPS,
        1,
    ),
    "mapped": _list("Mapped", "What the first address space maps before the story begins.", _MAPPED, MOST_STEPS),
    "address_spaces": {
        "title": "Address spaces",
        "description": "Names, each with its PCID; the guest starts in the first. Default {a: 0}.",
        "type": "object",
        "additionalProperties": number("PCID", "Bits 11:0 of CR3.", 0xFFF),
        "minProperties": 1,
        "maxProperties": 16,
    },
    "cr4_pcide": choice("CR4.PCIDE", "1: PCIDs are on. Default: 1 where an address space has one.", (0, 1)),
    "isolation": choice(
        "Page-table isolation", "1: each address space has a second CR3, NAME/user, without the kernel.", (0, 1)
    ),
    "shadow_pages": number("Shadow pages", "How many there may be at most; default no limit.", 1 << 20, 64),
}


def story(spec: "Spec") -> Story:
    """The story that a body tells. FieldError, naming the key, for what the schema cannot exclude."""
    names = spec.get("address_spaces", {"a": 0})
    spaces = tuple(Space(name, names[name]) for name in names)
    pcide = spec.get("cr4_pcide", 1 if any(names.values()) else 0)
    for name in names:
        if names[name] and not pcide:
            raise FieldError("address_spaces", names[name], "0, for CR4.PCIDE is 0")
    steps, mapped = spec["steps"], spec.get("mapped", ())
    check_integer("steps", len(steps), 1, MOST_STEPS)
    return Story(
        tuple(_operation(steps[at], f"steps/{at}") for at in range(len(steps))),
        spaces,
        tuple(_operation(mapped[at], f"mapped/{at}") for at in range(len(mapped))),
        bool(spec.get("isolation", 0)),
        bool(pcide),
        limit=spec.get("shadow_pages", 1 << 20),
    )


def step_key(operation: Operation) -> str:
    """The key that an author wrote for an operation."""
    return next(key for key, kind, _takes in _STEPS if kind == operation.kind)


def _operation(step: "Spec", at: str) -> Operation:
    named = [key for key in step if key in _KINDS]
    if len(named) != 1:
        raise FieldError(at, ", ".join(sorted(step)), "exactly one of " + ", ".join(_KINDS))
    key = named[0]
    for other in step:
        if other != key and other not in _TAKES[key]:
            allowed = ", ".join(_TAKES[key]) or "nothing else"
            raise FieldError(f"{at}/{other}", step[other], f"beside {key}: {allowed}")
    given: dict[str, Any] = {name: step[name] for name in ("pages", "times", "page_frame", "page_size") if name in step}
    kind = _KINDS[key]
    if kind in ACCESSES or kind in EDITS or kind == INVLPG:
        given["address"] = step[key]
    elif kind in (TO_CR3, INVPCID):
        given["space"] = step[key]
    elif kind == WP:
        given["value"] = step[key]
    if "mode" in step:
        check_choice(f"{at}/mode", step["mode"], tuple(CPL))
        given["cpl"] = CPL[step["mode"]]
    flags = tuple((name, step[name]) for name in _FLAGS if name in step)
    try:
        return Operation(kind, flags=flags, keep=bool(step.get("keep", 0)), **given)
    except FieldError as error:
        raise FieldError(f"{at}/{error.field}", error.value, error.allowed) from None
