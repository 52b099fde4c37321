"""The shadow-paging diagram: a guest's story step by step, what KVM does without EPT, and how often each way exits.

Two lanes: what the guest does, with both counts so far; and KVM, where the step exits with shadow paging. What happens
is decided by ``vmsim.shadow_story``.
"""

from vmsim import FieldError
from vmsim.faults import PageFault
from vmsim.shadow_operation import ACCESSES, EDITS, INVLPG
from vmsim.shadow_story import run as run_story
from vmsim.shadow_trace import Step, Trace
from vmsim.value import hexadecimal
from vmview import text
from vmview.sequence import Turn, sequence
from vmview.shadow_spec import STORY_SCHEMA, step_key, story
from vmview.shadow_words import WORDS
from vmview.spec import number, refuse_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmsim.shadow_operation import Operation
    from vmsim.shadow_trace import Exit, Outcome
    from vmview.panel import Row
    from vmview.scene import Scene
    from vmview.spec import Schema, Spec

    Words = dict[str, str]
    Cells = list[tuple[str, str, str]]

__all__ = ["NAME", "SCHEMA", "describe", "layout", "outcome", "run"]

GUEST, KVM = 0, 1
_COUNT = 1 << 32


def _both(title: str, description: str, item: "Schema") -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "object"}
    ways: Schema = {}
    for way, name in (("shadow", "shadow paging"), ("ept", "EPT")):
        ways[way] = dict(item)
        ways[way].update({"title": way, "description": f"With {name}."})
    found.update({"properties": ways, "additionalProperties": False, "minProperties": 1})
    return found


def _expect() -> "Schema":
    many = {"type": "array", "items": {"type": "integer", "minimum": 0}}
    found: Schema = {
        "exits": _both("Exits", "All exits of the story.", number("", "", _COUNT)),
        "each_step": _both("Each step", "The exits of each step.", many),
        "shadow_pages": number("Shadow pages", "How many there are in the end.", _COUNT),
    }
    expect: Schema = {"title": "Expected outcome", "type": "object", "properties": found, "minProperties": 1}
    expect["description"] = "What the simulator must find; every key that is given must be equal."
    expect["additionalProperties"] = False
    return expect


NAME = "shadow-paging"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Shadow paging",
    "description": "What a guest does with its memory, and which VM exits that costs with shadow paging and with EPT.",
    "type": "object",
    "properties": STORY_SCHEMA | {"expect": _expect()},
    "required": ["steps"],
    "additionalProperties": False,
}


def run(spec: "Spec") -> Trace:
    """What comes of a body. Raises FieldError, naming the key, for what the schema cannot exclude."""
    refuse_unknown(spec, SCHEMA)
    told = story(spec)
    try:
        return run_story(told)
    except FieldError as error:
        raise _as_written(error, spec) from None


def _as_written(error: FieldError, spec: "Spec") -> FieldError:
    """The error with the keys that the author wrote: ``steps/3/map`` for ``operations/3/address``."""
    names = {"operations": "steps", "spaces": "address_spaces", "pcid": "address_spaces", "limit": "shadow_pages"}
    parts = error.field.split("/")
    parts[0] = names.get(parts[0], parts[0])
    if parts[0] in ("steps", "mapped") and len(parts) == 3:
        step = spec[parts[0]][int(parts[1])]
        asked = {"address": EDITS, "linear_address": ACCESSES, "space": ("mov_to_cr3", "invpcid")}.get(parts[2], ())
        parts[2:] = [key for key in step if key in asked] or [one for one in parts[2:] if one in step]
    return FieldError("/".join(parts), error.value, error.allowed)


def outcome(trace: Trace) -> "dict[str, Any]":
    """What came of it, as plain data with the keys of ``expect``."""
    return {
        "exits": {"shadow": trace.shadow_exits, "ept": trace.ept_exits},
        "each_step": {
            "shadow": [len(step.shadow.exits) for step in trace.steps],
            "ept": [len(step.ept.exits) for step in trace.steps],
        },
        "shadow_pages": trace.steps[-1].pages,
    }


def describe(trace: Trace, language: str) -> str:
    """The picture told as text: all that it shows, in its order."""
    return text.render(layout(trace, language))


def layout(trace: Trace, language: str) -> "Scene":
    """The picture; ``language`` is "en" or "zh"."""
    words = WORDS[language]
    lanes = ((words["non-root"], words["guest"]), (words["root"], words["KVM"]))
    turns: list[Turn] = []
    shadow = ept = 0
    arrow = ""
    for at in range(len(trace.steps)):
        step = trace.steps[at]
        shadow += len(step.shadow.exits)
        ept += len(step.ept.exits)
        turns.append(Turn(GUEST, arrow, words["guest"], _guest_rows(step, at + 1, shadow, ept, words), "panel", 2))
        arrow = words["goes on"]
        if step.shadow.exits:
            count = len(step.shadow.exits)
            left = words["one exit"] if count == 1 else words["exit"].format(count=count)
            turns.append(Turn(KVM, left, words["KVM"], _kvm_rows(step.shadow.exits, words), "panel", 3))
            arrow = words["entry"]
    totals: Cells = [(words["shadow exits"], str(shadow), "changed"), (words["ept exits"], str(ept), "changed")]
    totals.append((words["shadow pages"], str(trace.steps[-1].pages), "plain"))
    end = (("heading", words["total"], ""), ("cells", tuple(totals)))
    turns.append(Turn(GUEST, arrow, words["guest"], end, "good"))
    title = words["title"].format(shadow=shadow, ept=ept)
    return sequence(title, words["description"].format(steps=len(trace.steps)), lanes, tuple(turns))


def _guest_rows(step: Step, at: int, shadow: int, ept: int, words: "Words") -> "tuple[Row, ...]":
    """The operation, what it comes to, and in cells the exits of this step and of all so far."""
    operation = step.operation
    named = words[step_key(operation)].format(
        address=hexadecimal(operation.address), space=operation.space, value=operation.value
    )
    rows: list[Row] = [("note", words["step"].format(number=at)), ("strong", named)]
    said = _how(operation, words)
    if said:
        rows.append(("text", " · ".join(said)))
    cells: Cells = []
    if operation.kind in ACCESSES:
        cells.append(_result(step.shadow, words["gets" if step.shadow.fault else "host"]))
        here, there = step.shadow, step.ept
        if here.host_physical_address != there.host_physical_address or here.fault != there.fault:
            cells.append(_result(there, words["ept gets"]))
    for name, outcome, total in ((words["shadow"], step.shadow, shadow), (words["ept"], step.ept, ept)):
        more = len(outcome.exits)
        cells.append((name, f"+{more} = {total}", "changed" if more else "plain"))
    return tuple(rows) + (("cells", tuple(cells)),)


def _how(operation: "Operation", words: "Words") -> "list[str]":
    said = []
    if operation.pages > 1 and (operation.kind in ACCESSES or operation.kind in EDITS or operation.kind == INVLPG):
        said.append(words["pages"].format(pages=operation.pages))
    if operation.times > 1:
        said.append(words["times"].format(accesses=operation.pages * operation.times))
    if operation.kind in ACCESSES and operation.cpl == 0:
        said.append(words["supervisor"])
    said.extend(f"{name} = {value}" for name, value in operation.flags)
    if operation.keep:
        said.append(words["keep"])
    return said


def _result(outcome: "Outcome", name: str) -> "tuple[str, str, str]":
    if outcome.host_physical_address is not None:
        return (name, hexadecimal(outcome.host_physical_address), "plain")
    fault = outcome.fault
    return (name, f"#PF({hexadecimal(fault.error_code)})" if isinstance(fault, PageFault) else "#GP(0)", "wrong")


def _kvm_rows(exits: "tuple[Exit, ...]", words: "Words") -> "tuple[Row, ...]":
    """The exits that KVM treats alike, together, in the order of the first of each."""
    groups: dict[tuple[str, str], list[Exit]] = {}
    order = []
    for one in exits:
        name = "#PF" if one.leave.interruption_information else one.leave.name
        key = (name, one.handled.did)
        if key not in groups:
            groups[key] = []
            order.append(key)
        groups[key].append(one)
    rows: list[Row] = [("note", words["KVM"])]
    for key in order:
        alike = groups[key]
        rows.append(("heading", key[0], f"× {len(alike)}" if len(alike) > 1 else ""))
        rows.append(("text", words[key[1]]))
        cells: Cells = []
        for name in ("made", "synced", "zapped"):
            count = sum(getattr(one.handled, name) for one in alike)
            if count:
                cells.append((words[name], str(count), "plain"))
        if cells:
            rows.append(("cells", tuple(cells)))
    return tuple(rows)
