"""Sweeps: the same references to working sets of many sizes, counted by the stream for each setup.

    >>> from vmsim.stream_sweep import counts_at
    >>> from vmsim.sweep_trace import Setup, Sweep
    >>> counts = counts_at(Sweep((Setup(),), (1 << 16, 1 << 30)), Setup(), 1 << 16)
    >>> counts.accesses, counts.dtlb_hits
    (32768, 32768)

Structures are empty at first. As many references as are counted go before, so that what is counted is what goes on.
Only CPython runs this.
"""

from __future__ import annotations

import random
from array import array
from functools import lru_cache

from vmsim import bits
from vmsim.logical_processor import CacheGeometry
from vmsim.stream import Stream, without_structure_caches
from vmsim.stream_counts import Counts
from vmsim.stream_mapping import Mapping, mapping
from vmsim.stream_patterns import chase, sequential, uniform
from vmsim.sweep_trace import CHASE, PAGES, SEQUENTIAL, UNIFORM, Line, Setup, Sweep, Swept

_MAKERS = {
    UNIFORM: uniform,
    SEQUENTIAL: lambda size: sequential(64, size),
    PAGES: lambda size: sequential(bits.FRAME, size),
    CHASE: chase,
}


def run(sweep: Sweep) -> Swept:
    """All counts of a sweep. Pure: the same sweep gives the same counts."""
    found: dict[Setup, Line] = {}
    for setup in sorted(sweep.setups, key=_tables_of):
        found[setup] = Line(setup, tuple(counts_at(sweep, setup, size) for size in sweep.working_sets))
    # Up to half a gigabyte, for 64 GiB mapped by 4 KiB twice.
    _tables.cache_clear()
    return Swept(sweep, tuple(found[setup] for setup in sweep.setups))


def _tables_of(setup: Setup) -> tuple[str, str, str]:
    return setup.mode, setup.page_size, setup.ept_page_size or "4 KiB"


def counts_at(sweep: Sweep, setup: Setup, working_set: int) -> Counts:
    """The counts of one point of it; they do not depend on the others."""
    geometry = CacheGeometry(tlbs=sweep.tlbs)
    if not setup.structure_caches:
        geometry = without_structure_caches(geometry)
    return _counted(_tables_of(setup), geometry, sweep.pattern, sweep.accesses, working_set)


@lru_cache(maxsize=4096)
def _counted(tables: tuple[str, str, str], geometry: CacheGeometry, pattern: str, accesses: int, size: int) -> Counts:
    stream = Stream(_tables(*tables), geometry)
    addresses = memoryview(_addresses(pattern, 2 * accesses, size))
    stream.feed(addresses[:accesses])
    before = stream.counts
    stream.feed(addresses[accesses:])
    after = stream.counts
    changes = {name: getattr(after, name) - getattr(before, name) for name in Counts._fields}
    return Counts(**changes | {"checksum": changes["checksum"] % (1 << 64)})


@lru_cache(maxsize=1)
def _addresses(pattern: str, count: int, size: int) -> array[int]:
    return _MAKERS[pattern](size)(count, random.Random(1))


@lru_cache(maxsize=1)
def _tables(mode: str, page_size: str, ept_page_size: str) -> Mapping:
    """Tables grow with what is walked and hold nothing else, so the points of a line, and lines alike, share them."""
    return mapping(mode, page_size, ept_page_size)
