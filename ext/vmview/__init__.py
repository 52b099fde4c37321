"""vmview: what the simulator saw, drawn. A trace becomes a Scene, a Scene becomes SVG or text.

Each diagram type is one module of this folder with

    NAME                        its name in notes, as a block's language
    SCHEMA                      JSON Schema, Draft 2020-12, of its YAML body, ``expect`` included
    run(spec) -> trace          what the simulator makes of a body (without ``expect``)
    outcome(trace) -> dict      what ``expect`` is compared with
    layout(trace, language)     the Scene; ``language`` is "en" or "zh"
    describe(trace, language)   the same as text
    table(trace, language)      only where there is data: rows of texts for people, the first names the columns
    data(trace, language)       with it: the same for programs
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["types"]


def types() -> "dict[str, Any]":
    """The diagram types by name: every module of this folder that has a ``NAME``."""
    # MicroPython has no importlib and no os.path.
    folder = __file__.rsplit("/", 1)[0]
    found = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith(".py") and not file.startswith("_"):
            module = __import__("vmview." + file[:-3], None, None, ["NAME"])
            if hasattr(module, "NAME"):
                found[module.NAME] = module
    return found
