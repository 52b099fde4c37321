"""A stream counts what the traced accesses come to, one by one: native, nested and shadow, by every loop."""

from array import array

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.vmsim.stream_reference import loops, processor_for, traced, traced_shadow
from vmsim import Access, Ept, Memory, bits, translate
from vmsim.ept_mapping import EptTables
from vmsim.logical_processor import CacheGeometry
from vmsim.set_associative import Geometry
from vmsim.shadow_memory import GuestMemory, Slot
from vmsim.stream import simulate
from vmsim.stream_flat import flat, flat_shadow

# By level, the tables of that level: from the first at 0x1000 on.
TABLES = {5: (0x1000,), 4: (0x2000, 0x3000), 3: (0x4000, 0x5000), 2: (0x6000, 0x7000), 1: (0x8000, 0x9000)}
# Indexes whose entries exist: pairs in one group of 8 and in another, and one of the upper half.
INDEXES = (0, 1, 2, 8, 256, 511)
SET = bits.A | bits.D
# An entry leads to a table (or maps a page, where there is none below), maps a page, is absent, or wrong.
KINDS = {"mixed": "t" * 18 + "ppp0w", "lowest": "p" * 18 + "0w", "above": "t" * 28 + "0w"}
# Most of them all, so that a translation is found more often than not.
RIGHTS = (7,) * 40 + (6, 5, 3, 7 | bits.XD, 7 | bits.G)
# Frames of pages: aligned for every size, and some that are not (with 12 reserved bits below a large one).
FRAMES = (1 << 30, 2 << 30, 3 << 30)


@st.composite
def tables(draw, levels, lowest=0):
    """Address to entry: 4 or 5 levels, whose entries lead on, map pages, are absent or wrong.

    With a ``lowest`` level all pages are mapped there.
    """
    first = {levels: (0x1000,)} | {level: TABLES[level] for level in range(1, levels)}
    found = {}
    for level, places in first.items():
        for table in places if level >= lowest else ():
            for index in INDEXES:
                rights = draw(st.sampled_from(RIGHTS)) | SET
                mixed = 1 < level < 4 and not lowest
                kind = draw(st.sampled_from(KINDS["mixed" if mixed else "lowest" if level == lowest else "above"]))
                value = 0
                if kind == "t" and level > 1:
                    value = draw(st.sampled_from(first[level - 1])) | rights
                elif kind in "pt":
                    value = draw(st.sampled_from(FRAMES)) + (index << 12 if level == 1 else 0) | rights
                    value |= bits.PS if level > 1 else 0
                elif kind == "w":
                    value = 1 << 51 | rights
                found[table + 8 * index] = value
    return found


@st.composite
def streams(draw, levels):
    """Addresses that use these indexes, few enough to come back; now and then one that is not canonical."""
    least = draw(st.sampled_from((1, 4, 8)))
    indexes = draw(st.lists(st.tuples(*[st.sampled_from(INDEXES)] * levels), min_size=least, max_size=12))
    known = []
    for parts in indexes:
        address = 0
        for part in parts:
            address = address << 9 | part
        address <<= 12
        known.append(address | -(address >> 11 + 9 * levels) << 12 + 9 * levels & bits.MAX_64)
    offsets = st.integers(0, 4095)
    # Most often one of them as it is; else its neighbour, or one that is not canonical.
    one = st.tuples(st.sampled_from(known), offsets, st.sampled_from((0,) * 12 + (1 << 12, 1 << 13, 1 << 21, 1 << 62)))
    chosen = draw(st.lists(one, min_size=draw(st.sampled_from((0, 40))), max_size=60))
    return [(address ^ offset) ^ flip for address, offset, flip in chosen]


@st.composite
def geometries(draw, least=1):
    """Small structures, so that they are full (of TLBs ``least`` sets or more); some are missing."""

    def shape(sets):
        return Geometry(sets * draw(st.sampled_from((1, 1, 2, 4))), draw(st.sampled_from((1, 2, 3, 4, 9))))

    tlbs = tuple(shape(least) for _ in range(draw(st.integers(1, 2))))
    return CacheGeometry(tlbs, tuple(shape(1) if draw(st.booleans()) else None for _ in range(4)))


accesses = st.builds(Access, st.sampled_from(("read", "write", "fetch")), st.sampled_from((0, 3)))
reads = st.builds(Access, st.sampled_from(("read", "fetch")), st.sampled_from((0, 3)))
registers = st.sampled_from((0, bits.CR4_SMEP, bits.CR4_SMAP))


def same(addresses, found, geometry, expected):
    """Every loop that does such tables and structures counts that."""
    for loop in loops(found, geometry):
        assert simulate(array("Q", addresses), found, geometry, build=loop) == expected, loop.__name__


@settings(max_examples=60)
@given(st.data(), st.sampled_from((4, 5)), geometries(), accesses, registers)
def test_a_native_stream_counts_what_its_accesses_do(data, levels, geometry, access, cr4):
    """Hits, entries read, faults and translations are those of the traced accesses."""
    memory = Memory(data.draw(tables(levels)))
    processor = processor_for(levels, cr4=cr4, maxphyaddr=46)
    addresses = data.draw(streams(levels))
    expected = traced(translate, memory, processor, access, addresses, geometry)
    same(addresses, flat(memory, processor, access), geometry, expected)


@st.composite
def guests(draw, accessed_dirty, lowest=0, ept_size=""):
    """A guest's tables in host memory behind EPT, and the EPT: pages of all sizes, some absent, refused or wrong."""
    memory = Memory()
    ept = Ept(0x100_0000 | 6 | 3 << 3 | (bits.EPTP_AD if accessed_dirty else 0))
    mapped = EptTables(memory, ept, 0x100_1000)
    plain = draw(tables(4, lowest))
    for number in range(16):
        # Guest tables are spread over the host's memory.
        mapped.map(number << 12, "4 KiB", 0x200_0000 + (number * 7 % 16 << 12))
    for address, value in plain.items():
        memory.write(0x200_0000 + (((address >> 12) * 7 % 16) << 12) + address % 4096, value)
    for frame in FRAMES:
        size = ept_size or draw(st.sampled_from(("4 KiB", "2 MiB", "1 GiB", "")))
        if size:
            reach = bits.reach(bits.page_level(size))
            # Both parts of a large page that a stream can reach, and all pages of a page table's indexes.
            for part in {offset & ~(reach - 1) for offset in (*[i << 12 for i in INDEXES], 1 << 21)}:
                if draw(st.sampled_from((True, True, True, False))):
                    mapped.map(frame + part, size, (frame << 3) + part)
    for leaf in draw(st.lists(st.sampled_from([0, 1 << 12, *FRAMES, *(f + 4096 for f in FRAMES)]), max_size=2)):
        at = list(mapped.entry_addresses(leaf).values())[-1]
        value = memory.read(at)
        memory.write(at, draw(st.sampled_from((value & ~1, value & ~2, value & ~4, value & ~7, value | 1 << 51))))
    return memory, ept


@settings(max_examples=60)
@given(st.data(), st.booleans(), geometries(), accesses)
def test_a_nested_stream_counts_what_its_accesses_do(data, accessed_dirty, geometry, access):
    """Under EPT its entries, violations and misconfigurations too are those of the traced accesses."""
    memory, ept = data.draw(guests(accessed_dirty))
    processor = processor_for(4, maxphyaddr=46)
    addresses = data.draw(streams(4))
    found = flat(memory, processor, access, ept)
    expected = traced(translate, memory, processor, access, addresses, geometry, ept)
    same(addresses, found, geometry, expected)


@settings(max_examples=15)
@given(st.data(), st.sampled_from((4, 5)), geometries(), reads)
def test_a_shadow_stream_exits_where_the_shadow_mmu_does(data, levels, geometry, access):
    """With shadow paging the exits too are those of the traced accesses."""
    host = Memory()
    slots = (Slot(0, 0x10000, 0x200_0000), Slot(1 << 30, 3 << 30, 1 << 34))
    guest = GuestMemory(host, slots)
    for address, value in data.draw(tables(levels)).items():
        guest.write(address, value)
    processor = processor_for(levels, maxphyaddr=46)
    addresses = data.draw(streams(levels))
    found = flat_shadow(guest, processor, access)
    expected = traced_shadow(translate, guest, processor, access, addresses, geometry)
    same(addresses, found, geometry, expected)


@settings(max_examples=60)
@given(st.data(), st.sampled_from((1, 1, 2, 3)), st.sampled_from(("", "4 KiB", "2 MiB")), geometries(16), accesses)
def test_a_stream_of_pages_of_one_size_counts_what_its_accesses_do(data, lowest, ept_size, geometry, access):
    """The same holds with SIMD, which does walks of 4 levels and pages of one size."""
    processor, addresses = processor_for(4, maxphyaddr=46), data.draw(streams(4))
    if ept_size:
        memory, ept = data.draw(guests(False, lowest, ept_size))
    else:
        memory, ept = Memory(data.draw(tables(4, lowest))), None
    found = flat(memory, processor, access, ept)
    expected = traced(translate, memory, processor, access, addresses, geometry, ept)
    ways = len(list(loops(found, geometry)))
    event(f"{ways} loops")
    same(addresses, found, geometry, expected)


@pytest.mark.parametrize("half", [0, 0xFFFF_8000_0000_0000])
def test_a_violation_drops_all_parts_of_the_guests_page(half):
    """After an EPT violation in one part of a large guest page, the part used right before it walks again."""
    memory = Memory({0x1000: 0x2027, 0x1800: 0x2027, 0x2000: 0x3027, 0x3000: (1 << 30) | 0xE7})
    ept = Ept(0x100_0000 | 6 | 3 << 3)
    mapped = EptTables(memory, ept, 0x100_1000)
    for page in (0x1000, 0x2000, 0x3000, 1 << 30, (1 << 30) + 0x2000):
        mapped.map(page)
    processor, access, geometry = processor_for(4), Access("read", 3), CacheGeometry()
    addresses = [half | page for page in (0x0, 0x2000, 0x1000, 0x2000, 0x0)]
    found = flat(memory, processor, access, ept)
    expected = traced(translate, memory, processor, access, addresses, geometry, ept)
    assert (expected.walks, expected.exits, expected.dtlb_hits) == (5, 1, 0)
    same(addresses, found, geometry, expected)


def test_a_misconfiguration_drops_nothing():
    """After an EPT misconfiguration the PDE is still cached, as after an access that succeeds."""
    pages = {0x4000 + 8 * index: (index << 30) | 0x67 for index in (1, 2, 3)}
    memory = Memory({0x1000: 0x2027, 0x2000: 0x3027, 0x3000: 0x4027} | pages)
    ept = Ept(0x100_0000 | 6 | 3 << 3)
    mapped = EptTables(memory, ept, 0x100_1000)
    for page in (0x1000, 0x2000, 0x3000, 0x4000, 1 << 30, 2 << 30, 3 << 30):
        mapped.map(page)
    wrong = mapped.entry_addresses(2 << 30)[1]
    memory.write(wrong, memory.read(wrong) & ~1)
    processor, access, geometry = processor_for(4), Access("read", 3), CacheGeometry()
    addresses = [0x1000, 0x2000, 0x3000]
    found = flat(memory, processor, access, ept)
    expected = traced(translate, memory, processor, access, addresses, geometry, ept)
    assert (expected.walks, expected.exits, expected.pde_hits) == (3, 1, 2)
    same(addresses, found, geometry, expected)


@pytest.mark.parametrize(
    ("second", "order", "exits"),
    [(0, (0, 2), 2), (0, (2, 0), 1), (0, (3, 2), 2), (0, (1, 0, 2), 3), (0x63, (0, 2), 1), (0x63, (0, 1), 2)],
)
def test_the_group_of_a_shadow_entry_is_filled_up_to_the_first_that_faults(second, order, exits):
    """KVM fills entries from the group's first on, and stops at one that is not present, not at one that refuses."""
    guest = GuestMemory(Memory(), (Slot(0, 0x10000, 0x200_0000), Slot(1 << 30, 1 << 30, 1 << 34)))
    for address, value in {0x1000: 0x2067, 0x2000: 0x3067, 0x3000: 0x4067}.items():
        guest.write(address, value)
    for index, flags in enumerate((0x67, second, 0x67, 0x67)):
        guest.write(0x4000 + 8 * index, (1 << 30) + (index << 12) | flags if flags else 0)
    processor, access, geometry = processor_for(4), Access("read", 3), CacheGeometry()
    addresses = [index << 12 for index in order]
    found = flat_shadow(guest, processor, access)
    expected = traced_shadow(translate, guest, processor, access, addresses, geometry)
    assert expected.exits == exits
    same(addresses, found, geometry, expected)


def test_a_guest_table_that_ept_makes_read_only_is_a_violation_where_flags_are_on():
    """With accessed and dirty flags for EPT, reading a guest's entry counts as a write; reading the page does not."""
    memory = Memory({0x1000: 0x2027, 0x2000: 0x3027, 0x3000: 0x4027, 0x3008: 0x5027, 0x4000: (1 << 30) | 0x67,
                     0x5000: (2 << 30) | 0x67})  # fmt: skip
    ept = Ept(0x100_0000 | 6 | 3 << 3 | bits.EPTP_AD)
    mapped = EptTables(memory, ept, 0x100_1000)
    for page in (0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 1 << 30, 2 << 30):
        mapped.map(page)
    for page in (0x4000, 2 << 30):
        at = mapped.entry_addresses(page)[1]
        memory.write(at, memory.read(at) & ~bits.EPT_W)
    processor, access, geometry = processor_for(4), Access("read", 3), CacheGeometry()
    found = flat(memory, processor, access, ept)
    expected = traced(translate, memory, processor, access, [0, 1 << 21], geometry, ept)
    assert (expected.exits, expected.checksum) == (1, 2 << 30)
    same([0, 1 << 21], found, geometry, expected)
