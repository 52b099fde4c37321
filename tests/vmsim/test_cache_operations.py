"""What each instruction invalidates, told by what is left; and which operands are refused and leave everything."""

import pytest

from tests.vmsim.test_caches import ADDRESS, LEADS, PAGE, PCID_ON, PML4, PT, Machine, core_of, nested, tables
from vmsim import Ept, Memory, Processor, bits, compose
from vmsim import cache_operations as operations
from vmsim.logical_processor import CacheGeometry, LogicalProcessor
from vmsim.set_associative import Geometry

KEEP = 1 << 63


def left(machine):
    """(PCID and page number of what the TLB has, PCIDs of what the PDE cache has)."""
    caches = machine.core.caches
    pages = sorted((entry.tag.pcid, entry.number) for entry in caches.tlbs[0].entries)
    return pages, sorted(entry.tag.pcid for entry in caches.structures[0].entries)


@pytest.fixture
def busy(build):
    """Pages 0 (not global) and 1 (global) under PCIDs 1 and 2; PCID 2 is the current one."""
    memory = tables()
    memory.write(PT + 8, compose(1, PAGE + 0x1000, LEADS | {"G": 1}))
    machine = Machine(build, memory, core_of(PCID_ON, cr3=PML4 | 1))
    machine.access(0)
    machine.access(0x1000)
    machine.do(operations.mov_to_cr3, PML4 | 2 | KEEP)
    machine.access(0)
    return machine


def test_the_start_of_these_tests(busy):
    """The global page is there once; the tables of both PCIDs are."""
    assert left(busy) == ([(1, 0), (1, 1), (2, 0)], [1, 2])


@pytest.mark.parametrize(
    ("operation", "operands", "pages", "pcids"),
    [
        (operations.invlpg, (0x123,), [(1, 0), (1, 1)], [1]),
        (operations.invlpg, (0x1123,), [(1, 0), (2, 0)], [1]),
        (operations.invlpg, (0x5123,), [(1, 0), (1, 1), (2, 0)], [1]),
        (operations.invlpg, (1 << 60,), [(1, 0), (1, 1), (2, 0)], [1, 2]),
        (operations.invpcid, (0, 1, 0), [(1, 1), (2, 0)], [2]),
        (operations.invpcid, (0, 1, 0x1000), [(1, 0), (1, 1), (2, 0)], [2]),
        (operations.invpcid, (0, 1, 1 << 21), [(1, 0), (1, 1), (2, 0)], [1, 2]),
        (operations.invpcid, (1, 1), [(1, 1), (2, 0)], [2]),
        (operations.invpcid, (2,), [], []),
        (operations.invpcid, (3,), [(1, 1)], []),
        (operations.mov_to_cr3, (PML4 | 1,), [(1, 1), (2, 0)], [2]),
        (operations.mov_to_cr3, (PML4 | 2,), [(1, 0), (1, 1)], [1]),
        (operations.mov_to_cr3, (PML4 | 3,), [(1, 0), (1, 1), (2, 0)], [1, 2]),
        (operations.mov_to_cr3, (PML4 | 2 | KEEP,), [(1, 0), (1, 1), (2, 0)], [1, 2]),
        (operations.mov_to_cr4, (PCID_ON & ~bits.CR4_PGE,), [], []),
        (operations.mov_to_cr4, (bits.CR4_PAE | bits.CR4_PGE,), [], []),
        (operations.mov_to_cr4, (PCID_ON | bits.CR4_SMEP,), [(1, 0), (1, 1)], [1]),
        (operations.mov_to_cr4, (PCID_ON | bits.CR4_SMAP,), [(1, 0), (1, 1), (2, 0)], [1, 2]),
        (operations.mov_to_cr4, (PCID_ON | bits.CR4_PSE,), [(1, 0), (1, 1)], [1]),
        (operations.mov_to_cr0, (bits.CR0_PG | bits.CR0_PE,), [(1, 0), (1, 1), (2, 0)], [1, 2]),
    ],
)
def test_what_is_left(busy, operation, operands, pages, pcids):
    """Each instruction drops what the manual says, and the modelled processor little else."""
    event = busy.do(operation, *operands)
    assert event.refused == ""
    assert left(busy) == (pages, pcids)


@pytest.mark.parametrize(
    ("operation", "operands", "said"),
    [
        (operations.invpcid, (4,), "#GP: the type must be 0 to 3"),
        (operations.invpcid, (1, 0x1000), "#GP: bits 63:12"),
        (operations.invvpid, (1, 0), "VMfail error 28: the VPID must not be 0"),
        (operations.invept, (1, 0x1F), "VMfail error 28: VM entry would refuse"),
        (operations.mov_to_cr0, (bits.CR0_PE,), "#GP: CR0.PG is not cleared while CR4.PCIDE = 1"),
        (operations.mov_to_cr4, (PCID_ON & ~bits.CR4_PAE,), "#GP: PAE and LA57"),
        (operations.mov_to_cr3, (1 << 62,), "#GP: bits 62:52"),
    ],
)
def test_what_is_refused_changes_nothing(busy, operation, operands, said):
    """#GP and VMfail leave registers and caches as they were."""
    before = busy.core
    event = busy.do(operation, *operands)
    assert event.refused.startswith(said) and event.drops == ()
    assert busy.core == before


def test_bit_63_is_reserved_without_pcids(build):
    """With CR4.PCIDE = 0, bit 63 of MOV to CR3 is #GP; and every MOV to CR3 drops all but global pages."""
    machine = Machine(build, tables(), core_of())
    machine.access()
    assert machine.do(operations.mov_to_cr3, PML4 | KEEP).refused.startswith("#GP")
    assert machine.access().hit == "TLB"
    machine.do(operations.mov_to_cr3, PML4)
    assert left(machine) == ([], [])


def test_pcids_are_turned_on_with_cr3_zero_in_its_low_bits(build):
    """Setting CR4.PCIDE is #GP while CR3[11:0] is not 0; turned on, what was cached is PCID 0's."""
    machine = Machine(build, tables(), core_of(cr3=PML4 | 8))
    assert machine.do(operations.mov_to_cr4, PCID_ON).refused.startswith("#GP: CR4.PCIDE is set only while CR3")
    machine = Machine(build, tables(), core_of(bits.CR4_PAE | bits.CR4_PGE))
    machine.access()
    machine.do(operations.mov_to_cr4, PCID_ON)
    assert machine.access().hit == "TLB"


def test_turning_paging_off_drops_everything(build):
    """MOV to CR0 that clears PG drops global pages too, and leaves IA-32e mode; from 64-bit mode it is #GP."""
    machine = Machine(build, tables(G=1), core_of(bits.CR4_PAE | bits.CR4_PGE))
    machine.access()
    assert machine.do(operations.mov_to_cr0, bits.CR0_PE, None, True).refused.startswith("#GP")
    machine.do(operations.mov_to_cr0, bits.CR0_PE)
    assert left(machine) == ([], []) and machine.core.registers.levels == 0
    machine.do(operations.mov_to_cr0, bits.CR0_PE | bits.CR0_PG)
    assert machine.core.registers.levels == 4


def test_pae_loads_its_pdptes_with_cr3(build):
    """MOV to CR3 with PAE paging reads four PDPTEs; where one has a reserved bit set, nothing is loaded or dropped."""
    registers = Processor(PML4, efer=bits.EFER_NXE, pdptes=(0x3001, 0, 0, 0))
    memory = Memory({0x3000: compose(2, PT, LEADS), PT: compose(1, PAGE, LEADS), 0x8000: 0x3001, 0x8020: 0x3003})
    machine = Machine(build, memory, LogicalProcessor(registers))
    machine.access()
    assert machine.do(operations.mov_to_cr3, 0x8020, memory).refused == "#GP: a PDPTE has a reserved bit set"
    assert machine.access().hit == "TLB"
    assert machine.do(operations.mov_to_cr3, 0x8000, memory).refused == ""
    assert machine.core.registers.pdptes == (0x3001, 0, 0, 0) and machine.access().hit == ""


@pytest.fixture
def host(build):
    """Host and guests: linear mappings of VPID 0 and 1, combined ones of VPIDs 1 and 2 under two EPTPs."""
    memory, ept = nested()
    memory.write(0x11_0000, 0x10_1007)
    machine = Machine(build, memory, core_of(geometry=CacheGeometry(structures=(Geometry(1, 4),) * 4)))
    for vpid, pointer in ((0, None), (1, None), (1, ept), (2, Ept(0x11_001E))):
        machine.do(operations.vmx_transition, machine.core.registers, vpid, pointer)
        machine.access()
    machine.do(operations.vmx_transition, machine.core.registers)
    return machine


ALL = {(0, None), (1, None), (1, 0x10_0000), (2, 0x11_0000)}


@pytest.mark.parametrize(
    ("operation", "operands", "remaining"),
    [
        (operations.invlpg, (ADDRESS,), ALL - {(0, None)}),
        (operations.invpcid, (2,), ALL - {(0, None)}),
        (operations.invvpid, (0, 1, ADDRESS), {(0, None), (2, 0x11_0000)}),
        (operations.invvpid, (0, 1, 1 << 39), ALL),
        (operations.invvpid, (1, 1), {(0, None), (2, 0x11_0000)}),
        (operations.invvpid, (2,), {(0, None)}),
        (operations.invvpid, (3, 2), ALL - {(2, 0x11_0000)}),
        (operations.invept, (1, 0x10_001E), ALL - {(1, 0x10_0000)}),
        (operations.invept, (2,), {(0, None), (1, None)}),
        (operations.vmx_transition, (Processor(PML4), 0, None), ALL - {(0, None)}),
        (operations.vmx_transition, (Processor(PML4), 1, None), ALL),
    ],
)
def test_what_is_left_of_host_and_guests(host, operation, operands, remaining):
    """INVVPID goes by VPID, INVEPT by EP4TA and leaves linear mappings; a transition drops VPID 0 if both use it."""
    host.do(operation, *operands)
    *used, pml5_cache = host.core.caches.all_structures
    assert pml5_cache.entries == ()
    for structure in used:
        assert {(entry.tag.vpid, entry.tag.ep4ta) for entry in structure.entries} == remaining


def test_invvpid_retaining_globals(build):
    """Type 3 leaves global translations, type 1 does not."""
    for kind, hit in ((3, "TLB"), (1, "")):
        machine = Machine(build, tables(G=1), core_of(bits.CR4_PAE | bits.CR4_PGE, vpid=5))
        machine.access()
        machine.do(operations.invvpid, kind, 5)
        assert machine.access().hit == hit


def test_invlpg_drops_all_parts_of_a_large_page(build):
    """Under EPT with 4-KByte pages a guest's 2-MByte page has several TLB entries; INVLPG for one drops all."""
    memory, ept = nested(leaf=0x10_3007)
    for n in range(512):
        memory.write(0x10_3000 + 8 * n, 0x1000 * n | 0x37)
    memory.write(0x3000, compose(2, 0, LEADS | {"PS": 1}))
    machine = Machine(build, memory, core_of(ept=ept, vpid=1))
    machine.access(0x123)
    machine.access(0x5123)
    assert [entry.shift for entry in machine.core.caches.tlbs[0].entries] == [12, 12]
    machine.do(operations.invlpg, 0x9123)
    assert machine.core.caches.tlbs[0].entries == ()
