"""A walk told as text, in the order in which the processor reads."""

from __future__ import annotations

from collections.abc import Iterator

from vmsim import (
    RULES,
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
from vmsim.entries import Reserved
from vmsim.ept_entries import MEMORY_TYPES
from vmsim.ept_trace import EPT_RULES, EptStep
from vmsim.value import hexadecimal

VOLUMES = {"non-canonical": 1}


def walk_lines(walk: Walk) -> Iterator[str]:
    """Lines of text for one walk."""
    access, mode = walk.access, walk.processor.paging
    who = "user-mode" if access.user_mode else "supervisor-mode"
    implicit = "implicit " if access.implicit else ""
    nested = ", under EPT" if walk.ept is not None else ""
    yield f"{hexadecimal(walk.linear_address)}: {implicit}{who} {access.kind}, {paging_words(mode.name)}{nested}"
    if mode.levels and not isinstance(walk.result, GeneralProtection | StackFault):
        fields = (f"{field.name} {hexadecimal(field.value)}" for field in walk.address_fields)
        yield f"  {', '.join(fields)}"
    for step in walk.steps:
        yield from step_lines(step)
    if walk.last_ept_walk is not None:
        yield from ept_lines(walk.last_ept_walk)
    yield from result_lines(walk)


def paging_words(name: str) -> str:
    """The paging mode in words."""
    return "paging off" if name == "no paging" else f"{name} paging"


def load_lines(load: PdpteLoad) -> Iterator[str]:
    """Lines of text for the load of the PDPTE registers."""
    yield "MOV to CR3 loads the PDPTE registers"
    for step in load.steps:
        yield from step_lines(step)
    if load.last_ept_walk is not None:
        yield from ept_lines(load.last_ept_walk)
    if not isinstance(load.result, Processor):
        yield from _end_lines(load.result)


def step_lines(step: WalkStep) -> Iterator[str]:
    """An entry: the EPT walk that found it, the entry itself, and what happens to its flags."""
    if step.ept is not None:
        yield from ept_lines(step.ept)
    entry = step.entry
    flags = " ".join(_flag(name, value) for name, value in entry.flags)
    yield f"{entry.name} {_value(entry.value, entry.mode.entry_size)} at {_place(step)}: {flags}"
    for wrong in step.reserved:
        yield f"  {_reserved(wrong)}: reserved ({wrong.why})"
    if entry.present and not step.reserved:
        leads = "maps the page" if entry.maps_page else "references the table"
        yield f"  {leads} at {hexadecimal(entry.address)}"
    if step.ept_update is not None:
        yield from ept_lines(step.ept_update)
    if step.sets:
        names = [name for name, on in (("A", step.sets_accessed), ("D", step.sets_dirty)) if on]
        yield f"  sets {', '.join(names)}"


def ept_lines(walk: EptWalk) -> Iterator[str]:
    """An EPT walk, indented."""
    access = walk.access
    uses = [name for name, on in (("read", access.read), ("write", access.write), ("fetch", access.fetch)) if on]
    target = "the access itself" if access.final else "a guest paging-structure entry"
    yield f"  EPT: guest-physical {hexadecimal(walk.guest_physical_address)}, {' and '.join(uses)} of {target}"
    for step in walk.steps:
        flags = " ".join(_flag(name, value) for name, value in step.entry.flags)
        yield f"    {step.entry.name} {_value(step.entry.value, 8)} at {_place(step)}: {flags}"
        for wrong in step.misconfigured:
            yield f"      {_reserved(wrong)}: misconfigured ({wrong.why})"
        if step.sets:
            yield f"      sets {', '.join(name for name, mask in (('A', 1 << 8), ('D', 1 << 9)) if step.sets & mask)}"
    if isinstance(walk.result, EptTranslation):
        found = walk.result
        memory_type = MEMORY_TYPES[found.memory_type]
        yield f"    host-physical {hexadecimal(found.host_physical_address)}, {found.page_size} page, {memory_type}"


def result_lines(walk: Walk) -> Iterator[str]:
    """What the walk comes to."""
    result = walk.result
    if isinstance(result, Translation):
        size = f", {result.page_size} page at {hexadecimal(result.page_frame)}" if result.level else ""
        if walk.ept is None:
            yield f"physical address {hexadecimal(result.physical_address)}{size}"
        else:
            yield f"guest-physical address {hexadecimal(result.physical_address)}{size}"
            yield f"host-physical address {hexadecimal(walk.host_physical_address)}"
        return
    yield from _end_lines(result)


def _end_lines(
    result: PageFault | GeneralProtection | StackFault | EptViolation | EptMisconfiguration,
) -> Iterator[str]:
    if isinstance(result, PageFault):
        bits_set = " ".join(name for name, value in result.flags if value)
        yield f"#PF, error code {hexadecimal(result.error_code)} ({bits_set or 'no bit set'})"
        yield f"  CR2 {hexadecimal(result.linear_address)}"
    elif isinstance(result, EptViolation):
        yield f"EPT violation (exit reason 48), exit qualification {hexadecimal(result.qualification)}"
        yield f"  {', '.join(name for name, value in result.flags if value)}"
        yield f"  guest-physical address {hexadecimal(result.guest_physical_address)}"
    elif isinstance(result, EptMisconfiguration):
        yield "EPT misconfiguration (exit reason 49)"
        yield f"  guest-physical address {hexadecimal(result.guest_physical_address)}"
    else:
        yield "#SS(0)" if isinstance(result, StackFault) else "#GP(0)"
    for rule in result.rules:
        yield f"  {rule}: {source(rule)}"


def source(rule: str) -> str:
    """The section of the manual that states a rule."""
    return f'Intel SDM volume {VOLUMES.get(rule, 3)}, "{(RULES | EPT_RULES)[rule]}"'


def _flag(name: str, value: int) -> str:
    return f"{name}={value}"


def _value(value: int, size: int) -> str:
    return f"{value:#0{2 * size + 2}x}"


def _place(step: WalkStep | EptStep) -> str:
    if isinstance(step, WalkStep) and step.in_register:
        return f"PDPTE register {step.index}"
    return f"{hexadecimal(step.entry_address)} (table {hexadecimal(step.table)}, index {step.index})"


def _reserved(wrong: Reserved) -> str:
    return f"bit {wrong.high}" if wrong.high == wrong.low else f"bits {wrong.high}:{wrong.low}"
