"""The ept-walk diagram: one linear address of a guest translated in two dimensions, entry by entry.

From top to bottom the guest's levels, from left to right those of EPT, and at the right the guest's entry that a row
finds: the grid of the up to 24 entries of 4 levels over 4. The number in a place says when it was read; a dashed place
was not.
"""

from vmsim import EptMisconfiguration, EptViolation, Translation, Walk, translate
from vmsim.bits import ENTRY_NAMES, EPT_D
from vmsim.ept_entries import MEMORY_TYPES
from vmsim.ept_trace import EptTranslation
from vmsim.value import hexadecimal
from vmview import text
from vmview.ept_outcome import EXPECT_SCHEMA, Stage, entries_read, outcome, sets_ept, stages
from vmview.ept_spec import BODY_SCHEMA, PAGE, machine
from vmview.ept_words import refused_rows, wrong_flags
from vmview.faults import fault_rows
from vmview.panel import bottom, panel
from vmview.scene import Arrow, Scene
from vmview.spec import refuse_unknown
from vmview.walk_rows import access_words, address_rows, address_words, processor_rows, sum_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim import Ept, EptStep
    from vmview.panel import Item, Row
    from vmview.spec import Schema, Spec

    # The name by which arrows know it, its rows, its role and accent.
    Panel = tuple[str, tuple[Row, ...], str, int]

__all__ = ["NAME", "SCHEMA", "describe", "layout", "outcome", "run"]

NAME = "ept-walk"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Two-dimensional walk",
    "description": "How a linear address of a guest is translated under EPT. What the walk comes to is mapped in EPT, "
    "with all permissions; ept_entries changes that.",
    "type": "object",
    "properties": BODY_SCHEMA | {"expect": EXPECT_SCHEMA},
    "required": ["linear_address"],
    "additionalProperties": False,
}

WIDTH = 328
MARGIN = 1
GAP = 14
ARROW_X = 16

WORDS: "dict[str, dict[str, str]]" = {
    "en": {
        "title": "Two-dimensional walk of {address}",
        "found": "{access}: host-physical address {physical}, after {count} entries",
        "faulted": "{access}: page fault in the guest, after {count} entries",
        "refused": "{access}: general protection, for the address is not canonical",
        "violation": "{access}: EPT violation on the way to the {name}, after {count} entries",
        "misconfiguration": "{access}: EPT misconfiguration on the way to the {name}, after {count} entries",
        "page": "page",
        "guest": "guest",
        "read": "read",
        "write": "write",
        "fetch": "fetch",
        "in page": "{address}, in a {size} page",
        "host": "Host-physical address",
        "memory": "memory type {type}",
        "count": "{all} entries read: {guest} of the guest, {ept} of EPT.",
        "flags": "Set in the guest's entries: {flags}.",
        "ept flags": "EPT: A is set in every entry used, and D in the last one of the rows {names}.",
        "ept accessed": "EPT: A is set in every entry used.",
        "in": "{flag} in {entries}",
        ", ": ", ",
        "; ": "; ",
    },
    "zh": {
        "title": "{address}的二维遍历",
        "found": "{access}：host物理地址{physical}，读了{count}个表项",
        "faulted": "{access}：guest缺页异常，读了{count}个表项",
        "refused": "{access}：通用保护异常，因为地址不是canonical形式",
        "violation": "{access}：去往{name}的途中发生EPT violation，读了{count}个表项",
        "misconfiguration": "{access}：去往{name}的途中发生EPT misconfiguration，读了{count}个表项",
        "page": "页",
        "guest": "guest",
        "read": "读",
        "write": "写",
        "fetch": "取指",
        "in page": "{address}，在一个{size}页中",
        "host": "host物理地址",
        "memory": "内存类型{type}",
        "count": "读了{all}个表项：guest的{guest}个，EPT的{ept}个。",
        "flags": "guest表项中置位：{flags}。",
        "ept flags": "EPT：用到的表项都置A；{names}各行的最后一项还置D。",
        "ept accessed": "EPT：用到的表项都置A。",
        "in": "{entries}的{flag}",
        ", ": "、",
        "; ": "；",
    },
}


def run(spec: "Spec") -> Walk:
    """The walk that a body describes. Raises FieldError, naming the key, for what the schema cannot exclude."""
    refuse_unknown(spec, SCHEMA)
    host, cpu, access, ept = machine(spec)
    return translate(host, cpu, access, spec["linear_address"], ept)


def describe(walk: Walk, language: str) -> str:
    """The picture told as text: all that it shows, in its order."""
    return text.render(layout(walk, language))


def layout(walk: Walk, language: str) -> Scene:
    """The picture; ``language`` is "en" or "zh"."""
    words, ept = WORDS[language], _ept(walk)
    items: list[Item] = list(panel(MARGIN, MARGIN, WIDTH - 2 * MARGIN, address_rows(walk, language)))
    cells = processor_rows(walk)[0][1] + (("EPTP", hexadecimal(ept.eptp), "plain"),)
    tail, read = "CR3", 0
    panels: list[Panel] = [("CR3", (("cells", cells),), "panel", -1)]
    for stage in stages(walk):
        name = words["page"] if stage.name == PAGE else stage.name
        panels.append((name, _grid_rows(walk, stage, read, language), "panel", -1))
        read += len(stage.ept.steps) + (1 if stage.step else 0)
    panels.append(_end(walk, language))
    for name, rows, role, accent in panels:
        y = bottom(items)
        if name != "CR3":
            items.append(Arrow(((ARROW_X, y), (ARROW_X, y + GAP)), tail, name))
        items.extend(panel(MARGIN, y + (6 if name == "CR3" else GAP), WIDTH - 2 * MARGIN, rows, role, accent))
        tail = name
    title = words["title"].format(address=address_words(walk))
    return Scene(WIDTH, bottom(items) + MARGIN, title, _sentence(walk, language), tuple(items))


def _ept(walk: Walk) -> "Ept":
    assert walk.ept is not None
    return walk.ept


def _grid_rows(walk: Walk, stage: Stage, read: int, language: str) -> "tuple[Row, ...]":
    """A row of the grid: where the guest's entry is wanted, the EPT entries that tell where that is, the entry."""
    words, ept = WORDS[language], _ept(walk)
    columns = []
    for level in range(ept.levels, 0, -1):
        at = ept.levels - level
        value, role = "–", "unused"
        if at < len(stage.ept.steps):
            value, role = _place(stage, stage.ept.steps[at], read + at + 1, ept)
        columns.append(("EPT", ENTRY_NAMES[level], value, role, -1))
    number = read + len(stage.ept.steps) + 1
    step = stage.step
    if stage.name == PAGE:
        arrived = isinstance(stage.ept.result, EptTranslation)
        last = (words[walk.access.kind], words["page"], "✓" if arrived else "–", "plain" if arrived else "unused", 0)
    elif step is None:
        last = (words["guest"], stage.name, "–", "unused", -1)
    else:
        flags = ("A" if step.sets_accessed else "") + ("D" if step.sets_dirty else "")
        wrong = step is walk.steps[-1] and not isinstance(walk.result, (Translation, EptViolation, EptMisconfiguration))
        role = "wrong" if wrong else "changed" if flags else "plain"
        last = (words["guest"], stage.name, f"{number} {flags}".strip(), role, step.level)
    rows: list[Row] = [("heading", words["page"] if stage.name == PAGE else stage.name, "")]
    rows += [("field", "GPA", _guest_physical(walk, stage)), ("columns", tuple(columns) + (last,))]
    found = stage.ept.result
    if isinstance(found, EptTranslation):
        address = hexadecimal(found.host_physical_address)
        rows.append(("field", "HPA", words["in page"].format(address=address, size=found.page_size)))
    return tuple(rows)


def _place(stage: Stage, step: "EptStep", number: int, ept: "Ept") -> "tuple[str, str]":
    """What stands in the place of an EPT entry that was read (its number, the flags that are set), and its role."""
    refused = stage.refused
    if refused is not None:
        for tried in refused.steps:
            if tried.entry_address == step.entry_address and wrong_flags(refused, tried, ept):
                return str(number), "wrong"
    last = refused is stage.ept and step is stage.ept.steps[-1]
    flags = ("A" if step.sets & ~EPT_D else "") + ("D" if step.sets & EPT_D else "")
    return f"{number} {flags}".strip(), "wrong" if last and step.misconfigured else "changed" if flags else "plain"


def _guest_physical(walk: Walk, stage: Stage) -> str:
    """How the guest-physical address of a row comes about."""
    fields, address = walk.address_fields, stage.ept.guest_physical_address
    if stage.name == PAGE:
        offset = fields[-1].value
        return sum_words(address - offset, hexadecimal(offset), address)
    index = next(field.value for field in fields if field.level == ENTRY_NAMES.index(stage.name))
    return sum_words(address - 8 * index, f"{index} × 8", address)


def _end(walk: Walk, language: str) -> "Panel":
    """The last panel: what the walk came to."""
    words, result = WORDS[language], walk.result
    guest, ept = entries_read(walk)
    count: tuple[Row, ...] = (("text", words["count"].format(all=guest + ept, guest=guest, ept=ept)),)
    if isinstance(result, Translation):
        return "HPA", _found_rows(walk, language) + count + _flag_rows(walk, language), "good", -1
    if isinstance(result, (EptViolation, EptMisconfiguration)):
        return f"VM exit {result.exit_reason}", refused_rows(stages(walk)[-1], _ept(walk), language) + count, "bad", -1
    if not walk.steps:
        return "#GP", fault_rows(walk, language), "bad", -1
    return "#PF", fault_rows(walk, language) + count, "bad", -1


def _found_rows(walk: Walk, language: str) -> "tuple[Row, ...]":
    words = WORDS[language]
    found = stages(walk)[-1].ept.result
    assert isinstance(found, EptTranslation)
    offset = hexadecimal(found.host_physical_address - found.page_frame)
    return (
        ("heading", words["host"], words["memory"].format(type=MEMORY_TYPES[found.memory_type])),
        ("strong", f"{found.host_physical_address:#018x}"),
        ("code", sum_words(found.page_frame, offset, found.host_physical_address)),
    )


def _flag_rows(walk: Walk, language: str) -> "tuple[Row, ...]":
    """The flags that the walk sets, on either side."""
    words = WORDS[language]
    found: list[Row] = []
    accessed = [step.entry.name for step in walk.steps if step.sets_accessed]
    dirty = [step.entry.name for step in walk.steps if step.sets_dirty]
    named = [(flag, names) for flag, names in (("A", accessed), ("D", dirty)) if names]
    if named:
        flags = [words["in"].format(flag=flag, entries=words[", "].join(names)) for flag, names in named]
        found.append(("text", words["flags"].format(flags=words["; "].join(flags))))
    if _ept(walk).accessed_dirty:
        names = [words["page"] if one.name == PAGE else one.name for one in stages(walk) if sets_ept(one, EPT_D)]
        found.append(("text", words["ept flags" if names else "ept accessed"].format(names=words[", "].join(names))))
    return tuple(found)


def _sentence(walk: Walk, language: str) -> str:
    words, result = WORDS[language], walk.result
    count, access = sum(entries_read(walk)), access_words(walk, language)
    rows = stages(walk)
    name = words["page"] if rows and rows[-1].name == PAGE else rows[-1].name if rows else ""
    physical = hexadecimal(walk.host_physical_address or 0)
    key = "found" if isinstance(result, Translation) else "faulted" if walk.steps else "refused"
    if isinstance(result, EptViolation):
        key = "violation"
    elif isinstance(result, EptMisconfiguration):
        key = "misconfiguration"
    return words[key].format(access=access, physical=physical, count=count, name=name)
