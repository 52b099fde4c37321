"""The inner loop of a stream: one reference after another through TLBs, paging-structure caches and tables.

See ``stream_structures`` for how it is compiled. ``caches.py`` is the authority on what happens; a property test holds
this loop equal to it.
"""

import cython

if not cython.compiled:
    from vmsim.stream_walk import *

COMPILED: bool = cython.compiled


def take(run: Run, addresses: cython.const[cython.ulonglong][::1], at: cython.Py_ssize_t, end: cython.Py_ssize_t):
    """Take the references from ``at`` to before ``end``; where it stopped.

    That is before ``end`` where a table is missing: ``state[NEEDED]`` says which kind, ``state[NEEDED_ADDRESS]``
    for which linear or guest-physical address.
    """
    address: cython.ulonglong
    found: cython.ulonglong
    start: cython.Py_ssize_t = at
    hits: cython.ulonglong = 0
    checksum: cython.ulonglong = run.counts[CHECKSUM]
    last_page: cython.ulonglong = run.state[LAST_PAGE]
    last_frame: cython.ulonglong = run.state[LAST_FRAME]
    with cython.nogil:
        while at < end:
            address = addresses[at]
            if address >> 12 == last_page:
                # Its entry is the newest of its set: using it again changes no order.
                hits += 1
                checksum = checksum + last_frame + (address & 0xFFF) & MAX_64
            else:
                found = reference(run, address)
                if found & USABLE:
                    last_page = address >> 12
                    last_frame = found & FRAME
                    checksum = checksum + last_frame + (address & 0xFFF) & MAX_64
                elif found >= TABLE_MISSING:
                    break
                else:
                    # What the walk dropped may be of the last page.
                    last_page = MAX_64
            at += 1
    run.counts[0] += at - start
    run.counts[DTLB_HITS] += hits
    run.counts[CHECKSUM] = checksum
    run.state[LAST_PAGE] = last_page
    run.state[LAST_FRAME] = last_frame
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reference(run: Run, address: cython.ulonglong) -> cython.ulonglong:
    """The frame of 4 KBytes that the address is in, with USABLE; or how the walk ended."""
    width: cython.int = 12 + 9 * cython.cast(cython.int, run.shape[LEVELS])
    if (address + (ONE << width - 1) & MAX_64) >> width:
        run.counts[FAULTS] += 1
        return FAULT
    run.state[CLOCK] += 1
    level: cython.int
    way: cython.Py_ssize_t
    tlb: cython.int
    for tlb in range(0, 6, 3):
        for level in range(1, 4):
            if run.shape[SIZES] >> level & 1:
                way = find(run, tlb, address >> 3 + 9 * level, level)
                if way >= 0:
                    run.counts[DTLB_HITS if tlb == DTLB else STLB_HITS] += 1
                    if tlb == STLB:
                        put(run, DTLB, address >> 3 + 9 * level, level, run.values[way])
                    return run.values[way] + (address & (ONE << 3 + 9 * level) - 1) & FRAME | USABLE
    found: cython.ulonglong = AGAIN
    while found == AGAIN:
        found = walk(run, address)
    if not found & LEAF:
        return found
    level = found >> LEVEL_SHIFT & 3
    frame: cython.ulonglong = found & FRAME & ~((ONE << 3 + 9 * level) - 1)
    put(run, DTLB, address >> 3 + 9 * level, level, frame)
    put(run, STLB, address >> 3 + 9 * level, level, frame)
    return frame + (address & (ONE << 3 + 9 * level) - 1) & FRAME | USABLE
