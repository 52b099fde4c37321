"""What the caches keep and use, one rule of "Caching Translation Information" each."""

import pytest

from vmsim import Access, Ept, EptViolation, Memory, PageFault, Processor, bits, compose
from vmsim.cache_entries import CLEAN
from vmsim.cache_operations import invlpg, mov_to_cr3
from vmsim.caches import access_memory
from vmsim.logical_processor import CacheGeometry, LogicalProcessor, empty_caches
from vmsim.set_associative import Geometry
from vmsim.value import FieldError
from vmsim.vmcs import CR4_PCIDE

LEADS = {"P": 1, "R/W": 1, "U/S": 1}
PML4, PDPT, PD, PT, PAGE = 0x1000, 0x2000, 0x3000, 0x4000, 0x9000
ADDRESS = 0x123
PCID_ON = bits.CR4_PAE | bits.CR4_PGE | CR4_PCIDE


def tables(**leaf):
    """Page 0 at PAGE and page 1 at the next frame, by one table of each level."""
    memory = {PML4: compose(4, PDPT, LEADS), PDPT: compose(3, PD, LEADS), PD: compose(2, PT, LEADS)}
    memory |= {PT + 8 * n: compose(1, PAGE + 0x1000 * n, LEADS | leaf) for n in (0, 1)}
    return Memory(memory)


def core_of(cr4=bits.CR4_PAE, geometry=None, cr3=PML4, ept=None, vpid=0):
    return LogicalProcessor(Processor(cr3, cr4=cr4), ept, vpid, empty_caches(geometry))


class Machine:
    """Memory and processor of one story; each access sets its flags."""

    def __init__(self, build, memory, core):
        self.build, self.memory, self.core = build, memory, core

    def access(self, address=ADDRESS, kind="read", cpl=3):
        event, self.core = access_memory(self.memory, self.core, Access(kind, cpl), address, self.build.translate)
        self.memory.apply(event)
        return event

    def do(self, operation, *operands):
        event, self.core = operation(self.core, *operands)
        return event


@pytest.fixture
def machine(build):
    return Machine(build, tables(), core_of())


def names(event):
    return [(lookup.structure, lookup.high, lookup.low, lookup.use) for lookup in event.lookups]


def test_the_structures_are_asked_from_the_most_specific(machine):
    """TLBs by bits 47:12, then PDE cache by 47:21, PDPTE cache by 47:30, PML4 cache by 47:39; all four entries read."""
    event = machine.access()
    assert names(event) == [
        ("TLB", 47, 12, ""),
        ("second-level TLB", 47, 12, ""),
        ("PDE cache", 47, 21, ""),
        ("PDPTE cache", 47, 30, ""),
        ("PML4 cache", 47, 39, ""),
    ]
    assert event.entries_read == 4 and event.hit == ""
    assert [fill.structure for fill in event.fills] == [
        "PML4 cache", "PDPTE cache", "PDE cache", "TLB", "second-level TLB"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "hit", "read"),
    [
        (0x456, "TLB", 0),
        (0x1456, "PDE cache", 1),
        (1 << 21, "PDPTE cache", 2),
        (1 << 30, "PML4 cache", 3),
        (1 << 39, "", 4),
    ],
)
def test_each_hit_leaves_fewer_entries_to_read(build, address, hit, read):
    """After one access, another one reads only what the most specific structure does not know."""
    memory = tables()
    for table, level, goes in ((PML4, 4, PDPT), (PDPT, 3, PD), (PD, 2, PT)):
        memory.write(table + 8, compose(level, goes, LEADS))
    machine = Machine(build, memory, core_of())
    machine.access()
    event = machine.access(address)
    assert (event.hit, event.entries_read) == (hit, read)
    assert event.host_physical_address == (PAGE + 0x1456 if address == 0x1456 else PAGE + (address & 0xFFF))


def test_a_write_to_a_clean_page_walks_again(machine):
    """A TLB entry whose D is 0 does for reads; the first write goes to the PTE, sets D there, and the next does not."""
    machine.access()
    write = machine.access(kind="write")
    assert (write.lookups[0].structure, write.lookups[0].use) == ("TLB", CLEAN)
    assert write.hit == "PDE cache" and write.walk.steps[-1].sets == bits.D
    assert machine.access(kind="write").hit == "TLB"
    assert [entry.dirty for entry in machine.core.caches.tlbs[0].entries] == [True]


def test_nothing_that_is_not_present_is_cached(machine):
    """A walk that ends in a page fault leaves nothing, so that a page that is mapped afterwards is found at once."""
    machine.memory.write(PT, 0)
    assert isinstance(machine.access().result, PageFault)
    machine.memory.write(PT, compose(1, PAGE, LEADS))
    event = machine.access()
    assert event.host_physical_address == PAGE + ADDRESS and not event.is_ambiguous


def test_rights_in_a_cache_are_those_of_all_entries_above(machine):
    """A PDE-cache entry made under a read-only PML4E refuses writes, whatever the PDE itself says."""
    machine.memory.write(PML4, compose(4, PDPT, {"P": 1, "U/S": 1}))
    machine.access()
    event = machine.access(0x1000, "write")
    assert event.hit == "PDE cache" and event.result.rules == ("read-only",)


def test_old_and_new_are_both_permitted_until_invalidated(machine):
    """A page mapped elsewhere without INVLPG may be found at either place; after INVLPG only the new one is right."""
    machine.access()
    machine.memory.write(PT, compose(1, 0x7000, LEADS))
    stale = machine.access()
    assert {one.host_physical_address for one in stale.permitted} == {PAGE + ADDRESS, 0x7000 + ADDRESS}
    assert stale.is_ambiguous and stale.host_physical_address == PAGE + ADDRESS
    machine.do(invlpg, ADDRESS)
    fresh = machine.access()
    assert not fresh.is_ambiguous and fresh.host_physical_address == 0x7000 + ADDRESS


def test_a_fault_by_an_old_entry_happens_once(machine):
    """A TLB entry without the right faults though memory permits the write by now; the fault drops it."""
    machine.memory.write(PT, compose(1, PAGE, {"P": 1, "U/S": 1}))
    machine.access()
    machine.memory.write(PT, compose(1, PAGE, LEADS))
    first = machine.access(kind="write")
    assert first.walk is None and first.result.rules == ("read-only",) and first.is_ambiguous
    assert [drop.structure for drop in first.drops] == [
        "TLB",
        "second-level TLB",
        "PDE cache",
        "PDPTE cache",
        "PML4 cache",
    ]
    assert machine.access(kind="write").host_physical_address == PAGE + ADDRESS


def test_registers_apply_to_cached_rights_at_once(machine):
    """Cached rights are those of the entries; SMAP, WP and protection keys are judged at each use."""
    machine.access(cpl=0)
    machine.core = LogicalProcessor(Processor(PML4, cr4=bits.CR4_PAE | bits.CR4_SMAP), None, 0, machine.core.caches)
    assert machine.access(cpl=0).result.rules == ("smap",)


def test_global_pages_are_for_every_pcid(build):
    """A translation with G = 1 made under PCID 1 is used under PCID 2; one without is not, nor any cached table."""
    for is_global in (0, 1):
        machine = Machine(build, tables(G=is_global), core_of(PCID_ON, cr3=PML4 | 1))
        machine.access()
        machine.do(mov_to_cr3, PML4 | 2)
        assert machine.access().hit == ("TLB" if is_global else "")
        assert machine.access(0x1000).hit == ("" if is_global else "PDE cache")


def test_global_means_nothing_while_pge_is_off(build):
    """With CR4.PGE = 0 the G flag is ignored: MOV to CR3 drops the translation."""
    machine = Machine(build, tables(G=1), core_of())
    machine.access()
    machine.do(mov_to_cr3, PML4)
    assert machine.access().hit == ""


def test_a_large_page_has_no_entry_in_the_cache_of_its_level(build):
    """A PDE that maps 2 MiB goes to the TLB for all its addresses, never to the PDE cache."""
    memory = tables()
    memory.write(PD, compose(2, 0x20_0000, LEADS | {"PS": 1}))
    machine = Machine(build, memory, core_of())
    first = machine.access()
    assert "PDE cache" not in [fill.structure for fill in first.fills]
    second = machine.access(0x1F_F123)
    assert (second.hit, second.lookups[0].low, second.host_physical_address) == ("TLB", 21, 0x3F_F123)


def test_the_geometry_decides_what_is_evicted(build):
    """In one set of two ways, the third page evicts the one least recently used."""
    memory = tables()
    for n in range(3):
        memory.write(PT + 8 * n, compose(1, PAGE + 0x1000 * n, LEADS))
    machine = Machine(build, memory, core_of(geometry=CacheGeometry((Geometry(1, 2),), (None,) * 4)))
    machine.access(0)
    machine.access(0x1000)
    machine.access(0)
    assert machine.access(0x2000).fills[0].evicted.number == 1
    assert machine.access(0).hit == "TLB" and machine.access(0x1000).entries_read == 4


def nested(**ept_leaf):
    """The same tables in a guest, guest-physical = host-physical by one 2-MByte EPT page of R, W and X."""
    memory = tables()
    for address, value in ((0x10_0000, 0x10_1007), (0x10_1000, 0x10_2007), (0x10_2000, ept_leaf.get("leaf", 0xB7))):
        memory.write(address, value)
    return memory, Ept(0x10_001E)


def test_a_combined_mapping_saves_both_walks(build):
    """Under EPT a first access reads 4 guest entries and 5 times 3 EPT entries; a TLB hit reads none of them."""
    memory, ept = nested()
    machine = Machine(build, memory, core_of(ept=ept, vpid=1))
    assert machine.access().entries_read == 4 + 5 * 3
    assert machine.access(0x456).entries_read == 0
    assert machine.access(0x1456).entries_read == 1 + 2 * 3


def test_an_ept_violation_drops_the_combined_mapping(build):
    """An entry made for reads walks again on a write that EPT refuses; the violation drops what the address has."""
    memory, ept = nested(leaf=0xB5)
    memory.write(PT, memory.read(PT) | bits.A | bits.D)
    for table in (PML4, PDPT, PD):
        memory.write(table, memory.read(table) | bits.A)
    machine = Machine(build, memory, core_of(ept=ept, vpid=1))
    machine.access()
    event = machine.access(kind="write")
    assert isinstance(event.result, EptViolation)
    assert event.drops[0].rule.startswith("EPT violation")
    assert machine.access().hit == ""


def test_an_ept_violation_on_a_table_demands_nothing(build):
    """Where EPT lets a table no longer be read, a translation found by it before may be retained; here it is not."""
    memory, ept = nested(leaf=0x10_3007)
    for number in range(16):
        memory.write(0x10_3000 + 8 * number, 0x1000 * number | 0x37)
    machine = Machine(build, memory, core_of(ept=ept, vpid=1))
    machine.access()
    memory.write(0x10_3000 + 8 * 4, 0)
    event = machine.access(kind="write")
    assert isinstance(event.result, EptViolation) and event.result.guest_physical_address == PT
    assert event.drops and not any(drop.required for drop in event.drops)
    again = machine.access()
    assert isinstance(again.result, EptViolation)
    assert {one.host_physical_address for one in again.permitted} == {None, PAGE + ADDRESS}


def test_linear_mappings_are_not_used_under_ept(build):
    """What was cached without EPT is no answer with it, and the other way round, though VPID and PCID are equal."""
    memory, ept = nested()
    machine = Machine(build, memory, core_of(vpid=1))
    machine.access()
    machine.core = LogicalProcessor(machine.core.registers, ept, 1, machine.core.caches)
    assert machine.access().hit == ""


def test_no_structure_is_asked_for_an_address_that_is_not_canonical(machine):
    """#GP comes before translation."""
    event = machine.access(1 << 60)
    assert event.lookups == () and event.result.rules == ("non-canonical",)


def test_pae_paging_has_a_pde_cache_only(build):
    """PAE's PDPTEs are in registers: the PDE cache is asked by bits 31:21 and nothing after it."""
    memory = Memory({PD: compose(2, PT, LEADS), PT: compose(1, PAGE, LEADS)})
    registers = Processor(PML4, efer=bits.EFER_NXE, pdptes=(PD | 1, 0, 0, 0))
    machine = Machine(build, memory, LogicalProcessor(registers))
    assert names(machine.access())[2:] == [("PDE cache", 31, 21, "")]
    assert machine.access(0x1000).hit == "PDE cache"


def test_five_levels_have_a_pml5_cache(build):
    """All lookups begin at bit 56, and the PML5 cache is asked last, by bits 56:48."""
    memory = tables()
    memory.write(0x8000, compose(5, PML4, LEADS))
    machine = Machine(build, memory, core_of(bits.CR4_PAE | bits.CR4_LA57, cr3=0x8000))
    event = machine.access()
    assert names(event)[-2:] == [("PML4 cache", 56, 39, ""), ("PML5 cache", 56, 48, "")]
    assert event.entries_read == 5
    assert (machine.access(1 << 39).hit, machine.access(0x456).hit) == ("PML5 cache", "TLB")


def test_four_mebibyte_pages_of_32_bit_paging(build):
    """The PDE cache is asked by bits 31:22; a page of 4 MiB is one TLB entry."""
    memory = Memory({PD: (compose(2, 0, LEADS | {"PS": 1}) | 0x40_0000) | (PT | 7) << 32, PT: PAGE | 7})
    machine = Machine(build, memory, LogicalProcessor(Processor(PD, cr4=bits.CR4_PSE, efer=0)))
    assert names(machine.access(0x40_0123))[-1] == ("PDE cache", 31, 22, "")
    machine.access()
    event = machine.access(0x3F_F123)
    assert (event.hit, event.lookups[0].low, event.host_physical_address) == ("TLB", 22, 0x7F_F123)


@pytest.mark.parametrize("shape", [(3, 4), (4, 0), (4, 3, "tree-PLRU"), (4, 4, "random")])
def test_a_geometry_that_cannot_be_is_an_error(shape):
    """Sets are a power of 2, ways too with tree-PLRU; the policy has a name."""
    with pytest.raises(FieldError):
        Geometry(*shape)
