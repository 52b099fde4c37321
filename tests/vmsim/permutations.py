"""tests/micropython/permutations.py, which MicroPython runs too, as a module of these tests."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "micropython"


def load(name):
    """The module of that name in tests/micropython."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


load("cases")
permutations = load("permutations")
