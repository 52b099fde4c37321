"""Guest-physical mappings: what they save, what drops them, and what is permitted while they are retained."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vmsim.test_caches import ADDRESS, LEADS, PAGE, PD, PDPT, PML4, PT, Machine, core_of, tables
from vmsim import Ept, EptViolation, FieldError, bits, compose
from vmsim import cache_operations as operations
from vmsim.caches import access_memory
from vmsim.logical_processor import CacheGeometry
from vmsim.processor import Access
from vmsim.set_associative import Geometry
from vmsim.stream import mapping, simulate

EPT_PT, EPT_PD = 0x10_3000, 0x10_2000
KEPT = CacheGeometry((Geometry(1, 1),), (None,) * 4, Geometry(1, 16))
USED_FRAMES = (1, 2, 3, 4, 9, 10)


def nested(flags=0, leaf=0x37):
    """The guest of test_caches; guest-physical = host-physical by EPT entries for 4 KiB each. ``flags``: EPTP's."""
    memory = tables()
    for address, value in ((0x10_0000, 0x10_1007), (0x10_1000, EPT_PD | 7), (EPT_PD, EPT_PT | 7)):
        memory.write(address, value)
    for number in range(16):
        memory.write(EPT_PT + 8 * number, number << 12 | leaf)
    return memory, Ept(0x10_001E | flags)


def machine_of(build, geometry=KEPT, **how):
    memory, ept = nested(**how)
    return Machine(build, memory, core_of(geometry=geometry, ept=ept, vpid=1))


def drop_linear(machine):
    """INVVPID for all of the VPID: no combined mapping is left."""
    machine.do(operations.invvpid, 1, 1)


def test_a_mapping_saves_the_ept_walk(build):
    """4 guest entries are read again, but no EPT entry, once all five guest-physical pages are known."""
    machine = machine_of(build)
    assert machine.access().entries_read == 4 + 5 * 4
    drop_linear(machine)
    assert machine.access().entries_read == 4
    assert [entry.number for entry in machine.core.caches.guest_physical.entries] == [1, 2, 3, 4, 9]


def test_by_default_there_is_no_such_cache(build):
    """Without one in the geometry each walk of a guest entry takes its EPT walk."""
    machine = machine_of(build, None)
    machine.access()
    drop_linear(machine)
    assert machine.access().entries_read == 4 + 5 * 4


def test_a_large_ept_page_is_one_mapping(build):
    """With an EPT page of 2 MiB one entry does for all of the guest's tables, within the first walk already."""
    machine = machine_of(build)
    machine.memory.write(EPT_PD, 0xB7)
    assert machine.access().entries_read == 4 + 3
    assert [(entry.shift, entry.number) for entry in machine.core.caches.guest_physical.entries] == [(21, 0)]


@pytest.mark.parametrize(
    ("operation", "operands", "left"),
    [
        (operations.invept, (1, 0x10_001E), 0),
        (operations.invept, (1, 0x11_001E), 5),
        (operations.invept, (2,), 0),
        (operations.invvpid, (2,), 5),
        (operations.invvpid, (1, 1), 5),
        (operations.invlpg, (ADDRESS,), 5),
        (operations.invpcid, (2,), 5),
        (operations.mov_to_cr3, (PML4,), 5),
    ],
)
def test_only_invept_drops_them(build, operation, operands, left):
    """INVEPT by EP4TA or all; what is tagged with VPID or PCID has nothing to do with them."""
    machine = machine_of(build)
    machine.access()
    machine.do(operation, *operands)
    assert len(machine.core.caches.guest_physical.entries) == len(machine.core.caches.retained_mappings) == left


def test_they_are_for_every_vpid_but_one_ept(build):
    """A guest with another VPID and the same EPTP uses them; one with another EPTP does not."""
    machine = machine_of(build)
    machine.access()
    machine.memory.write(0x11_0000, 0x10_1007)
    for pointer, read in ((machine.core.ept, 4), (Ept(0x11_001E), 4 + 5 * 4)):
        machine.do(operations.vmx_transition, machine.core.registers, 2, pointer)
        assert machine.access().entries_read == read
        drop_linear(machine)
        machine.do(operations.invvpid, 1, 2)


def test_a_mapping_of_another_ept_permits_nothing(build):
    """Under an EPTP that leads elsewhere, the page is there and nowhere else."""
    machine = machine_of(build)
    machine.access()
    for address, value in ((0x11_0000, 0x11_1007), (0x11_1000, 0x11_2007), (0x11_2000, 0x11_3007)):
        machine.memory.write(address, value)
    for number in range(16):
        machine.memory.write(0x11_3000 + 8 * number, (7 if number == 9 else number) << 12 | 0x37)
    machine.do(operations.vmx_transition, machine.core.registers, 2, Ept(0x11_001E))
    event = machine.access()
    assert event.host_physical_address == 0x7000 + ADDRESS and not event.is_ambiguous


def test_the_one_used_longest_ago_makes_room(build):
    """Of five mappings in five ways the data page of the first access goes, for the tables' were used again."""
    machine = machine_of(build, CacheGeometry((Geometry(1, 1),), (None,) * 4, Geometry(1, 5)))
    machine.access()
    drop_linear(machine)
    machine.access(0x1123)
    assert sorted(entry.number for entry in machine.core.caches.guest_physical.entries) == [1, 2, 3, 4, 10]


def test_a_large_page_by_small_mappings_is_small_in_the_tlb(build):
    """A guest's page of 2 MiB that a mapping for 4 KiB leads to is cached for these 4 KiB."""
    machine = machine_of(build)
    machine.memory.write(PD, compose(2, 0, LEADS | {"PS": 1}))
    for _time in range(2):
        assert machine.access(0x5123).host_physical_address == 0x5123
        assert [entry.shift for entry in machine.core.caches.tlbs[0].entries] == [12]
        drop_linear(machine)


def test_what_leads_where_ept_leads_is_no_other_way(build):
    """As long as nothing is stale, the permitted results take one walk for each place where a walk may begin."""
    machine = machine_of(build)
    machine.access()
    walks = []

    def counted(*given):
        walks.append(given)
        return build.translate(*given)

    access_memory(machine.memory, machine.core, Access("read", 3), 0x1123, counted)
    # From CR3, and below each of the three entries; and the modelled processor's own.
    assert len(walks) == 1 + 3 + 1


def test_old_and_new_are_permitted_until_invept(build):
    """A page moved in EPT may be found at either place though nothing linear is cached; after INVEPT only the new."""
    machine = machine_of(build)
    machine.access()
    machine.memory.write(EPT_PT + 8 * 9, 0x7037)
    drop_linear(machine)
    stale = machine.access()
    assert stale.host_physical_address == PAGE + ADDRESS
    assert {one.host_physical_address for one in stale.permitted} == {PAGE + ADDRESS, 0x7000 + ADDRESS}
    machine.do(operations.invept, 1, 0x10_001E)
    fresh = machine.access()
    assert fresh.host_physical_address == 0x7000 + ADDRESS and not fresh.is_ambiguous


def test_each_mapping_may_be_old_or_new_by_itself(build):
    """Two pages of tables and data moved: each of the three walks that mix old and new is permitted too."""
    machine = machine_of(build)
    machine.access()
    machine.memory.write(0xC000, compose(1, PAGE, LEADS))
    machine.memory.write(0xD000, compose(1, PAGE + 0x1000, LEADS))
    machine.memory.write(EPT_PT + 8 * 4, 0xD037)
    machine.memory.write(EPT_PT + 8 * 9, 0x7037)
    drop_linear(machine)
    found = {one.host_physical_address for one in machine.access().permitted}
    assert found == {PAGE + ADDRESS, 0x7000 + ADDRESS, PAGE + 0x1000 + ADDRESS}


def test_an_ept_violation_drops_the_mapping_of_its_address(build):
    """What permits reads only is no answer for a write: the walk finds the violation, which drops that one mapping."""
    machine = machine_of(build)
    machine.access()
    machine.access(kind="write")
    drop_linear(machine)
    machine.memory.write(EPT_PT + 8 * 9, PAGE | 0x35)
    machine.do(operations.invept, 2)
    machine.access()
    drop_linear(machine)
    event = machine.access(kind="write")
    assert isinstance(event.result, EptViolation)
    assert [drop.rule for drop in event.drops if drop.structure == "guest-physical TLB"] == [
        "EPT violation: guest-physical mappings of the address"
    ]
    assert [entry.number for entry in machine.core.caches.guest_physical.entries] == [1, 2, 3, 4]


def test_a_write_to_a_page_that_is_clean_in_ept_walks_it(build):
    """With accessed and dirty flags for EPT, a mapping made for a read does not serve a write: D has to be set."""
    machine = machine_of(build, flags=bits.EPTP_AD)
    machine.access()
    drop_linear(machine)
    machine.access(kind="write")
    assert machine.memory.read(EPT_PT + 8 * 9) & bits.EPT_D
    drop_linear(machine)
    assert machine.access(kind="write").entries_read == 4


def test_a_combined_mapping_made_by_one_does_not_know_that_the_page_is_dirty(build):
    """So a write walks again, and sets the flag; what EPT refuses is found by a walk as well."""
    machine = machine_of(build, flags=bits.EPTP_AD)
    machine.memory.write(PT, machine.memory.read(PT) | bits.A | bits.D)
    machine.access()
    drop_linear(machine)
    machine.access()
    assert machine.access(kind="write").walk is not None
    assert machine.memory.read(EPT_PT + 8 * 9) & bits.EPT_D


def test_a_stream_refuses_them():
    """A stream caches no guest-physical mappings, and says so."""
    with pytest.raises(FieldError, match="guest_physical"):
        simulate(bytes(8), mapping("nested"), KEPT)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("access"), st.sampled_from((0x123, 0x1123)), st.sampled_from(("read", "write"))),
        st.tuples(st.just("access"), st.sampled_from((0x123, 0x1123)), st.sampled_from(("read", "write"))),
        st.tuples(st.just("ept"), st.sampled_from(USED_FRAMES), st.sampled_from((0x37, 0x35, 0x30, 0x7037, 0xB037))),
        st.tuples(st.just("guest"), st.sampled_from((PML4, PDPT, PD, PT, PT + 8)), st.sampled_from((0, 1, 2))),
    ),
    min_size=5,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from((0, bits.EPTP_AD)), st.integers(1, 6), st.booleans())
def test_with_the_invalidations_that_are_demanded_they_cannot_be_seen(build, told, flags, ways, all_caches):
    """With INVEPT after each change of EPT and INVVPID after each of the guest's tables, all is as without caches."""
    geometry = CacheGeometry(guest_physical=Geometry(1, ways)) if all_caches else KEPT
    memory, ept = nested(flags)
    core = core_of(geometry=geometry, ept=ept, vpid=1)
    for step in told:
        if step[0] == "access":
            access = Access(step[2], 3)
            walk = build.translate(memory, core.registers, access, step[1], ept)
            event, core = access_memory(memory, core, access, step[1], build.translate)
            assert (event.result, event.host_physical_address) == (walk.result, walk.host_physical_address)
            assert not event.is_ambiguous
            memory.apply(event)
        elif step[0] == "ept":
            memory.write(EPT_PT + 8 * step[1], step[2] if step[2] > 0x1000 else step[1] << 12 | step[2])
            core = operations.invept(core, 1, ept.eptp)[1]
        else:
            old = memory.read(step[1])
            memory.write(step[1], old ^ 1 if step[2] == 0 else old ^ bits.RW if step[2] == 1 else old & ~bits.A)
            core = operations.invvpid(core, 1, 1)[1]
