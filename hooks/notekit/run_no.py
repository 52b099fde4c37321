"""How many blocks may say ``run=no``: the number that a project keeps, so that it grows only on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from notekit.model import Collection, Place, Problem
from notekit.settings import SettingError, own

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Allowed:
    """The number, from 0, and where it is set."""

    number: int
    place: Place


def allowed(root: Path) -> Allowed | None:
    """``run_no`` under ``[tool.pagewalk]`` in the project's ``pyproject.toml``; None where that says nothing of it.

    Raises SettingError for a file that is not TOML, and for anything but a whole number from 0.
    """
    found, place = own(root, "run_no")
    if found is None:
        return None
    if type(found) is not int or found < 0:
        raise SettingError(f"{place}: run_no is {found!r}; it takes a whole number from 0")
    return Allowed(found, place)


def excess(collection: Collection, limit: Allowed | None) -> tuple[Problem, ...]:
    """A complaint where more blocks say ``run=no`` than the project allows; none otherwise, or without a limit."""
    blocks = [one for note in collection.notes for one in note.examples if one.run == "no"]
    if limit is None or len(blocks) <= limit.number:
        return ()
    named = [f"{one.note}#{one.name} at {one.place}" for one in blocks[:_NAMED]]
    more = f", and {len(blocks) - _NAMED} more" if len(blocks) > _NAMED else ""
    says = "1 block says" if len(blocks) == 1 else f"{len(blocks)} blocks say"
    message = f"{says} run=no where run_no allows {limit.number}: {', '.join(named)}{more}"
    return (Problem(limit.place, message, "let one of them run, or raise run_no"),)
