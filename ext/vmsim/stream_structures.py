# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""What a stream's inner loop works on, and its TLBs and paging-structure caches: find, put, drop.

``stream_structures``, ``stream_walk`` and ``stream_loop`` are interpreted as they are, and compiled as one, in this
order, as ``vmsim._stream_loop``: so the C compiler sees all of the loop. Compiled, none touches a Python object.

A structure is a part of three arrays: ``keys`` (0: the way is free), ``values``, and ``stamps``, the clock when the way
was last used: the least is the next victim, which is true LRU. A key is ``number << 2 | level`` in a TLB (``level`` of
the page's entry, 1 to 3), ``number << 2 | 1`` in a paging-structure cache.
"""

from array import array

import cython

# Places in ``shape``: three numbers (first way, sets - 1, ways) for each structure, and what else is known beforehand.
# A paging-structure cache has the place 3 * level.
DTLB = cython.declare(cython.int, 0)
STLB = cython.declare(cython.int, 3)
LEVELS = cython.declare(cython.int, 18)
EPT_LEVELS = cython.declare(cython.int, 19)
SHADOW = cython.declare(cython.int, 20)
GROWS = cython.declare(cython.int, 21)
SIZES = cython.declare(cython.int, 22)
# Places in ``state``, which lives from chunk to chunk; from PATH on, by level, the tables of the walk under way.
CLOCK = cython.declare(cython.int, 0)
LAST_PAGE = cython.declare(cython.int, 1)
LAST_FRAME = cython.declare(cython.int, 2)
NEEDED = cython.declare(cython.int, 3)
NEEDED_ADDRESS = cython.declare(cython.int, 4)
EPT_READ = cython.declare(cython.int, 5)
PATH = cython.declare(cython.int, 6)
# Places in ``counts``: the fields of Counts in their order; hits in the cache of a level are at HITS + level.
DTLB_HITS = cython.declare(cython.int, 1)
STLB_HITS = cython.declare(cython.int, 2)
HITS = cython.declare(cython.int, 1)
WALKS = cython.declare(cython.int, 7)
ENTRIES = cython.declare(cython.int, 8)
EPT_ENTRIES = cython.declare(cython.int, 9)
FAULTS = cython.declare(cython.int, 10)
EXITS = cython.declare(cython.int, 11)
CHECKSUM = cython.declare(cython.int, 12)
# Flags of an entry: see stream_tables.py.
USABLE = cython.declare(cython.ulonglong, 1)
FOR_TABLES = cython.declare(cython.ulonglong, 2)
REFUSING = cython.declare(cython.ulonglong, 2)
WRONG = cython.declare(cython.ulonglong, 8)
LEAF = cython.declare(cython.ulonglong, 0x80)
LEVEL_SHIFT = cython.declare(cython.int, 10)
FRAME = cython.declare(cython.ulonglong, 0x000F_FFFF_FFFF_F000)
# How a walk ends that finds no page (else with the entry that maps it), and one that begins again.
FAULT = cython.declare(cython.ulonglong, 2)
VIOLATION = cython.declare(cython.ulonglong, 4)
MISCONFIGURATION = cython.declare(cython.ulonglong, 6)
AGAIN = cython.declare(cython.ulonglong, 8)
TABLE_MISSING = cython.declare(cython.ulonglong, 10)
EPT_TABLE_MISSING = cython.declare(cython.ulonglong, 12)

MAX_64 = cython.declare(cython.ulonglong, 0xFFFF_FFFF_FFFF_FFFF)
ONE = cython.declare(cython.ulonglong, 1)


@cython.cclass
class Run:
    """One stream's structures and tables: buffers of unsigned 64-bit numbers (``filled``: bytes)."""

    keys: cython.ulonglong[::1]
    values: cython.ulonglong[::1]
    stamps: cython.ulonglong[::1]
    shape: cython.int[::1]
    state: cython.ulonglong[::1]
    counts: cython.ulonglong[::1]
    entries: cython.ulonglong[::1]
    filled: cython.uchar[::1]
    ept: cython.ulonglong[::1]
    places: cython.ulonglong[::1]

    def __init__(self, ways, shape, state, counts):
        self.keys = array("Q", bytes(8 * ways))
        self.values = array("Q", bytes(8 * ways))
        self.stamps = array("Q", bytes(8 * ways))
        self.shape = shape
        self.state = state
        self.counts = counts

    def set_tables(self, entries, filled, ept, places):
        """Walk these from now on; ``filled`` has a bit for each of ``entries`` (shadow tables)."""
        self.entries = entries
        self.filled = filled
        self.ept = ept
        self.places = places


@cython.cfunc
@cython.nogil
@cython.inline
@cython.exceptval(check=False)
def find(run: Run, structure: cython.int, number: cython.ulonglong, level: cython.int) -> cython.Py_ssize_t:
    """The way that has the entry, which is now the newest of its set; -1 where none has."""
    ways: cython.Py_ssize_t = run.shape[structure + 2]
    first: cython.Py_ssize_t = run.shape[structure] + (number & run.shape[structure + 1]) * ways
    key: cython.ulonglong = number << 2 | level
    found: cython.Py_ssize_t = -1
    way: cython.Py_ssize_t
    for way in range(first, first + ways):
        # Without a branch, as well.
        found = way if run.keys[way] == key else found
    if found >= 0:
        run.stamps[found] = run.state[CLOCK]
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def put(
    run: Run, structure: cython.int, number: cython.ulonglong, level: cython.int, value: cython.ulonglong
) -> cython.void:
    """Put an entry into the way that is free or was not used for longest."""
    ways: cython.Py_ssize_t = run.shape[structure + 2]
    first: cython.Py_ssize_t = run.shape[structure] + (number & run.shape[structure + 1]) * ways
    way: cython.Py_ssize_t
    victim: cython.Py_ssize_t = first
    oldest: cython.ulonglong = MAX_64
    older: cython.bint
    if ways == 0:
        return
    for way in range(first, first + ways):
        # Without a branch: which way is the oldest cannot be predicted.
        older = run.stamps[way] < oldest
        victim = way if older else victim
        oldest = run.stamps[way] if older else oldest
    run.keys[victim] = number << 2 | level
    run.values[victim] = value
    run.stamps[victim] = run.state[CLOCK]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def drop_page(run: Run, address: cython.ulonglong, level: cython.int) -> cython.void:
    """Drop from the TLBs all parts of the guest's page, of that level, that holds the address."""
    way: cython.Py_ssize_t
    shift: cython.int
    for way in range(run.shape[6]):
        shift = 3 + 9 * cython.cast(cython.int, run.keys[way] & 3)
        if run.keys[way] and run.keys[way] >> 2 << shift >> 3 + 9 * level == address >> 3 + 9 * level:
            run.keys[way] = 0
            run.stamps[way] = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def drop_structures(run: Run, address: cython.ulonglong) -> cython.void:
    """Drop what a walk of that address would use of the paging-structure caches."""
    level: cython.int
    way: cython.Py_ssize_t
    for level in range(2, 6):
        way = find(run, 3 * level, address >> 3 + 9 * level, 1)
        if way >= 0:
            run.keys[way] = 0
            run.stamps[way] = 0
