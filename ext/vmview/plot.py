"""The plot diagram: what translation costs, against the size of the working set, with a line for each way to translate.

``vmsim.stream_sweep`` counts; here only its counts are drawn, above one another: the plot with the TLB reach as dotted
uprights, and a panel that names the lines and says what was accessed.
"""

from vmsim.sweep_trace import CYCLES, ENTRIES, PAGES, Swept, millionths, tlb_reaches
from vmsim.value import Value
from vmview import text
from vmview.panel import LINE, PADDING
from vmview.plot_axes import ONE, Axis, along, decimal, exact, log2
from vmview.plot_spec import LINEAR, LOG, SWEEP_SCHEMA, outcome_of, size_text, sweep
from vmview.plot_words import WORDS
from vmview.scene import Box, Curve, Label, Scene, label_area, text_width, wrap
from vmview.spec import refuse_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vmsim.sweep_trace import Setup
    from vmview.panel import Item
    from vmview.spec import Schema, Spec

    Words = dict[str, str]

__all__ = ["NAME", "SCHEMA", "data", "describe", "layout", "outcome", "run", "table"]

WIDTH = 328
MARGIN = 1
HEIGHT = 180
# Within the frame, at the left and the right of the outermost points.
INSET = 14
NOTE = 12
SAMPLE = 34
_VALUES: "Schema" = {
    "title": "Values",
    "description": "By working set, such as 64 GiB, what is shown for each line, rounded to three decimals.",
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "number", "minimum": 0}},
}

NAME = "plot"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Plot",
    "description": "What translation costs for each access, against the size of the working set.",
    "type": "object",
    "properties": SWEEP_SCHEMA
    | {
        "expect": {
            "title": "Expected outcome",
            "description": "What the simulator must find; every key that is given must be equal.",
            "type": "object",
            "properties": {"values": _VALUES},
            "minProperties": 1,
            "additionalProperties": False,
        }
    },
    "required": ["lines", "working_sets"],
    "additionalProperties": False,
}


class Plotted(Value):
    """A sweep that was counted, which of its measures is drawn, and on which scale: "linear" or "log"."""

    _fields = ("swept", "measure", "scale")
    swept: Swept
    measure: str
    scale: str = LINEAR

    @property
    def values(self) -> "tuple[tuple[int, ...], ...]":
        """For each line the values in millionths, one for each working set."""
        costs = self.swept.sweep.costs
        return tuple(tuple(millionths(self.measure, one, costs) for one in line.counts) for line in self.swept.lines)


def run(spec: "Spec") -> Plotted:
    """What comes of a body. Raises FieldError, naming the key, for what the schema cannot exclude."""
    # Streams are compiled; where a page loads this module, there is nothing that could count.
    from vmsim.stream_sweep import run as run_sweep

    refuse_unknown(spec, SCHEMA)
    return Plotted(run_sweep(sweep(spec)), spec.get("show", ENTRIES), spec.get("scale", LINEAR))


def outcome(trace: Plotted) -> "dict[str, Any]":
    """What came of it, as plain data with the keys of ``expect``."""
    rounded = tuple(tuple((value + 500) // 1000 / 1000 for value in line) for line in trace.values)
    return outcome_of(trace.swept.sweep.working_sets, rounded)


def table(trace: Plotted, language: str) -> "tuple[tuple[str, ...], ...]":
    """The data as rows of texts, as people read them; the first names the columns."""
    return _rows(trace, language, size_text, decimal)


def data(trace: Plotted, language: str) -> "tuple[tuple[str, ...], ...]":
    """The same for a program: bytes, and values to the millionth."""
    return _rows(trace, language, str, exact)


def _rows(
    trace: Plotted, language: str, sized: "Callable[[int], str]", valued: "Callable[[int], str]"
) -> "tuple[tuple[str, ...], ...]":
    words = WORDS[language]
    sizes, values = trace.swept.sweep.working_sets, trace.values
    head = (words["working set"],) + setup_names(trace.swept, words)
    return (head,) + tuple((sized(sizes[at]),) + tuple(valued(line[at]) for line in values) for at in range(len(sizes)))


def describe(trace: Plotted, language: str) -> str:
    """The picture told as text: all that it shows, in its order, and the data."""
    return text.render(layout(trace, language))


def layout(trace: Plotted, language: str) -> Scene:
    """The picture; ``language`` is "en" or "zh"."""
    words = WORDS[language]
    swept = trace.swept
    sizes = swept.sweep.working_sets
    names = setup_names(swept, words)
    measure = words[trace.measure]
    last = size_text(sizes[-1])
    told = [
        words["line"].format(setup=names[at], value=decimal(trace.values[at][-1]), last=last)
        for at in range(len(names))
    ]
    plotted, foot = _plot(trace, words, names)
    panel = _panel(trace, words, names, foot + 6)
    first = panel[0]
    assert isinstance(first, Box)
    return Scene(
        WIDTH,
        first.y + first.height + MARGIN,
        words["title"].format(measure=measure),
        words["description"].format(
            measure=measure, first=size_text(sizes[0]), last=last, lines=words["semicolon"].join(told)
        ),
        tuple(plotted + panel),
    )


def setup_names(swept: Swept, words: "Words") -> "tuple[str, ...]":
    """What tells the lines apart, for each of them."""
    parts = [_parts(line.setup, words) for line in swept.lines]
    differing = [at for at in range(len(parts[0])) if not _alike(parts, at)] or [0, 1]
    if 2 in differing:
        # The size of EPT's pages says that there is EPT.
        parts = [(words["guest"] if one[2] else one[0],) + one[1:] for one in parts]
    return tuple(words["comma"].join([one[at] for at in differing if one[at]]) for one in parts)


def _alike(parts: "list[tuple[str, ...]]", at: int) -> bool:
    """Whether all lines that have that part have the same."""
    return len({one[at] for one in parts if one[at]}) < 2


def _parts(setup: "Setup", words: "Words") -> "tuple[str, ...]":
    """All that may tell a line from another, each in words; "" for what it has not."""
    return (
        words[setup.mode],
        words["pages"].format(size=setup.page_size),
        words["EPT pages"].format(size=setup.ept_page_size) if setup.ept_page_size else "",
        words["caches" if setup.structure_caches else "no caches"],
    )


def _plot(trace: Plotted, words: "Words", names: "tuple[str, ...]") -> "tuple[list[Item], int]":
    """Everything above the panel, and its lower edge."""
    sizes, values = trace.swept.sweep.working_sets, trace.values
    every = [value for line in values for value in line]
    axis = Axis(max(every), min([value for value in every if value] or [ONE]), trace.scale == LOG)
    measure = words[trace.measure]
    if trace.scale == LOG:
        measure = words["log"].format(measure=measure)
    left = MARGIN + max(text_width(shown, "note") for _value, shown in axis.ticks) + 4
    begin, length = left + INSET, WIDTH - MARGIN - left - 2 * INSET

    def across(size: int) -> int:
        return begin + along(log2(size), log2(sizes[0]), log2(sizes[-1]), length)

    items: list[Item] = [Label(MARGIN, NOTE, measure, "note")]
    marks = _marked(trace.swept)
    placed = _in_rows([Label(across(size), NOTE, size_text(size), "note", "middle") for size in marks], 2 * NOTE)
    items.extend(placed)
    top = max([label.y for label in placed] + [NOTE]) + 4
    items.append(Box(left, top, WIDTH - MARGIN - left, HEIGHT, "frame"))
    foot = top + HEIGHT - 6
    for value, shown in axis.ticks:
        y = foot - axis.place(value, HEIGHT - 14)
        items.append(Box(left, y, WIDTH - MARGIN - left, 1, "lane"))
        items.append(Label(left - 3, y + 4, shown, "note", "end"))
    items.extend(Curve(((across(size), top), (across(size), top + HEIGHT)), "", 2, -1, 0) for size in marks)
    for at in range(len(values)):
        points = [(across(sizes[n]), foot - axis.place(values[at][n], HEIGHT - 14)) for n in range(len(sizes))]
        data = words["semicolon"].join([f"{size_text(sizes[n])} {decimal(values[at][n])}" for n in range(len(sizes))])
        told = names[at] + ": " + data
        items.append(Curve(tuple(points), told, *_look(at)))
    for x, label in _ticks([(across(size), size_text(size)) for size in sizes], top + HEIGHT + NOTE):
        items.append(Box(x, top + HEIGHT - 4, 1, 4, "lane"))
        items.append(label)
    items.append(Label(WIDTH - MARGIN, top + HEIGHT + 2 * NOTE + 1, words["working set"], "note", "end"))
    return items, top + HEIGHT + 2 * NOTE + 4


def _look(at: int) -> "tuple[int, int, int]":
    """Dash, marker and accent of a line, by which it is told from others."""
    return at, at, 5 - at if at < 5 else 0


def _marked(swept: Swept) -> "list[int]":
    """The TLB reach of every size of page, each once, smallest first, as far as it lies on the plot."""
    first, last = swept.sweep.working_sets[0], swept.sweep.working_sets[-1]
    every = {size for line in swept.lines for size in tlb_reaches(line.setup, swept.sweep.tlbs)}
    return sorted(size for size in every if first <= size <= last)


def _in_rows(labels: "list[Label]", first: int) -> "list[Label]":
    """The labels moved down, each to the first row where it covers none; the first row is at ``first``."""
    ends: list[int] = []
    placed = []
    for label in labels:
        area = label_area(label)
        x = label.x + max(0, MARGIN - area[0]) - max(0, area[2] - WIDTH + MARGIN)
        begin = area[0] + x - label.x
        row = 0
        while row < len(ends) and ends[row] + 4 > begin:
            row += 1
        ends[row : row + 1] = [begin + area[2] - area[0]]
        placed.append(Label(x, first + NOTE * row, label.text, "note", "middle"))
    return placed


def _ticks(places: "list[tuple[int, str]]", y: int) -> "list[tuple[int, Label]]":
    """As many names under the axis, evenly, as do not touch; each with its place."""
    every = 1
    while True:
        labels = [Label(x, y, shown, "note", "middle") for x, shown in places[::every]]
        areas = [label_area(label) for label in labels]
        if all(areas[n][2] + 4 <= areas[n + 1][0] for n in range(len(areas) - 1)):
            break
        every += 1
    # The outermost may reach over the edge of the picture.
    over = max(0, areas[-1][2] - WIDTH + MARGIN)
    labels[-1] = Label(labels[-1].x - over, y, labels[-1].text, "note", "middle")
    return list(zip([x for x, _shown in places[::every]], labels))


def _panel(trace: Plotted, words: "Words", names: "tuple[str, ...]", top: int) -> "list[Item]":
    """A sample and the name of each line with its last value, and what all of them have in common."""
    sweep = trace.swept.sweep
    inner = WIDTH - 2 * MARGIN - 2 * PADDING
    left, right = MARGIN + PADDING, WIDTH - MARGIN - PADDING
    y = top + PADDING + LINE - 3
    items: list[Item] = [Label(right, y, words["at"].format(size=size_text(sweep.working_sets[-1])), "note", "end")]
    begin = left + 4
    for at in range(len(names)):
        y += LINE
        items.append(Curve(((begin, y - 4), (begin + SAMPLE // 2, y - 4), (begin + SAMPLE, y - 4)), "", *_look(at)))
        shown = decimal(trace.values[at][-1])
        lines = wrap(names[at], inner - SAMPLE - 12 - text_width(shown, "strong") - 6)
        items.extend(Label(left + SAMPLE + 12, y + LINE * number, lines[number]) for number in range(len(lines)))
        y += LINE * (len(lines) - 1)
        items.append(Label(right, y, shown, "strong", "end"))
    y += 4
    for sentence in _sentences(trace, words):
        for line in wrap(sentence, inner, "note"):
            y += NOTE + 1
            items.append(Label(left, y, line, "note"))
    return [Box(MARGIN, top, WIDTH - 2 * MARGIN, y + PADDING - top), *items]


def _sentences(trace: Plotted, words: "Words") -> "list[str]":
    """What the lines have in common: pages, accesses, TLBs, and what was counted."""
    swept = trace.swept
    sweep = swept.sweep
    parts = [_parts(line.setup, words) for line in swept.lines]
    alike = [max(one[at] for one in parts) for at in range(len(parts[0])) if _alike(parts, at)]
    if len(parts) == 1:
        alike = alike[2:]
    common = words["comma"].join([one for one in alike if one])
    found = [common[:1].upper() + common[1:] + words["stop"]] if common else []
    found.append(words["pages pattern" if sweep.pattern == PAGES else sweep.pattern])
    found.append(words["accesses"].format(accesses=sweep.accesses))
    entries = [one.sets * one.ways for one in sweep.tlbs]
    found.append(words["TLBs" if len(entries) > 1 else "one TLB"].format(first=entries[0], second=entries[-1]))
    for size in sorted({line.setup.translated for line in swept.lines}):
        reaches = words["and"].join([size_text(size * one) for one in entries])
        found.append(words["reach"].format(size=size_text(size), reaches=reaches))
    if _marked(swept):
        found.append(words["marks"])
    if trace.measure == CYCLES:
        costs = sweep.costs
        said = [words["costs"].format(stlb_hit=costs.stlb_hit, entry=costs.entry)]
        for name in ("dtlb_hit", "walk", "exit"):
            if getattr(costs, name) and (name != "exit" or any(line.setup.mode == "shadow" for line in swept.lines)):
                said.append(words[name].format(**{name: getattr(costs, name)}))
        found.append(words["comma"].join(said) + words["stop"])
    return found
