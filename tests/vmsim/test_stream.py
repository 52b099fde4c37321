"""Streams: what they take, what they give, and that neither threads, chunks nor the choice of loop can be seen."""

import ctypes
import random
import sys
import threading
import tracemalloc
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vmsim.stream_reference import loops
from vmsim import Memory, Processor, _build, bits, stream_loop
from vmsim.logical_processor import CacheGeometry
from vmsim.replacement import FIFO
from vmsim.set_associative import Geometry
from vmsim.stream import (
    MODES,
    PIECE,
    Costs,
    Counts,
    Stream,
    flat,
    loop,
    mapping,
    shape_of,
    simulate,
    simulate_all,
    without_structure_caches,
)
from vmsim.stream_patterns import PATTERNS, addresses, chase
from vmsim.value import FieldError

SIZES = bits.PAGE_SIZES[1:]
FEW = array("Q", [0x1000, 0x2000, 0x1008, 0x7FFF_FFFF_F000, 1 << 47, 0xFFFF_8000_0000_0000, 0x1000])
NOT_CANONICAL = 1 << 47


def test_what_a_short_stream_comes_to():
    """Each count is what the manual's rules give for references that can be followed by hand."""
    found = simulate(FEW, mapping())
    # 0x1000 walks from CR3, 0x2000 from its PDE, the third and the last hit; the two ends of the lower half and the
    # start of the upper one walk from CR3, and 2^47 is not canonical.
    half = 1 << 47
    frames = (0x1000, 0x2000, 0x1008, 0x7FFF_FFFF_F000, 0, 0x1000)
    assert found == Counts(
        accesses=7, dtlb_hits=2, stlb_hits=0, pde_hits=1, pdpte_hits=0, pml4e_hits=0, pml5e_hits=0, walks=4,
        entries_read=4 + 1 + 4 + 4, ept_entries_read=0, faults=1, exits=0, checksum=sum(frames) + 6 * half,
    )  # fmt: skip
    assert found.cycles() == 13 * 14 + 1000
    assert found.cycles(Costs(dtlb_hit=1, entry=2, fault=3, walk=5)) == 2 + 26 + 3 + 20


@pytest.mark.parametrize(
    ("mode", "page_size", "ept_page_size", "read"),
    [
        ("native", "4 KiB", "4 KiB", (4, 0)),
        ("native", "2 MiB", "4 KiB", (3, 0)),
        ("native", "1 GiB", "4 KiB", (2, 0)),
        ("nested", "4 KiB", "4 KiB", (4, 20)),
        ("nested", "4 KiB", "2 MiB", (4, 15)),
        ("nested", "2 MiB", "1 GiB", (3, 8)),
        ("shadow", "1 GiB", "4 KiB", (1 + 4, 0)),
    ],
)
def test_the_first_walk_reads_what_the_page_sizes_demand(mode, page_size, ept_page_size, read):
    """An empty processor reads 4 entries, 24 under EPT, fewer with large pages; shadow tables fault first."""
    found = simulate(array("Q", [0x1234]), mapping(mode, page_size, ept_page_size))
    assert (found.entries_read, found.ept_entries_read) == read
    assert found.exits == (mode == "shadow")


def buffers(given):
    """The same addresses in every kind of buffer that is taken."""
    yield given
    yield memoryview(given)
    yield given.tobytes()
    yield bytearray(given.tobytes())
    yield memoryview(given.tobytes())
    yield array("q", [one - (1 << 64) if one >> 63 else one for one in given])
    yield array("L", given)
    yield (ctypes.c_uint64 * len(given))(*given)
    yield memoryview(given.tobytes()).cast("B").cast("Q", (1, len(given)))
    yield [given[:2], given[2:2], given[2:].tobytes()]
    yield (given[at : at + 1] for at in range(len(given)))


def test_every_buffer_of_64_bit_integers_is_taken():
    """Arrays, bytes, memoryviews and chunks of them count the same."""
    found = {simulate(given, mapping()) for given in buffers(FEW)}
    assert len(found) == 1 and len(list(buffers(FEW))) == 11


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (array("d", [1.0]), "'d', 8 bytes"),
        (array("I", [1, 2]), "'I', 8 bytes"),
        (b"1234567", "'B', 7 bytes"),
        (memoryview(FEW)[::2], "one piece"),
        ([1, 2], "'int'"),
        ([[1]], "'list'"),
    ],
)
def test_what_is_no_buffer_of_addresses_is_refused(given, wrong):
    """The error names what was given and what is taken."""
    with pytest.raises(FieldError, match=r"addresses is .*; allowed: ") as error:
        simulate(given, mapping())
    assert wrong in str(error.value)


def test_no_address_at_all_counts_nothing():
    """An empty buffer, and no chunk, are streams of no references."""
    assert simulate(b"", mapping()) == simulate([], mapping()) == Counts(*[0] * len(Counts._fields))


def test_another_policy_than_lru_is_refused():
    """A stream's structures are LRU, and it says so."""
    with pytest.raises(FieldError, match="policy is 'FIFO'; allowed: LRU"):
        simulate(FEW, mapping(), CacheGeometry((Geometry(4, 4, FIFO),)))


@pytest.mark.parametrize(
    "wrong", [("other", "4 KiB", "4 KiB"), ("native", "4K", "4 KiB"), ("nested", "4 KiB", "8 KiB")]
)
def test_a_mapping_that_does_not_exist_is_refused(wrong):
    """Another mode, or another page size, is an error that lists those that exist."""
    with pytest.raises(FieldError, match="allowed: "):
        mapping(*wrong)


def test_without_structure_caches_every_walk_begins_at_cr3():
    """Then each walk reads all levels, and the translations are the same."""
    stream = addresses(PATTERNS[3], 2000)
    on, off = simulate(stream, mapping()), simulate(stream, mapping(), without_structure_caches())
    assert off.entries_read == 4 * off.walks and off.pde_hits + off.pdpte_hits + off.pml4e_hits == 0
    assert (on.walks, on.checksum, on.dtlb_hits) == (off.walks, off.checksum, off.dtlb_hits)
    assert on.entries_read < off.entries_read


@pytest.mark.parametrize("page_size", SIZES)
@pytest.mark.parametrize("mode", ["native", "nested"])
def test_a_mapping_is_what_its_tables_say(mode, page_size):
    """The tables of a mapping translate as tables in the simulator's memory do that map the same pages."""
    level = bits.page_level(page_size)
    reach = bits.reach(level)
    memory = Memory({0x1000: 0x2007, 0x2000: 0x3007, 0x3000: 0x4007})
    table = 0x1000 * (5 - level)
    for index in range(512):
        memory.write(table + 8 * index, (1 << 47) + index * reach | 7 | (bits.PS if level > 1 else 0))
    stream = array("Q", [one * reach // 3 % (512 * reach) for one in range(3000)])
    expected = simulate(stream, flat(memory, Processor(cr3=0x1000)))
    found = simulate(stream, mapping(mode, page_size, page_size))
    assert found.entries_read == expected.entries_read and found.walks == expected.walks
    assert found.checksum == (expected.checksum + (len(stream) << 48 if mode == "nested" else 0)) & bits.MAX_64


ranges = st.sampled_from((1 << 14, 1 << 18, 1 << 22, 1 << 30, 1 << 36, 1 << 48))
sets = st.sampled_from((1, 8, 16, 128))
shapes = st.builds(Geometry, sets, st.sampled_from((1, 2, 4, 8, 12, 16)))
some = st.one_of(st.none(), shapes)
geometries = st.one_of(
    st.just(CacheGeometry()),
    st.builds(CacheGeometry, st.lists(shapes, min_size=1, max_size=2).map(tuple), st.tuples(some, some, some, some)),
)


@settings(max_examples=300)
@given(
    st.sampled_from(MODES), st.sampled_from(SIZES), st.sampled_from(SIZES), geometries, ranges,
    st.randoms(use_true_random=False), st.integers(1, 250),
)  # fmt: skip
def test_all_loops_count_the_same(mode, page_size, ept_page_size, geometry, size, chance, count):
    """The source, the compiled loop and those with SIMD agree on long streams of any range, in tables that grow."""
    known = [chance.randrange(size) for _ in range(max(1, count // 4))]
    stream = array("Q", [chance.choice(known) ^ chance.randrange(4096) for _ in range(4 * count)])
    tables = mapping(mode, page_size, ept_page_size)
    found = {one.__name__: simulate(stream, mapping(mode, page_size, ept_page_size), geometry, build=one)
             for one in loops(tables, geometry)}  # fmt: skip
    assert len(set(found.values())) == 1, found


def test_the_loop_with_simd_is_taken_where_it_can_be(monkeypatch):
    """It does the default geometry, and leaves shadow tables, mixed pages and wide tags to the other one."""
    simd = _build.extension("stream_simd")
    monkeypatch.setattr(simd, "FASTEST", 1)

    def does(tables, geometry=None):
        return simd.does(shape_of(geometry or CacheGeometry(), tables)[0])

    assert does(mapping()) and does(mapping("nested", "1 GiB", "2 MiB"))
    assert not does(mapping("shadow"))
    assert not does(mapping(), CacheGeometry((Geometry(8, 4),)))
    assert not does(mapping(), CacheGeometry((Geometry(16, 16),)))
    mixed = Memory({0x1000: 0x2007, 0x2000: 0x3007, 0x2008: 0x4000_0087, 0x3000: 0x87})
    assert not does(flat(mixed, Processor(cr3=0x1000)))
    monkeypatch.setattr(simd, "FASTEST", 0)
    assert not does(mapping())
    assert loop(shape_of(CacheGeometry(), mapping())[0]) is _build.extension("stream_loop")


def test_the_interpreted_loop_on_demand(monkeypatch):
    """VMSIM_INTERPRETED=1 takes the source."""
    monkeypatch.setenv("VMSIM_INTERPRETED", "1")
    assert loop(shape_of(CacheGeometry(), mapping())[0]) is stream_loop


@pytest.mark.parametrize("mode", MODES)
def test_chunks_cannot_be_seen(mode):
    """A stream in one piece and in many is the same stream."""
    stream = addresses(PATTERNS[5], 3000)
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    assert simulate(pieces, mapping(mode)) == simulate(stream, mapping(mode))


def test_progress_is_told_and_may_end_a_stream():
    """It is called after each piece; what it raises ends the stream between two references."""
    told = []
    simulate([array("Q", [0]) * (PIECE + 5)] * 2, mapping(), progress=told.append)
    assert told == [PIECE, PIECE + 5, 2 * PIECE + 5, 2 * PIECE + 10]

    def enough(count):
        raise KeyboardInterrupt

    stream = Stream(mapping())
    with pytest.raises(KeyboardInterrupt):
        stream.feed(array("Q", [0]) * (PIECE + 5), enough)
    assert stream.counts.accesses == PIECE


def test_memory_does_not_grow_with_the_stream():
    """A stream of 100 chunks needs no more memory than one of 2."""

    def peak(count):
        tracemalloc.start()
        simulate((array("Q", range(0, 1 << 20, 64)) for _ in range(count)), tables)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    tables = mapping()
    peak(1)
    few, many = peak(2), peak(100)
    assert many < few + (1 << 14)


@pytest.mark.parametrize("name", ["stream_loop", "stream_simd"])
def test_another_thread_runs_while_a_stream_does(name):
    """The lock is released: another thread sees the count of faults while one call of the loop is under way."""
    # These are counted at once, in memory that both can see.
    stream = array("Q", [NOT_CANONICAL]) * (1 << 22)
    build = _build.extension(name)
    shape, ways = shape_of(CacheGeometry(), mapping())
    between = threading.Event()
    for _attempt in range(100):
        counts, state = array("Q", bytes(8 * len(Counts._fields))), array("Q", bytes(8 * 16))
        run = build.Run(ways, shape, state, counts)
        tables = mapping()
        run.set_tables(tables.entries.view, bytearray(1), tables.ept.view, tables.places.view)
        ended = threading.Event()

        def watch(counts=counts, ended=ended):
            while not ended.is_set():
                if 0 < counts[10] < len(stream):
                    between.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert build.take(run, memoryview(stream), 0, len(stream)) == len(stream)
        ended.set()
        watcher.join()
        if between.is_set():
            break
    assert between.is_set()


@pytest.mark.parametrize("mode", MODES)
def test_streams_in_threads_are_as_if_alone(mode):
    """Independent streams that share growing tables count what each of them counts alone."""
    streams = [addresses(PATTERNS[number], 3000, seed) for number in (3, 4, 6) for seed in (1, 2)]
    alone = tuple(simulate(one, mapping(mode)) for one in streams)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        assert simulate_all(streams, mapping(mode)) == alone
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.name)
def test_a_pattern_stays_within_its_size(pattern):
    """Its addresses are below its size, as many as asked, and the same each time."""
    found = addresses(pattern, 5000)
    assert len(found) == 5000 and max(found) < pattern.size and found == addresses(pattern, 5000)
    if "sequential" not in pattern.name:
        assert found != addresses(pattern, 5000, seed=2)


def test_the_chase_visits_every_line_once():
    """A pointer chase over a small memory comes to all its lines before it repeats."""
    for size in (1 << 10, 1 << 16, 1 << 20):
        lines = size // 64
        for seed in range(3):
            found = chase(size)(lines + 1, random.Random(seed))
            assert sorted(found[:-1]) == list(range(0, size, 64)) and found[-1] == found[0]
