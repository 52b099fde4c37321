"""Shadow paging and EPT give the guest what its own tables say, and cost what KVM costs."""

import pytest
from hypothesis import given, settings

from tests.vmsim.shadow_reference import DIRECT, SLOTS, DirectMachine, consistent, stories
from vmsim import FieldError, PageFault, Processor, _build, bits, shadow, shadow_machine
from vmsim.shadow_guest import first_cr3
from vmsim.shadow_machine import EptMachine, ShadowMachine
from vmsim.shadow_operation import Operation
from vmsim.shadow_story import Space, Story, perform, run, start
from vmsim.value import replace

PAGE = 0x40_0000
TWO = (Space("a"), Space("b"))
many = settings(max_examples=150, deadline=None)


def did(outcome):
    return [one.handled.did for one in outcome.exits]


def steps(*operations, **story):
    return run(Story(tuple(operations), **story)).steps


def mapped(pages=1, **more):
    return (Operation("map", PAGE, pages=pages, **more),)


def answer(outcome):
    """The address, or the fault as the oracle tells it."""
    fault = outcome.fault
    if fault is None or isinstance(fault, tuple):
        return outcome.host_physical_address, fault
    return None, ("#PF", fault.error_code) if isinstance(fault, PageFault) else ("#GP",)


def words(machine):
    """Guest memory below the pages: all tables of the guest, by guest-physical address."""
    if isinstance(machine, DirectMachine):
        return {at: value for at, value in machine.words.items() if value}
    low = SLOTS[0].host
    return {at - low: value for at, value in machine.host.items() if low <= at < low + SLOTS[0].size}


def guests(story, shadowed):
    """The story's guest under test, and the same without KVM."""
    registers = replace(story.processor, cr3=first_cr3(story.spaces[0].pcid))
    if shadowed:
        tested = ShadowMachine(registers, story.slots, story.pcide, story.limit)
    else:
        tested = EptMachine(registers, story.slots, story.pcide)
    direct = DirectMachine(registers, story.slots, story.pcide, not shadowed)
    return start(story, tested), start(story, direct)


def hold_equal(story, shadowed):
    tested, direct = guests(story, shadowed)
    for operation in story.operations:
        here, there = perform(tested, operation), perform(direct, operation)
        assert answer(here) == answer(there), operation
        assert words(tested.machine) == words(direct.machine), operation
    if shadowed:
        consistent(tested.machine.mmu)


@many
@given(story=stories())
def test_shadow_paging_is_not_to_be_seen(story):
    """Whatever a guest does that invalidates as it must: address, fault, A and D in its tables are as without KVM."""
    hold_equal(story, True)


@settings(max_examples=50, deadline=None)
@given(story=stories())
def test_ept_is_not_to_be_seen(story):
    """The same holds under EPT, which is what shadow paging is compared with."""
    hold_equal(story, False)


@settings(max_examples=25, deadline=None)
@given(story=stories())
def test_both_builds_tell_the_same(story):
    """The interpreted walker gives the trace that the compiled one gives, to the last exit."""
    traces = []
    for build in (_build.interpreted(), _build.compiled()):
        with pytest.MonkeyPatch.context() as patch:
            for module in (shadow, shadow_machine):
                patch.setattr(module, "translate", build.translate)
            traces.append(run(story))
    assert traces[0] == traces[1]


@settings(max_examples=25, deadline=None)
@given(story=stories())
def test_few_shadow_pages_are_enough(story):
    """With the least number of shadow pages, and memory spread so that it is reached, nothing changes but the cost."""
    spread = tuple(Operation("map", number << 39) for number in range(2, 30))
    touched = tuple(Operation("read", number << 39) for number in range(2, 30))
    operations = touched + story.operations[: 0 if story.isolation else None]
    tight = replace(story, limit=64, mapped=spread, operations=operations)
    hold_equal(tight, True)
    assert all(step.pages <= 64 for step in run(tight).steps)


def test_a_first_touch_costs_one_exit_and_a_second_none():
    """The shadow entry is filled on the first #PF; then the processor walks by itself."""
    first, second = steps(Operation("read", PAGE), Operation("read", PAGE), mapped=mapped())
    assert did(first.shadow) == ["filled"] and first.shadow.exits[0].leave.name == "EXCEPTION_NMI"
    assert first.shadow.exits[0].handled.made == 3
    assert second.shadow.exits == () and second.shadow.host_physical_address == 0x1_0080_0000


def test_a_clean_page_is_write_protected():
    """After a read the first write faults, so that D gets into the guest's entry; the next does not."""
    found = steps(*(Operation(kind, PAGE) for kind in ("read", "write", "write")), mapped=mapped())
    assert [did(step.shadow) for step in found] == [["filled"], ["dirtied"], []]


def test_the_guest_s_own_fault_is_reflected():
    """A page that the guest has not mapped exits with shadow paging, and not with EPT once its table is there."""
    first, second = steps(Operation("read", PAGE), Operation("read", PAGE))
    assert did(first.shadow) == did(second.shadow) == ["reflected"]
    assert did(first.ept) == ["mapped in EPT"] and second.ept.exits == ()
    assert first.shadow.fault == first.ept.fault and first.shadow.fault.error_code == bits.PF_US


def test_a_last_level_table_goes_out_of_sync_once():
    """The first write to it exits, further ones do not; INVLPG syncs the one entry, MOV to CR3 the page."""
    found = steps(
        Operation("read", PAGE, pages=2),
        Operation("unmap", PAGE),
        Operation("unmap", PAGE + 0x1000),
        Operation("INVLPG", PAGE),
        Operation("read", PAGE + 0x1000),
        Operation("MOV to CR3", space="a"),
        Operation("read", PAGE + 0x1000),
        mapped=mapped(2),
    )
    assert did(found[1].shadow)[-1] == "out of sync" and did(found[2].shadow) == []
    assert found[3].shadow.exits[0].handled.synced == 1
    assert found[4].shadow.host_physical_address is not None and found[4].ept.fault is not None
    assert did(found[5].shadow) == ["same root"] and found[5].shadow.exits[0].handled.synced == 1
    assert found[6].shadow.fault == found[4].ept.fault


def test_an_upper_table_stays_write_protected():
    """Each write to it exits and is emulated; with the third one that no walk comes between, it is dropped."""
    directory = DIRECT + 0x7010
    operations = (Operation("read", PAGE), Operation("write", directory, cpl=0, times=5), Operation("read", PAGE))
    found = [step.shadow for step in steps(*operations, mapped=mapped())]
    assert did(found[1]) == ["emulated"] * 3 + ["filled"]
    assert [one.handled.zapped for one in found[1].exits] == [1, 0, 1, 0]
    assert did(found[2]) == ["filled"] and found[2].exits[0].handled.made == 1


def test_a_large_page_is_shadowed_by_small_ones():
    """A guest page of 2 MiB needs an entry for each 4 KiB; when its PDE is cleared, all of them are gone."""
    large = 0xA0_0000
    found = steps(
        Operation("write", large),
        Operation("read", large + 0x9000),
        Operation("unmap", large, page_size="2 MiB"),
        Operation("INVLPG", large),
        Operation("read", large),
        mapped=(Operation("map", large, page_size="2 MiB"),),
    )
    assert [did(step.shadow) for step in found[:2]] == [["filled"], ["filled"]]
    assert did(found[2].shadow)[-1] == "emulated" and found[2].shadow.exits[-1].handled.zapped == 1
    assert found[4].shadow.fault == found[4].ept.fault is not None


def test_a_process_switch_finds_its_root():
    """MOV to CR3 exits; the root is new once, then one of the last four, and later one from the hash."""
    names = "abcde"
    going = [Operation("MOV to CR3", space=name) for name in "ba" + names[1:] + "a"]
    found = steps(*going, spaces=tuple(Space(name) for name in names))
    assert [did(step.shadow)[0] for step in found] == [
        "new root", "cached root", "cached root", "new root", "new root", "new root", "root from the hash",
    ]  # fmt: skip
    assert all(step.ept.exits == () for step in found)
    assert {step.shadow.exits[0].leave.name for step in found} == {"CR_ACCESS"}


def test_a_root_is_found_by_more_than_cr3():
    """Another PCID for the same table, or another CR0.WP, is another cached root; the role also means another page."""
    machine = ShadowMachine(Processor(0x4000), Story(()).slots, True, 64)
    root = machine.mmu.roots[0][1]
    assert machine.mmu.load_cr3(0x4001, pcide=True).did == "root from the hash" and machine.mmu.roots[0][1] is root
    machine.set_wp(0)
    assert machine.exits[-1].handled.did == "new root" and machine.mmu.roots[0][1] is not root
    machine.set_wp(1)
    assert machine.exits[-1].handled.did == "root from the hash" and machine.mmu.roots[0][1] is root


def test_isolation_gives_a_process_two_roots():
    """With page-table isolation a process has two CR3s, so two roots; the tables below are shadowed once."""
    found = steps(
        Operation("read", PAGE),
        Operation("MOV to CR3", space="a/user"),
        Operation("read", PAGE),
        mapped=mapped(),
        isolation=True,
    )
    assert did(found[1].shadow) == ["new root"]
    assert did(found[2].shadow) == ["filled"] and found[2].shadow.exits[0].handled.made == 0


def test_five_levels_are_shadowed_too():
    """With CR4.LA57 there is one shadow page more on the way, and the guest sees the same as under EPT."""
    wide = Processor(0, cr4=bits.CR4_PAE | bits.CR4_LA57)
    page = 1 << 54
    operations = (Operation("map", page), Operation("write", page), Operation("unmap", page), Operation("INVLPG", page))
    found = steps(*operations, Operation("read", page), processor=wide)
    assert found[1].shadow.exits[0].handled.made == 4
    assert [answer(step.shadow) for step in found] == [answer(step.ept) for step in found]
    assert found[4].shadow.fault is not None


def test_a_change_of_memory_slots_drops_everything():
    """The next access costs an exit again, on both."""
    found = steps(Operation("read", PAGE), Operation("memory slots"), Operation("read", PAGE), mapped=mapped())
    assert found[1].shadow.exits == found[1].ept.exits == ()
    assert did(found[2].shadow) == ["filled"] and len(found[2].ept.exits) == len(found[0].ept.exits) > 0


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Operation("unmap", PAGE), "operations/0/address is 0x400000; allowed: an address that is mapped"),
        (Operation("map", PAGE, page_frame=0x1000), "operations/0/page_frame is 0x1000; allowed: a multiple of 0x1000"),
        (Operation("MOV to CR3", space="c"), "operations/0/space is 'c'; allowed: a"),
        (Operation("MOV to CR3", space="a", keep=True), "operations/0/keep is True; allowed: False: bit 63"),
    ],
)
def test_what_a_guest_cannot_do_is_said(operation, message):
    """An operation that cannot be is refused by its number, its field and what is allowed."""
    with pytest.raises(FieldError) as caught:
        run(Story((operation,)))
    assert str(caught.value).startswith(message)
