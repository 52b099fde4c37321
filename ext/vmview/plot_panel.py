"""The lower part of a plot: what its lines are, where they end, and what all of them have in common."""

from vmsim.sweep_trace import CYCLES, PAGES
from vmview.panel import LINE, PADDING
from vmview.plot_axes import decimal
from vmview.plot_frame import MARGIN, NOTE, WIDTH
from vmview.plot_lines import is_alike, look, marked, parts_of
from vmview.plot_spec import size_text
from vmview.scene import Box, Curve, Label, text_width, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.panel import Item
    from vmview.plot_lines import Plotted, Words

SAMPLE = 34


def panel(trace: "Plotted", words: "Words", names: "tuple[str, ...]", top: int) -> "list[Item]":
    """A sample and the name of each line with its last value, and what all of them have in common."""
    sweep = trace.swept.sweep
    inner = WIDTH - 2 * MARGIN - 2 * PADDING
    left, right = MARGIN + PADDING, WIDTH - MARGIN - PADDING
    y = top + PADDING + LINE - 3
    items: list[Item] = [Label(right, y, words["at"].format(size=size_text(sweep.working_sets[-1])), "note", "end")]
    begin = left + 4
    for at in range(len(names)):
        y += LINE
        items.append(Curve(((begin, y - 4), (begin + SAMPLE // 2, y - 4), (begin + SAMPLE, y - 4)), "", *look(at)))
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
    return [Box(MARGIN, top, WIDTH - 2 * MARGIN, y + PADDING - top)] + items


def _sentences(trace: "Plotted", words: "Words") -> "list[str]":
    """What the lines have in common: pages, accesses, TLBs, and what was counted."""
    swept = trace.swept
    sweep = swept.sweep
    parts = [parts_of(line.setup, words) for line in swept.lines]
    alike = [max(one[at] for one in parts) for at in range(len(parts[0])) if is_alike(parts, at)]
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
    if marked(swept):
        found.append(words["marks"])
    if trace.measure == CYCLES:
        costs = sweep.costs
        said = [words["costs"].format(stlb_hit=costs.stlb_hit, entry=costs.entry)]
        for name in ("dtlb_hit", "walk", "exit"):
            if getattr(costs, name) and (name != "exit" or any(line.setup.mode == "shadow" for line in swept.lines)):
                said.append(words[name].format(**{name: getattr(costs, name)}))
        found.append(words["comma"].join(said) + words["stop"])
    return found
