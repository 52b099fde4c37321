"""A walk as JSON: addresses, entries and masks as hexadecimal strings, levels and indexes as numbers."""

from __future__ import annotations

from typing import Any

from vmsim import (
    EptMisconfiguration,
    EptTranslation,
    EptViolation,
    EptWalk,
    GeneralProtection,
    PageFault,
    PdpteLoad,
    Processor,
    StackFault,
    Translation,
    Walk,
    WalkStep,
)
from vmsim.cli.walk_text import source
from vmsim.entries import Reserved
from vmsim.ept_trace import EptStep
from vmsim.value import hexadecimal


def walk_json(walk: Walk) -> dict[str, Any]:
    """One walk."""
    rights = walk.rights
    found: dict[str, Any] = {
        "linear_address": hexadecimal(walk.linear_address),
        "paging": walk.processor.paging.name,
        "access": {name: getattr(walk.access, name) for name in walk.access._fields},
        "steps": [step_json(step) for step in walk.steps],
        "rights": None if rights is None else {name: getattr(rights, name) for name in rights._fields},
    }
    if walk.last_ept_walk is not None:
        found["last_ept_walk"] = ept_json(walk.last_ept_walk)
    result = walk.result
    if not isinstance(result, Translation):
        return found | {"result": end_json(result)}
    found["result"] = {
        "kind": "translation",
        "physical_address": hexadecimal(result.physical_address),
        "page_frame": hexadecimal(result.page_frame),
        "page_size": result.page_size or None,
    }
    if walk.ept is not None:
        found["result"]["host_physical_address"] = hexadecimal(walk.host_physical_address)
    return found


def load_json(load: PdpteLoad) -> dict[str, Any]:
    """The load of the PDPTE registers."""
    found: dict[str, Any] = {"steps": [step_json(step) for step in load.steps]}
    if load.last_ept_walk is not None:
        found["last_ept_walk"] = ept_json(load.last_ept_walk)
    return found | {"result": {"kind": "loaded"} if isinstance(load.result, Processor) else end_json(load.result)}


def step_json(step: WalkStep) -> dict[str, Any]:
    """One guest entry, with the EPT walks that it took."""
    found = _entry_json(step, "register" if step.in_register else "memory")
    found |= {"reserved": [_reserved_json(one) for one in step.reserved]}
    for name, walk in (("ept", step.ept), ("ept_update", step.ept_update)):
        if walk is not None:
            found[name] = ept_json(walk)
    return found


def ept_json(walk: EptWalk) -> dict[str, Any]:
    """One EPT walk."""
    access = {name: getattr(walk.access, name) for name in walk.access._fields}
    if walk.access.linear_address is not None:
        access["linear_address"] = hexadecimal(walk.access.linear_address)
    steps = [_entry_json(one) | {"misconfigured": [_reserved_json(w) for w in one.misconfigured]} for one in walk.steps]
    found: dict[str, Any] = {
        "guest_physical_address": hexadecimal(walk.guest_physical_address),
        "access": access,
        "steps": steps,
    }
    result = walk.result
    if not isinstance(result, EptTranslation):
        return found | {"result": end_json(result)}
    return found | {
        "result": {
            "kind": "translation",
            "host_physical_address": hexadecimal(result.host_physical_address),
            "page_frame": hexadecimal(result.page_frame),
            "page_size": result.page_size,
            "memory_type": result.memory_type,
            "ignore_pat": result.ignore_pat,
        }
    }


def end_json(
    result: PageFault | GeneralProtection | StackFault | EptViolation | EptMisconfiguration,
) -> dict[str, Any]:
    """What ends a walk otherwise than with a translation, with the rules and where the manual states them."""
    rules = [{"rule": rule, "source": source(rule)} for rule in result.rules]
    if isinstance(result, PageFault):
        found: dict[str, Any] = {"kind": "#PF", "error_code": result.error_code, "flags": dict(result.flags)}
        return found | {"cr2": hexadecimal(result.linear_address), "rules": rules}
    if isinstance(result, EptViolation | EptMisconfiguration):
        violation = isinstance(result, EptViolation)
        found = {"kind": "EPT violation" if violation else "EPT misconfiguration", "exit_reason": result.exit_reason}
        if isinstance(result, EptViolation):
            found |= {"exit_qualification": hexadecimal(result.qualification), "flags": dict(result.flags)}
        return found | {"guest_physical_address": hexadecimal(result.guest_physical_address), "rules": rules}
    return {"kind": "#SS" if isinstance(result, StackFault) else "#GP", "error_code": 0, "rules": rules}


def _entry_json(step: WalkStep | EptStep, read_from: str = "memory") -> dict[str, Any]:
    return {
        "name": step.entry.name,
        "level": step.level,
        "read_from": read_from,
        "table": hexadecimal(step.table),
        "index": step.index,
        "entry_address": hexadecimal(step.entry_address),
        "value": hexadecimal(step.entry.value),
        "flags": dict(step.entry.flags),
        "sets": hexadecimal(step.sets),
    }


def _reserved_json(one: Reserved) -> dict[str, Any]:
    return {"high": one.high, "low": one.low, "why": one.why}
