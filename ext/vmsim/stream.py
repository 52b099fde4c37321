"""Streams: millions of references through TLBs, paging-structure caches and tables, and how often each was asked.

    >>> from array import array
    >>> from vmsim.stream import mapping, simulate
    >>> counts = simulate(array("Q", range(0, 1 << 20, 64)), mapping("native", "4 KiB"))
    >>> counts.accesses, counts.dtlb_hits, counts.walks, counts.pde_hits, counts.entries_read
    (16384, 16128, 256, 255, 259)
    >>> counts.cycles()
    3626

``simulate(addresses, tables)`` gives Counts. Addresses: any buffer of 64-bit integers (``array("Q")``, a NumPy array of
uint64, a memoryview), bytes (little-endian), or an iterable of such chunks, of which one at a time is held. Tables:
``mapping`` (every address is mapped, with pages of one size), or those in the simulator's memory: ``flat`` (native, or
nested where EPT is given), ``flat_shadow``. ``geometry`` is a CacheGeometry as ``caches.py`` takes, with true LRU;
``without_structure_caches`` takes the paging-structure caches away. All references are of one kind: the Access that
``flat`` is given. A and D flags count as set, so a walk writes nothing.

``Stream`` takes chunks one by one; ``simulate_all`` runs independent streams on all cores. Only CPython runs this.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, cast

from vmsim import _build
from vmsim.logical_processor import CacheGeometry
from vmsim.replacement import LRU
from vmsim.stream_counts import Costs, Counts
from vmsim.stream_flat import flat, flat_shadow
from vmsim.stream_mapping import Mapping, mapping
from vmsim.stream_tables import MODES, SHADOW, Tables
from vmsim.value import FieldError, replace

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, TypeAlias

    # collections.abc.Buffer, from Python 3.12 on.
    Buffer: TypeAlias = Any

__all__ = [
    "MODES", "CacheGeometry", "Costs", "Counts", "Mapping", "Stream", "Tables", "flat", "flat_shadow", "mapping",
    "simulate", "simulate_all", "without_structure_caches",
]  # fmt: skip

# References between two calls of ``progress``: some 10 ms compiled.
PIECE = 1 << 20
_NEEDED, _NEEDED_ADDRESS, _LAST_PAGE, _STATE = 3, 4, 1, 16
_EPT_TABLE_MISSING = 12
_INTEGERS = {"Q", "q", "L", "l", "N", "n"}


class Stream:
    """One stream under way. ``build`` is the module with the loop; None: the compiled one.

    Raises FieldError for a geometry with another policy than LRU.
    """

    def __init__(self, tables: Tables, geometry: CacheGeometry | None = None, build: ModuleType | None = None) -> None:
        self.tables = tables
        shape, ways = shape_of(geometry or CacheGeometry(), tables)
        self._build = build or loop(shape)
        self._state = array("Q", bytes(8 * _STATE))
        self._state[_LAST_PAGE] = (1 << 64) - 1
        self._counts = array("Q", bytes(8 * len(Counts._fields)))
        self._filled = bytearray(1)
        self._run = self._build.Run(ways, shape, self._state, self._counts)

    @property
    def counts(self) -> Counts:
        """What it came to so far."""
        return Counts(*self._counts)

    def feed(self, addresses: Buffer, progress: Callable[[int], None] | None = None) -> None:
        """Take the references of one chunk; ``progress`` is called now and then with how many there were in all.

        Raises FieldError for what is no buffer of 64-bit integers. What ``progress`` raises ends it between two
        references.
        """
        view = as_addresses(addresses)
        at = 0
        self._set_tables()
        while at < len(view):
            end = min(len(view), at + PIECE)
            at = self._build.take(self._run, view, at, end)
            if at < end:
                self._supply()
            elif progress is not None:
                progress(self._counts[0])

    def _supply(self) -> None:
        tables = self.tables
        with tables.lock:
            address = self._state[_NEEDED_ADDRESS]
            if self._state[_NEEDED] == _EPT_TABLE_MISSING:
                tables.supply_ept_table(address)
            else:
                tables.supply_table(address)
        self._set_tables()

    def _set_tables(self) -> None:
        tables = self.tables
        with tables.lock:
            if tables.mode == SHADOW and 8 * len(self._filled) < len(tables.entries.view):
                self._filled = self._filled.ljust(len(tables.entries.view) // 8, b"\0")
            self._run.set_tables(tables.entries.view, memoryview(self._filled), tables.ept.view, tables.places.view)


def loop(shape: array[int]) -> ModuleType:
    """The module with the loop for structures and tables of that shape (see stream_structures.py).

    ``vmsim._stream_simd`` where the processor can and it does them; else ``vmsim._stream_loop``, the same without SIMD.
    Where VMSIM_INTERPRETED is 1, ``stream_loop`` as it stands.
    """
    if os.environ.get("VMSIM_INTERPRETED") == "1":
        from vmsim import stream_loop

        return stream_loop
    simd = _extension("stream_simd")
    return simd if simd.does(shape) else _extension("stream_loop")


# Its sources are read and digested once.
_extension = cache(_build.extension)


def simulate(
    addresses: Buffer | Iterable[Buffer],
    tables: Tables,
    geometry: CacheGeometry | None = None,
    progress: Callable[[int], None] | None = None,
    build: ModuleType | None = None,
) -> Counts:
    """The counts of a whole stream, whose structures are empty at first. Raises FieldError as Stream does."""
    stream = Stream(tables, geometry, build)
    try:
        chunks: Iterable[Buffer] = (memoryview(cast("Buffer", addresses)),)
    except TypeError:
        chunks = addresses
    for chunk in chunks:
        stream.feed(chunk, progress)
    return stream.counts


def simulate_all(
    streams: Sequence[Buffer | Iterable[Buffer]],
    tables: Tables,
    geometry: CacheGeometry | None = None,
    build: ModuleType | None = None,
) -> tuple[Counts, ...]:
    """The counts of independent streams, each with structures of its own, in threads on all cores."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return tuple(pool.map(lambda one: simulate(one, tables, geometry, None, build), streams))


def without_structure_caches(geometry: CacheGeometry | None = None) -> CacheGeometry:
    """The same geometry with no paging-structure cache: every walk begins at CR3."""
    changed: CacheGeometry = replace(geometry or CacheGeometry(), structures=(None,) * 4)
    return changed


def as_addresses(given: Buffer) -> memoryview:
    """The buffer as unsigned 64-bit integers, without a copy; FieldError for another."""
    try:
        view = memoryview(given)
    except TypeError:
        kinds = "a buffer, such as array('Q', …), or chunks of it"
        raise FieldError("addresses", type(given).__name__, kinds) from None
    if not view.c_contiguous:
        raise FieldError("addresses", view.strides, "a buffer in one piece")
    kind = view.format.lstrip("@=<")
    whole = kind in _INTEGERS and view.itemsize == 8
    if not whole and (view.itemsize != 1 or view.nbytes % 8):
        shown = f"{view.format!r}, {view.nbytes} bytes"
        raise FieldError("addresses", shown, "64-bit integers ('Q') of this machine, or bytes, 8 for each")
    return view.cast("B").cast("Q")


def shape_of(geometry: CacheGeometry, tables: Tables) -> tuple[array[int], int]:
    """What the loop has to know of structures and tables; and how many ways all structures have together."""
    if geometry.guest_physical is not None:
        raise FieldError("guest_physical", geometry.guest_physical, "None: a stream caches no guest-physical mappings")
    found = array("i")
    ways = 0
    named = [*geometry.tlbs, None][:2] + list(geometry.structures)
    for one in named:
        if one is not None and one.policy != LRU:
            raise FieldError("policy", one.policy, f"{LRU}, in a stream")
        found.extend((ways, one.sets - 1 if one else 0, one.ways if one else 0))
        ways += one.sets * one.ways if one else 0
    found.extend((tables.levels, tables.ept_levels, tables.mode == SHADOW, tables.grows))
    found.extend((tables.sizes, tables.page_level))
    return found, ways
