"""A plot is drawn to the same last byte under MicroPython, which cannot count a stream but may draw one's counts."""

import importlib.util
import json
import subprocess
from pathlib import Path

from vmsim import _build
from vmview import plot

FOLDER = Path(__file__).parents[1] / "micropython"
SOURCES = Path(_build.__file__).parents[1]
BODY = {
    "lines": [{"mode": "shadow"}, {"mode": "nested", "structure_caches": 0}, {"page_size": "2 MiB"}],
    "working_sets": {"from": "4 KiB", "to": "1 GiB", "times": 8},
    "accesses": 1024,
}


def counted():
    """What the compiled stream has counted for that body, as lists of numbers."""
    lines = plot.run(BODY).swept.lines
    sizes = list(plot.run(BODY).swept.sweep.working_sets)
    told = [[list(line.setup._key()), [list(one._key()) for one in line.counts]] for line in lines]
    measures = plot.SCHEMA["properties"]["show"]["enum"]
    return [[measure, scale, sizes, told] for measure in measures for scale in ("linear", "log")]


def test_micropython_draws_the_same():
    """Text, data and SVG of each measure on both scales, in both languages."""
    asked = json.dumps(counted())
    command = ["node", "run.mjs", str(SOURCES), "plotted"]
    ran = subprocess.run(command, cwd=FOLDER, input=asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    spec = importlib.util.spec_from_file_location("micropython_plotted", FOLDER / "plotted.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert json.loads(ran.stdout) == module.run(asked)
