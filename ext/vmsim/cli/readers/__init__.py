"""What ``vmsim explain`` can read: a reader is one file here, with ``TAKES`` (what it reads, for people) and
``read(text, settings)``, which gives an Explanation, or None for a text that is none of its own. Nothing lists them.

``text`` is one line, stripped. FieldError where the text is the reader's own and a number in it cannot be.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from vmsim.cli.explanation import Explanation, Settings


def readers() -> list[ModuleType]:
    """All readers, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def read(text: str, settings: Settings) -> Explanation | None:
    """What the first reader that knows the text says of it."""
    for reader in readers():
        found = reader.read(text, settings)
        if found is not None:
            assert isinstance(found, Explanation)
            return found
    return None
