"""A memory access in a vm-exit diagram: the EPT paging structures that a body describes, and what they make of it."""

from vmsim import EptMisconfiguration, EptViolation, Memory
from vmsim.bits import EPT_MEMORY_TYPE_SHIFT, EPT_R, EPT_W, EPT_X, index
from vmsim.ept import translate_guest_physical
from vmsim.eptp import Ept, GuestPhysicalAccess
from vmsim.memory import WalkMemory
from vmsim.value import FieldError, Value
from vmsim.vmx import Check, Decision, Event, NoExit, decide
from vmsim.vmx_trace import EVENT_CONTROL, NO_EXIT, NOTHING
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmsim import EptWalk
    from vmsim.vmx import Guest, Vmcs
    from vmview.spec import Schema, Spec

MAXPHYADDR = 52
_TABLES = {4: 0x1000, 3: 0x2000, 2: 0x3000, 1: 0x4000}
_PAGE = 0x4000_0000
_WRITE_BACK = 6
_EPTP = _TABLES[4] | 3 << 3 | _WRITE_BACK
_FLAGS = (("R", EPT_R), ("W", EPT_W), ("X", EPT_X))

_ENTRY: "Schema" = {
    "title": "EPT PTE",
    "description": "The EPT PTE of that address: its value, or its flags R, W and X (default 1 each). Without it the "
    "entry is 0, not present.",
    "type": ["integer", "object"],
    "minimum": 0,
    "maximum": (1 << 64) - 1,
    "properties": {name: choice(name, f"The flag {name} of the entry; default 1.", (0, 1)) for name, _mask in _FLAGS},
    "additionalProperties": False,
}
ACCESS_SCHEMA: "Schema" = {
    "access": choice("Access", "What the guest does with memory.", ("read", "write", "fetch")),
    "guest_physical_address": number("Guest-physical address", "Where; default 0.", (1 << 48) - 1),
    "ept_entry": _ENTRY,
}


class Accessed(Value):
    """An access to memory: ``kind`` "read", "write" or "fetch", and how EPT translates it."""

    _fields = ("kind", "walk")
    kind: str
    walk: "EptWalk"


def decide_access(spec: "Spec", vmcs: "Vmcs", guest: "Guest") -> Decision:
    """What comes of the access that a body describes. FieldError where the controls have no EPT."""
    kind, address = spec["access"], spec.get("guest_physical_address", 0)
    if not vmcs.has("enable EPT"):
        raise FieldError("access", kind, 'an access where "enable EPT" is among the controls')
    access = GuestPhysicalAccess(kind == "read", kind == "write", kind == "fetch", 0, True, guest.cpl == 3, True, False)
    memory = _memory(address, spec.get("ept_entry", 0))
    walk = translate_guest_physical(WalkMemory(memory), Ept(_EPTP), MAXPHYADDR, access, address)
    accessed = Accessed(kind, walk)
    if isinstance(walk.result, EptViolation):
        event = Event("EPT violation", qualification=walk.result.qualification)
    elif isinstance(walk.result, EptMisconfiguration):
        event = Event("EPT misconfiguration")
    else:
        checks = (Check(EVENT_CONTROL, (("enable EPT", 1),), NO_EXIT),)
        return Decision(vmcs, guest, accessed, checks, NoExit(NOTHING))
    found = decide(vmcs, guest, event)
    return Decision(vmcs, guest, accessed, found.checks, found.result)


def _memory(address: int, entry: "Any") -> Memory:
    """EPT paging structures that lead to one EPT PTE; the entries above it permit everything."""
    memory = Memory()
    for level in (4, 3, 2):
        memory.write(_TABLES[level] + 8 * index(address, level), _TABLES[level - 1] | EPT_R | EPT_W | EPT_X)
    if not isinstance(entry, int):
        value = _PAGE | _WRITE_BACK << EPT_MEMORY_TYPE_SHIFT
        for name, mask in _FLAGS:
            value |= mask * entry.get(name, 1)
        entry = value
    memory.write(_TABLES[1] + 8 * index(address, 1), entry)
    return memory
