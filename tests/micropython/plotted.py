"""Plots of counts that were counted elsewhere, as text, data and SVG.

The same file runs in CPython (imported by a test) and in MicroPython (by run.mjs).
"""

import json

from vmsim.stream_counts import Counts
from vmsim.sweep_trace import Line, Setup, Sweep, Swept
from vmview import plot, svg
from vmview.plot_lines import Plotted


def run(text):
    """What is drawn of each [measure, scale, working sets, [setup fields, counts of each working set] of each line]."""
    found = []
    for measure, scale, sizes, lines in json.loads(text):
        setups = tuple([Setup(*fields) for fields, _counts in lines])
        counted = tuple([Line(Setup(*fields), tuple([Counts(*one) for one in counts])) for fields, counts in lines])
        trace = Plotted(Swept(Sweep(setups, tuple(sizes)), counted), measure, scale)
        for language in ("en", "zh"):
            found.append(plot.describe(trace, language))
            found.append([list(row) for row in plot.table(trace, language) + plot.data(trace, language)])
            found.append(svg.render(plot.layout(trace, language), "p"))
    return found
