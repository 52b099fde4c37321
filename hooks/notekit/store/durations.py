"""How long each unit took when it last ran, by its name: what shards are divided by.

One file beside the entries, ``durations.json``, since a unit's key changes with its code and its name does not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from notekit.files import write_whole
from notekit.store.leases import locked

_FILE = "durations.json"


def read(root: Path) -> dict[str, float]:
    """Seconds by unit name; nothing where none are recorded, or what is there is no record of them."""
    try:
        found: Any = json.loads((root / _FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return valid(found)


def valid(found: Any) -> dict[str, float]:
    """The part of parsed JSON that is names with seconds from 0."""
    if not isinstance(found, dict):
        return {}
    numbers = {name: value for name, value in found.items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in numbers.items() if math.isfinite(value) and value >= 0}


def record(root: Path, seconds: Mapping[str, float]) -> None:
    """Adds to what is recorded, in place of older values. Raises OSError."""
    new = {name: round(value, 3) for name, value in seconds.items()}
    if new.items() <= read(root).items():
        return
    root.mkdir(parents=True, exist_ok=True)
    with locked(root, exclusive=True):
        known = {**read(root), **new}
        write_whole(root / _FILE, json.dumps(dict(sorted(known.items())), indent=0, ensure_ascii=False) + "\n")
