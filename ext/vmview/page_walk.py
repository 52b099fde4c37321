"""The page-walk diagram: how one linear address is translated, entry by entry, and where it faults.

From top to bottom: the address in its parts, CR3, each entry that was read, the page or the fault. A line leads from
each part of the address, down a lane at the right, to the place in its table that it selects; the bar at the right of
an entry is its table, 0 at the top and 511 at the bottom.
"""

from vmsim import PageFault, Translation, Walk, translate
from vmsim.bits import TABLE_NAMES
from vmsim.value import Value, hexadecimal
from vmview import text
from vmview.faults import fault_rows
from vmview.outcome import EXPECT_SCHEMA, outcome
from vmview.panel import bottom, panel
from vmview.scene import Arrow, Box, Cell, Label, Scene
from vmview.spec import ACCESS_SCHEMA, MAPPING_SCHEMA, PROCESSOR_SCHEMA, access, memory, processor, refuse_unknown
from vmview.walk_rows import (
    access_words,
    address_rows,
    address_words,
    entry_rows,
    field_words,
    page_rows,
    processor_rows,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim import AddressField
    from vmview.panel import Item, Row
    from vmview.spec import Schema, Spec

    Words = dict[str, str]

__all__ = ["NAME", "SCHEMA", "describe", "layout", "outcome", "run"]

NAME = "page-walk"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Page walk",
    "description": "How one linear address is translated by 4-level or 5-level paging. With nothing but the address, "
    "nothing is mapped; page_size maps it, entries changes what is mapped.",
    "type": "object",
    "properties": ACCESS_SCHEMA | MAPPING_SCHEMA | PROCESSOR_SCHEMA | {"expect": EXPECT_SCHEMA},
    "required": ["linear_address"],
    "additionalProperties": False,
}

WIDTH = 328
MARGIN = 1
GAP = 20
ARROW_X = 16
LANE = 5
TIP = 8
BAR = 8

WORDS: "dict[str, Words]" = {
    "en": {
        "title": "Page walk of {address}",
        "found": "{access}: physical address {physical}, in a {size} page",
        "faulted": "{access}: page fault with error code {code}; the last entry read is the {entry}",
        "refused": "{access}: general protection, for the address is not canonical",
        "table": "{table} at {address}",
        "frame": "{size} page at {address}",
    },
    "zh": {
        "title": "{address}的页表遍历",
        "found": "{access}：物理地址{physical}，在一个{size}页中",
        "faulted": "{access}：缺页异常，错误码{code}；最后读到的表项是{entry}",
        "refused": "{access}：通用保护异常，因为地址不是canonical形式",
        "table": "{table}，位于{address}",
        "frame": "{size}页，位于{address}",
    },
}


class Stage(Value):
    """One panel of the way down: an arrow with the words ``lead`` from ``tail`` to it, ``head``.

    ``field`` is the part of the address that selects a place in it, of ``size`` places; None where there is none.
    """

    _fields = ("lead", "rows", "role", "tail", "head", "field", "size")
    lead: str
    rows: "tuple[Row, ...]"
    role: str
    tail: str
    head: str
    field: "AddressField | None" = None
    size: int = 0


def run(spec: "Spec") -> Walk:
    """The walk that a body describes. Raises FieldError, naming the key, for what the schema cannot exclude."""
    refuse_unknown(spec, SCHEMA)
    cpu = processor(spec)
    return translate(memory(spec, cpu), cpu, access(spec), spec["linear_address"])


def describe(walk: Walk, language: str) -> str:
    """The picture told as text: all that it shows, in its order."""
    return text.render(layout(walk, language))


def layout(walk: Walk, language: str) -> Scene:
    """The picture; ``language`` is "en" or "zh"."""
    words = WORDS[language]
    stages = _stages(walk, language)
    lanes = len([stage for stage in stages if stage.field is not None])
    right = WIDTH - MARGIN - LANE * lanes - (TIP - LANE if lanes else 0)
    items: list[Item] = list(panel(MARGIN, MARGIN, WIDTH - 2 * MARGIN, address_rows(walk, language)))
    cells = [item for item in items if isinstance(item, Cell)]
    turn = bottom(items) + LANE * lanes
    items.extend(panel(MARGIN, turn + LANE, right - MARGIN, processor_rows(walk)))
    for number in range(len(stages)):
        stage = stages[number]
        y = bottom(items)
        items.append(Arrow(((ARROW_X, y), (ARROW_X, y + GAP)), stage.tail, stage.head))
        if stage.lead:
            items.append(Label(ARROW_X + 8, y + GAP - 6, stage.lead, "note"))
        width = right - MARGIN - (BAR if stage.field else 0)
        placed = panel(MARGIN, y + GAP, width, stage.rows, stage.role)
        items.extend(placed)
        if stage.field:
            bar = Box(right - BAR, y + GAP, BAR, bottom(placed) - y - GAP, "frame")
            items.extend(_selected(stage, bar, cells[number], turn - LANE * number, right + TIP + LANE * number))
    title = words["title"].format(address=address_words(walk))
    return Scene(WIDTH, bottom(items) + MARGIN, title, _sentence(walk, language), tuple(items))


def _selected(stage: Stage, bar: Box, cell: Cell, turn: int, lane: int) -> "tuple[Item, ...]":
    """A table drawn as a bar, the place in it that is selected, and the line to it from the address's part."""
    field = stage.field
    assert field is not None
    mark = Box(bar.x, bar.y + field.value * (bar.height - 4) // (stage.size - 1), BAR, 4, "mark", field.level)
    middle, right = cell.x + cell.width // 2, bar.x + BAR
    points = (
        (middle, cell.y + cell.height),
        (middle, turn),
        (lane, turn),
        (lane, mark.y + 2),
        (right, mark.y + 2),
    )
    return (bar, mark, Arrow(points, f"{field.name} {field_words(field)}", stage.head, field.level))


def _stages(walk: Walk, language: str) -> "tuple[Stage, ...]":
    words = WORDS[language]
    fields = walk.address_fields
    stages = []
    tail = "CR3"
    for number in range(len(walk.steps)):
        step = walk.steps[number]
        lead = words["table"].format(table=TABLE_NAMES[step.level], address=hexadecimal(step.table))
        rows = entry_rows(walk, step, language)
        stages.append(Stage(lead, rows, "panel", tail, step.entry.name, fields[number], 512))
        tail = step.entry.name
    result = walk.result
    if isinstance(result, Translation):
        lead = words["frame"].format(size=result.page_size, address=hexadecimal(result.page_frame))
        rows = page_rows(walk, result, language)
        stages.append(Stage(lead, rows, "good", tail, rows[0][1], fields[-1], 1 << (fields[-1].high + 1)))
    elif isinstance(result, PageFault):
        stages.append(Stage("", fault_rows(walk, language), "bad", tail, "#PF"))
    else:
        stages.append(Stage("", fault_rows(walk, language), "bad", address_words(walk), "#GP"))
    return tuple(stages)


def _sentence(walk: Walk, language: str) -> str:
    words = WORDS[language]
    result = walk.result
    access = access_words(walk, language)
    if isinstance(result, Translation):
        physical = hexadecimal(result.physical_address)
        return words["found"].format(access=access, physical=physical, size=result.page_size)
    if isinstance(result, PageFault):
        entry = walk.steps[-1].entry.name
        return words["faulted"].format(access=access, code=hexadecimal(result.error_code), entry=entry)
    return words["refused"].format(access=access)
