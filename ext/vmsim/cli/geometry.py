"""Options for the structures that keep translations: ``--stlb 1536x12``, and the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from vmsim.logical_processor import CacheGeometry
from vmsim.set_associative import Geometry
from vmsim.value import FieldError

NAMES = ("dtlb", "stlb", "pde", "pdpte", "pml4e")
_DEFAULT = CacheGeometry()


class Structure(click.ParamType[Any]):
    """``ENTRIESxWAYS``; ``none``: there is no such structure."""

    name = "entries x ways"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """A Geometry, or ``none``; a usage error says what is allowed."""
        if isinstance(value, Geometry) or value == "none":
            return value
        entries, times, ways = str(value).lower().partition("x")
        try:
            if not times or int(entries) % int(ways):
                raise ValueError
            return Geometry(int(entries) // int(ways), int(ways))
        except (ValueError, ZeroDivisionError) as error:
            why = f" ({error})" if isinstance(error, FieldError) else ""
            right = "1536x12 (entries x ways, 2^n sets) or none would be"
            self.fail(f"{value!r} is no structure{why}; {right}", param, ctx)


def options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of all structures."""
    flag = "--no-structure-caches"
    function = click.option(flag, is_flag=True, help="No paging-structure caches: every walk begins at CR3.")(function)
    for name, one in zip(reversed(NAMES), reversed((*_DEFAULT.tlbs, *_DEFAULT.structures[:3])), strict=True):
        assert one is not None
        shown = f"{one.sets * one.ways}x{one.ways}"
        help_text = f"{_HELP[name]}, entries x ways; default {shown}."
        function = click.option(f"--{name}", type=Structure(), default=one, help=help_text)(function)
    return function


_HELP = {
    "dtlb": "The first TLB",
    "stlb": "The second-level TLB",
    "pde": "The cache of PDEs",
    "pdpte": "The cache of PDPTEs",
    "pml4e": "The cache of PML4Es",
}


def geometry(given: dict[str, Any]) -> CacheGeometry:
    """What the options say; FieldError where there is no first TLB."""
    named = [None if given[name] == "none" else given[name] for name in NAMES]
    if named[0] is None:
        raise FieldError("dtlb", "none", "entries x ways: the first TLB cannot be missing")
    structures = tuple(named[2:]) + _DEFAULT.structures[3:]
    tlbs = tuple(one for one in named[:2] if one is not None)
    return CacheGeometry(tlbs, (None,) * 4 if given["no_structure_caches"] else structures)
