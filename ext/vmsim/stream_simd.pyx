# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""The loop of stream_simd.h for Python: prefetches and SIMD are what the pure Python mode cannot say.

``does`` says whether it can take a stream. Everything else is as in ``stream_loop``.
"""

from libc.stdint cimport int64_t, uint64_t

from libc.stdlib cimport free

cdef extern from "stream_simd.h":
    enum:
        STREAM_WAYS
        STREAM_STRUCTURES

    struct stream:
        const uint64_t *entries
        const uint64_t *ept
        const uint64_t *places
        uint64_t *counts
        char *arena
        int nested, grows, size, page_level
        uint64_t needed, needed_address

    int stream_supported()
    void stream_add(stream *, int, unsigned, unsigned)
    int stream_ready(stream *)
    int64_t stream_take(stream *, const uint64_t *, int64_t, int64_t, int64_t, int) nogil

# Places in ``shape``: see stream_structures.py.
LEVELS, EPT_LEVELS, SHADOW, GROWS, SIZES, PAGE_LEVEL = 18, 19, 20, 21, 22, 23
FASTEST = stream_supported()


def does(shape) -> bool:
    """Whether the processor has what it needs, and the tables and structures are of the kind that it does.

    Walks of 4 levels, native or nested; pages of one size in the TLBs; up to 12 ways; tags that fit 32 bits.
    """
    if not FASTEST or shape[LEVELS] != 4 or shape[EPT_LEVELS] not in (0, 4) or shape[SHADOW]:
        return False
    size = int(shape[SIZES]).bit_length() - 1
    if shape[SIZES] not in (2, 4, 8) or not shape[PAGE_LEVEL]:
        return False
    for structure in range(STREAM_STRUCTURES):
        sets, ways = shape[3 * structure + 1] + 1, shape[3 * structure + 2]
        number_bits = 48 - 3 - 9 * (size if structure < 2 else structure)
        if ways > STREAM_WAYS or (ways and number_bits > 32 + sets.bit_length() - 1):
            return False
    return shape[2] > 0


cdef class Run:
    """One stream's structures and tables; ``variant`` 1 takes AVX2 though the processor has AVX-512."""

    cdef stream it
    cdef int variant
    cdef object shape
    cdef uint64_t[::1] counts
    cdef uint64_t[::1] state
    cdef const uint64_t[::1] entries, ept, places

    def __cinit__(self, ways, shape, state, counts, variant=None):
        self.counts, self.state, self.shape = counts, state, shape
        self.variant = FASTEST if variant is None else variant
        self.it.counts = &self.counts[0]
        self.it.nested, self.it.grows = shape[EPT_LEVELS] != 0, shape[GROWS]
        self.it.size, self.it.page_level = int(shape[SIZES]).bit_length() - 1, shape[PAGE_LEVEL]
        for structure in range(STREAM_STRUCTURES):
            bits = (shape[3 * structure + 1] + 1).bit_length() - 1
            stream_add(&self.it, structure, bits, shape[3 * structure + 2])
        if stream_ready(&self.it):
            raise MemoryError

    def __dealloc__(self):
        free(self.it.arena)

    def set_tables(self, entries, filled, ept, places):
        """Walk these from now on."""
        self.entries, self.ept, self.places = entries, ept, places
        self.it.entries, self.it.ept, self.it.places = &self.entries[0], &self.ept[0], &self.places[0]


def take(Run run, const uint64_t[::1] addresses, int64_t at, int64_t end):
    """Take the references from ``at`` to before ``end``; where it stopped, as ``stream_loop.take``."""
    cdef int64_t length = addresses.shape[0]
    if at < end:
        with nogil:
            at = stream_take(&run.it, &addresses[0], at, end, length, run.variant)
        run.state[3], run.state[4] = run.it.needed, run.it.needed_address
    return at
