"""The upper part of a plot: axes, lines, and the TLB reach as dotted uprights."""

from vmview.plot_axes import ONE, Axis, along, decimal, log2
from vmview.plot_lines import look, marked
from vmview.plot_spec import LOG, size_text
from vmview.scene import Box, Curve, Label, label_area, text_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.panel import Item
    from vmview.plot_lines import Plotted, Words

WIDTH = 328
MARGIN = 1
HEIGHT = 180
# Within the frame, at the left and the right of the outermost points.
INSET = 14
NOTE = 12


def frame(trace: "Plotted", words: "Words", names: "tuple[str, ...]") -> "tuple[list[Item], int]":
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
    marks = marked(trace.swept)
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
        items.append(Curve(tuple(points), told, *look(at)))
    for x, label in _ticks([(across(size), size_text(size)) for size in sizes], top + HEIGHT + NOTE):
        items.append(Box(x, top + HEIGHT - 4, 1, 4, "lane"))
        items.append(label)
    items.append(Label(WIDTH - MARGIN, top + HEIGHT + 2 * NOTE + 1, words["working set"], "note", "end"))
    return items, top + HEIGHT + 2 * NOTE + 4


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
        # The outermost may reach over the edge of the picture.
        last = labels[-1]
        over = max(0, label_area(last)[2] - WIDTH + MARGIN)
        labels[-1] = Label(last.x - over, y, last.text, "note", "middle")
        areas = [label_area(label) for label in labels]
        if all(areas[n][2] + 4 <= areas[n + 1][0] for n in range(len(areas) - 1)):
            break
        every += 1
    return list(zip([x for x, _shown in places[::every]], labels))
