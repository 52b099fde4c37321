"""The plot diagram: what translation costs, against the size of the working set, with a line for each way to translate.

``vmsim.stream_sweep`` counts; here only its counts are drawn, above one another: the plot with the TLB reach as dotted
uprights, and a panel that names the lines and says what was accessed.
"""

from vmsim.sweep_trace import ENTRIES
from vmview import text
from vmview.plot_axes import decimal, exact
from vmview.plot_frame import MARGIN, WIDTH, frame
from vmview.plot_lines import Plotted, setup_names
from vmview.plot_panel import panel
from vmview.plot_spec import LINEAR, SWEEP_SCHEMA, outcome_of, size_text, sweep
from vmview.plot_words import WORDS
from vmview.scene import Box, Scene
from vmview.spec import refuse_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vmview.spec import Schema, Spec

__all__ = ["NAME", "SCHEMA", "data", "describe", "layout", "outcome", "run", "table"]

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
    above, foot = frame(trace, words, names)
    below = panel(trace, words, names, foot + 6)
    first = below[0]
    assert isinstance(first, Box)
    return Scene(
        WIDTH,
        first.y + first.height + MARGIN,
        words["title"].format(measure=measure),
        words["description"].format(
            measure=measure, first=size_text(sizes[0]), last=last, lines=words["semicolon"].join(told)
        ),
        tuple(above + below),
    )
