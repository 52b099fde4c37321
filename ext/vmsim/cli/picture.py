"""A walk as a picture, by whatever is installed that draws walks: the simulator itself does not know of it.

What draws is an entry point ``walk`` of the group ``vmsim.pictures``: a function of a Walk that gives SVG, and raises
FieldError for one that it has no picture of.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from vmsim import Walk
from vmsim.value import FieldError

GROUP = "vmsim.pictures"


def draw(walks: Sequence[Walk], path: Path) -> None:
    """Write the picture of a single walk. Raises FieldError; OSError where the file cannot be written."""
    if len(walks) != 1:
        raise FieldError("svg", str(path), "one walk: an access that stays in its page, and PDPTEs that can be loaded")
    found = entry_points(group=GROUP, name="walk")
    if not found:
        raise FieldError("svg", str(path), "an installation with vmview, which draws")
    path.write_text(next(iter(found)).load()(walks[0]) + "\n", encoding="utf-8")
