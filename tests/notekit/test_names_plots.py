"""Computed text beside plots."""

from __future__ import annotations

import pytest

from notekit.plot_names import cache_reach, per_access
from vmsim.value import FieldError
from vmview import plot


@pytest.mark.parametrize(
    ("structure", "page_size", "reach"),
    [
        ("TLB", "4 KiB", "256 KiB"),
        ("second-level TLB", "2 MiB", "3 GiB"),
        ("PDE cache", "4 KiB", "64 MiB"),
        ("PDPTE cache", "4 KiB", "4 GiB"),
        ("PML4 cache", "4 KiB", "1 TiB"),
    ],
)
def test_a_cache_reaches_as_far_as_its_entries(structure: str, page_size: str, reach: str) -> None:
    """Entries times what one of them translates: a page in a TLB, what an entry of its level controls elsewhere."""
    assert cache_reach(structure, page_size) == reach


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ({}, ()),
        ({"structure_caches": 0}, ("native", "4 KiB", "", False)),
        ({"mode": "nested"}, ("nested",)),
        ({"mode": "nested", "page_size": "2 MiB", "ept_page_size": "1 GiB"}, ("nested", "2 MiB", "1 GiB")),
    ],
)
def test_prose_says_what_the_plot_shows(line: dict[str, object], arguments: tuple[str, ...]) -> None:
    """The figure is the one in the plot's table."""
    trace = plot.run({"lines": [line], "working_sets": {"from": "4 MiB", "to": "1 GiB"}, "show": "entries read"})
    shown = {row[0]: row[1] for row in plot.table(trace, "en")}
    for size in ("16 MiB", "1 GiB"):
        assert per_access("entries read", size, *arguments) == shown[size]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hits", "1 GiB"), "measure is 'hits'; allowed: entries read, TLB misses, cycles, exits"),
        (("cycles", "3 GiB"), "working_set is '3 GiB'; allowed: 4 KiB, 8 KiB"),
        (("cycles", "1 GiB", "native", "4 KiB", "2 MiB"), "ept_page_size is '2 MiB'; allowed: "),
    ],
)
def test_a_point_that_cannot_be_is_refused(arguments: tuple[str, ...], message: str) -> None:
    """With the name of the argument and what is allowed."""
    with pytest.raises(FieldError) as caught:
        per_access(*arguments)
    assert str(caught.value).startswith(message)
