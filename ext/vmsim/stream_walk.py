"""The walk of a stream's tables: the guest's or the shadow ones, and EPT's for each of the guest's.

See ``stream_structures`` for how it is compiled. ``walker.py``, ``ept.py`` and ``shadow.py`` are the authorities on
what happens, ``stream_tables.py`` says how the tables look.
"""

import cython

if not cython.compiled:
    from vmsim.stream_structures import *


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def walk(run: Run, address: cython.ulonglong) -> cython.ulonglong:
    """The entry that maps the page, of the level of the smaller page under EPT; or how the walk ended."""
    level: cython.int = run.shape[LEVELS]
    highest: cython.int = level
    table: cython.ulonglong = 0
    way: cython.Py_ssize_t
    read: cython.ulonglong = 0
    entry: cython.ulonglong
    end: cython.ulonglong = 0
    first: cython.int = 0
    for first in range(2, highest + 1):
        way = find(run, 3 * first, address >> 3 + 9 * first, 1)
        if way >= 0:
            table = run.values[way]
            level = first - 1
            break
    first = level
    run.state[EPT_READ] = 0
    while True:
        if run.shape[EPT_LEVELS]:
            end = ept_walk(run, run.places[table >> 9], FOR_TABLES)
            if not end & LEAF:
                break
            end = 0
        table += address >> 3 + 9 * level & 511
        entry = run.entries[table]
        read += 1
        if run.shape[SHADOW] and not (run.filled[table >> 3] >> (table & 7) & 1 and entry & USABLE):
            end = fill(run, address)
            break
        if not entry & USABLE:
            end = TABLE_MISSING if entry == 0 and run.shape[GROWS] else FAULT
            break
        if entry & LEAF:
            break
        table = (entry & FRAME) >> 3
        run.state[PATH + level] = table
        level -= 1
    if end == 0 and run.shape[EPT_LEVELS]:
        physical: cython.ulonglong = (entry & FRAME) + (address & (ONE << 3 + 9 * level) - 1)
        end = ept_walk(run, physical, USABLE)
        if end & LEAF:
            entry = smaller(physical, level, end)
            end = 0
        elif end == VIOLATION:
            drop_page(run, address, level)
    if end >= TABLE_MISSING:
        run.state[NEEDED] = end
        if end == TABLE_MISSING:
            run.state[NEEDED_ADDRESS] = address
        return end
    run.counts[WALKS] += 1
    run.counts[ENTRIES] += read
    run.counts[EPT_ENTRIES] += run.state[EPT_READ]
    if first < highest:
        run.counts[HITS + first + 1] += 1
    if end:
        ended(run, address, end)
        return end
    while first > level:
        put(run, 3 * first, address >> 3 + 9 * first, 1, run.state[PATH + first])
        first -= 1
    return entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ept_walk(run: Run, physical: cython.ulonglong, wanted: cython.ulonglong) -> cython.ulonglong:
    """The EPT entry that maps the guest-physical address for what is wanted; or how the walk ended."""
    level: cython.int = run.shape[EPT_LEVELS]
    table: cython.ulonglong = 0
    entry: cython.ulonglong
    if physical >> 12 + 9 * level:
        return VIOLATION
    while True:
        entry = run.ept[table + (physical >> 3 + 9 * level & 511)]
        run.state[EPT_READ] += 1
        if entry == 0 and run.shape[GROWS]:
            run.state[NEEDED_ADDRESS] = physical
            return EPT_TABLE_MISSING
        if entry & LEAF:
            return entry if entry & wanted else VIOLATION
        if not entry & USABLE:
            return MISCONFIGURATION if entry & WRONG else VIOLATION
        table = (entry & FRAME) >> 3
        level -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def fill(run: Run, address: cython.ulonglong) -> cython.ulonglong:
    """What the hypervisor does at a fault in the shadow tables: AGAIN, or FAULT where the guest gets it.

    ``ShadowMmu.fault``: entries are made down to the page's, and its group of 8 as far as no fault is needed.
    """
    level: cython.int
    table: cython.ulonglong
    entry: cython.ulonglong = 0
    one: cython.ulonglong
    making: cython.int
    for making in range(2):
        level = run.shape[LEVELS]
        table = 0
        while True:
            table += address >> 3 + 9 * level & 511
            entry = run.entries[table]
            if not entry & USABLE:
                return TABLE_MISSING if entry == 0 and run.shape[GROWS] else FAULT
            if making:
                run.filled[table >> 3] |= ONE << (table & 7)
            if entry & LEAF:
                break
            table = (entry & FRAME) >> 3
            level -= 1
    for one in range(table & ~7, (table & ~7) + 8):
        if not run.filled[one >> 3] >> (one & 7) & 1:
            if not run.entries[one] & (USABLE | REFUSING):
                break
            run.filled[one >> 3] |= ONE << (one & 7)
    return AGAIN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ended(run: Run, address: cython.ulonglong, end: cython.ulonglong) -> cython.void:
    """Count how a walk ended that found no page, and drop what such an event invalidates."""
    if end != FAULT or run.shape[SHADOW]:
        run.counts[EXITS] += 1
    if end == FAULT:
        run.counts[FAULTS] += 1
    if end != MISCONFIGURATION:
        drop_structures(run, address)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def smaller(physical: cython.ulonglong, level: cython.int, mapped: cython.ulonglong) -> cython.ulonglong:
    """The entry for the smaller of the guest's page, of that level, and the EPT page that maps part or all of it."""
    ept_level: cython.int = mapped >> LEVEL_SHIFT & 3
    frame: cython.ulonglong = (mapped & FRAME) + (physical & (ONE << 3 + 9 * ept_level) - 1)
    if ept_level < level:
        level = ept_level
    return frame & ~((ONE << 3 + 9 * level) - 1) | cython.cast(cython.ulonglong, level) << LEVEL_SHIFT | LEAF | USABLE
