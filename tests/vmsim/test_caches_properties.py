"""Caches against the manual's rules written once more: what is permitted, and what invalidating has to do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vmsim.caches_oracle import Retained
from vmsim import Access, Memory, PageFault, Processor, bits
from vmsim.cache_operations import invlpg, invpcid, mov_to_cr3, mov_to_cr4
from vmsim.caches import access_memory
from vmsim.logical_processor import CacheGeometry, LogicalProcessor, empty_caches
from vmsim.replacement import POLICIES
from vmsim.set_associative import Geometry
from vmsim.vmcs import CR4_PCIDE

# Two pages by one page table, one more by the page directory, one by the PDPT: few, so that they collide.
ADDRESSES = tuple(page << 12 | 0x123 for page in (0, 1, 512, 1 << 18))
PML4 = 0x1000
TABLES = {3: (0x2000, 0x3000), 2: (0x4000, 0x5000), 1: (0x6000, 0x7000)}
PCIDS = (0, 1)
CR4 = bits.CR4_PAE | bits.CR4_PGE | CR4_PCIDE
SLOTS = tuple(
    (level, table + 8 * index)
    for level, tables in ((4, (PML4,)), *TABLES.items())
    for table in tables
    for index in range(1 if level == 4 else 2)
)
RIGHTS = (7,) * 9 + (6, 5, 3)


def entries(level):
    """Entries of that level, most of which lead on with all rights; a page's are dirty or not, global or not."""
    # A multiple of 2^30: an address that every level may map.
    pages = [rights | number << 30 for rights in RIGHTS for number in (1, 2)]
    pages = [page | (level > 1) << 7 | flags for page in pages for flags in (0x20, 0x60, 0x100, 0x160)]
    tables = [rights | table | 0x20 for rights in RIGHTS for table in TABLES.get(level - 1, ())]
    return pages if level == 1 else tables if level == 4 else tables * 12 + pages


ENTRIES = {level: entries(level) for level in TABLES | {4: PML4}}
memories = st.tuples(*(st.sampled_from(ENTRIES[level]) for level, _ in SLOTS)).map(
    lambda values: {address: value for (_, address), value in zip(SLOTS, values, strict=True)}
)


@st.composite
def geometries(draw):
    def shape(policy):
        return Geometry(draw(st.sampled_from((1, 2))), draw(st.sampled_from((1, 2, 4))), policy)

    policy = draw(st.sampled_from(POLICIES))
    tlbs = tuple(shape(policy) for _ in range(draw(st.integers(1, 2))))
    return CacheGeometry(tlbs, tuple(shape(policy) if draw(st.booleans()) else None for _ in range(4)))


addresses = st.sampled_from(ADDRESSES)
pcids = st.sampled_from(PCIDS)
accesses = st.tuples(st.just("access"), addresses, st.booleans(), st.sampled_from((0, 3)))
edits = st.sampled_from(SLOTS).flatmap(
    lambda slot: st.tuples(st.just("edit"), st.just(slot), st.sampled_from(ENTRIES[slot[0]]))
)
invalidations = st.one_of(
    st.tuples(st.just("invlpg"), addresses),
    st.tuples(st.just("invpcid"), st.sampled_from((0, 0, 1, 2, 3)), pcids, addresses),
    st.tuples(st.just("cr3"), pcids, st.booleans()),
    st.tuples(st.just("pge"), st.booleans()),
)


def stories(change, other):
    """Of ten steps six are accesses, two change an entry. (``one_of`` would give each kind the same share.)"""
    kinds = st.sampled_from("aaaaaacczz").flatmap({"a": accesses, "c": change, "z": other}.__getitem__)
    return st.lists(kinds, min_size=20, max_size=60)


def new(memory, geometry):
    """The model's processor, with PCID 0."""
    return Memory(memory), LogicalProcessor(Processor(PML4, cr4=CR4), None, 0, empty_caches(geometry))


def outcome(result, host):
    """As the oracle puts it."""
    return ("#PF", result.error_code) if isinstance(result, PageFault) else ("ok", host)


def changed(core, oracle, step):
    """The processor after one invalidation, in which the oracle takes part."""
    if step[0] == "invlpg":
        oracle.invlpg(step[1])
        return invlpg(core, step[1])[1]
    if step[0] == "invpcid":
        oracle.invpcid(*step[1:])
        return invpcid(core, *step[1:])[1]
    if step[0] == "cr3":
        oracle.load_cr3(PML4, step[1], step[2])
        return mov_to_cr3(core, PML4 | step[1] | step[2] << 63)[1]
    oracle.set_pge(step[1])
    return mov_to_cr4(core, CR4 if step[1] else CR4 & ~bits.CR4_PGE)[1]


@settings(max_examples=200, deadline=None)
@given(
    memories,
    geometries(),
    stories(edits, invalidations),
)
def test_what_the_model_gives_is_permitted(build, plain, geometry, steps):
    """Whatever software does, the result is one that the manual permits, and the model says which those are."""
    memory, core = new(plain, geometry)
    oracle = Retained(dict(plain), PML4, 0)
    for step in steps:
        if step[0] == "access":
            _, address, write, cpl = step
            access = Access("write" if write else "read", cpl)
            event, core = access_memory(memory, core, access, address, build.translate)
            permitted = oracle.access(address, int(write), int(cpl == 3))
            given_result = outcome(event.result, event.host_physical_address)
            assert given_result in permitted
            assert {outcome(one.result, one.host_physical_address) for one in event.permitted} == permitted
            if given_result[0] == "#PF":
                oracle.fault(address)
            memory.apply(event)
            oracle.memory = dict(memory.items())
        elif step[0] == "edit":
            (_, address), value = step[1:]
            memory.write(address, value)
            oracle.memory[address] = value
        else:
            core = changed(core, oracle, step)


def everywhere(core, linear_addresses):
    """INVLPG for each address in each PCID, and back to the first."""
    first = core.pcid
    for pcid in PCIDS:
        core = mov_to_cr3(core, PML4 | pcid | 1 << 63)[1]
        for address in linear_addresses:
            core = invlpg(core, address)[1]
    return mov_to_cr3(core, PML4 | first | 1 << 63)[1]


def demanded(core, how, old):
    """The processor after what the manual demands of software that changed an entry ("Recommended Invalidation")."""
    if not old & 1:
        # "Optional Invalidation": what was not present cannot have been cached.
        return core
    if how == "invpcid":
        return invpcid(core, 2)[1]
    if how == "pge":
        core = mov_to_cr4(core, core.registers.cr4 ^ bits.CR4_PGE)[1]
        return mov_to_cr4(core, core.registers.cr4 ^ bits.CR4_PGE)[1]
    return everywhere(core, ADDRESSES)


demands = st.tuples(edits, st.sampled_from(("invpcid", "pge", "invlpg")))
switches = st.tuples(st.just("cr3"), pcids)


@settings(max_examples=200, deadline=None)
@given(
    memories,
    geometries(),
    stories(demands, switches),
)
def test_with_the_invalidations_that_are_demanded_caches_cannot_be_seen(build, plain, geometry, steps):
    """Result, physical address and flags in memory are those without caches, and nothing else is permitted."""
    memory, core = new(plain, geometry)
    for step in steps:
        if step[0] == "access":
            _, address, write, cpl = step
            access = Access("write" if write else "read", cpl)
            event, core = access_memory(memory, core, access, address, build.translate)
            walk = build.translate(memory, core.registers, access, address)
            assert (event.result, event.host_physical_address) == (walk.result, walk.host_physical_address)
            assert len(event.permitted) == 1 and not event.is_ambiguous
            without = Memory(dict(memory.items()))
            without.apply(walk)
            memory.apply(event)
            assert memory.items() == without.items()
        elif step[0] == "cr3":
            core = mov_to_cr3(core, PML4 | step[1] | 1 << 63)[1]
        else:
            (_, (_, address), value), how = step
            old = memory.read(address)
            memory.write(address, value)
            core = demanded(core, how, old)
