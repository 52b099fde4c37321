"""Runs the bodies of diagrams and gives back everything that must be the same on every build, as text.

The same file runs in CPython (imported by a test) and in MicroPython (by run.mjs).
"""

import json

import vmview
from vmview import svg


def shown(value):
    """A value, with all values in it, as text; repr would escape Chinese in one Python and not in the other."""
    if hasattr(value, "_fields"):
        inside = ", ".join(name + "=" + shown(getattr(value, name)) for name in value._fields)
        return type(value).__name__ + "(" + inside + ")"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(shown(item) for item in value) + ")"
    if isinstance(value, dict):
        return "{" + ", ".join(key + ": " + shown(value[key]) for key in sorted(value)) + "}"
    return str(value)


def run(text):
    """``text``: JSON pairs of type and body. For each the trace, the outcome, and per language Scene, SVG and text."""
    types = vmview.types()
    results = []
    for name, spec in json.loads(text):
        view = types[name]
        try:
            trace = view.run(spec)
        except ValueError as error:
            results.append([str(error)])
            continue
        result = [shown(trace), shown(view.outcome(trace))]
        for language in ("en", "zh"):
            scene = view.layout(trace, language)
            result += [shown(scene), svg.render(scene, "d1"), view.describe(trace, language)]
        results.append(result)
    return results
