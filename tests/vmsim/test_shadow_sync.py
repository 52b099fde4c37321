"""What KVM has to keep in step, so that shadow tables say what the guest's say: one line of it each."""

import pytest

from tests.vmsim.shadow_reference import consistent
from vmsim import Access, PageFault, Processor, bits
from vmsim.shadow_guest import DIRECT_MAP, first_cr3
from vmsim.shadow_machine import ShadowMachine
from vmsim.shadow_memory import Slot
from vmsim.shadow_operation import Operation
from vmsim.shadow_pages import root_role
from vmsim.shadow_story import Space, Story, perform, run, start
from vmsim.value import replace

DIRECT = DIRECT_MAP[4]
PAGE = 0x40_0000
# Where the guest kernel puts the first space's PML4, and PDPT, page directory and page table of the first page.
TOP, PDPT, DIRECTORY, TABLE = 0x4000, 0x6000, 0x7000, 0x8000
NEXT = PAGE + 0x1000
A_AND_D = (("A", 1), ("D", 1))
USABLE = bits.P | bits.RW | bits.US | bits.A | bits.D


class Told:
    """A guest under shadow paging whose story goes on call by call; after each, what KVM keeps has to fit together."""

    def __init__(self, *mapped, **story):
        story = Story((), mapped=mapped, **story)
        registers = replace(story.processor, cr3=first_cr3(story.spaces[0].pcid))
        self.machine = ShadowMachine(registers, story.slots, story.pcide, story.limit)
        self.mmu = self.machine.mmu
        self.kernel = start(story, self.machine)

    def __call__(self, kind, address=0, **more):
        """What KVM did with the exits of one operation, and the operation's outcome."""
        outcome = perform(self.kernel, Operation(kind, address, **more))
        consistent(self.mmu)
        return [one.handled for one in outcome.exits], outcome

    def store(self, address, value):
        """The guest kernel writes 8 bytes at a guest-physical address; what KVM did."""
        self.machine.store(DIRECT + address, value)
        consistent(self.mmu)
        return [one.handled for one in self.machine.take().exits]

    def leaf(self, index, table=TABLE):
        """The shadow entry for an entry of a page table."""
        (page,) = [one for one in self.mmu.pages.shadows(table >> 12) if one.level == 1]
        return page.entry(index)


def two(*flags, **story):
    """Two pages side by side; the second is read once, so that unmapping it puts their table out of sync."""
    told = Told(Operation("map", PAGE, pages=2, flags=flags), **story)
    told("read", PAGE, pages=2)
    return told


def did(handled):
    return [one.did for one in handled]


def test_what_is_linked_again_is_synced_first():
    """A table out of sync below one that is found in the hash does not keep what the guest unmapped meanwhile."""
    told = two()
    told("unmap", NEXT)
    told.store(TOP, told.machine.guest.read(TOP))
    assert told("MOV to CR3", space="a")[0][0].synced == 0, "nothing leads to the table"
    told("read", PAGE)
    assert isinstance(told("read", NEXT)[1].fault, PageFault)


def test_a_last_level_table_that_is_linked_again_stays_out_of_sync():
    """It is synced when it is found, and the guest goes on writing it without an exit."""
    told = two()
    told("unmap", NEXT)
    told.store(DIRECTORY + 8 * 2, told.machine.guest.read(DIRECTORY + 8 * 2))
    told("read", PAGE)
    assert isinstance(told("read", NEXT)[1].fault, PageFault)
    assert told.store(TABLE, 0) == []


def test_tables_out_of_sync_go_with_what_leads_to_them():
    """When a directory is dropped, its page table that is out of sync is too; one that is in sync waits in the hash."""
    for edited, made in ((True, 2), (False, 1)):
        told = two()
        if edited:
            told("unmap", NEXT)
        told("write", DIRECT + DIRECTORY + 0x800, cpl=0, times=3)
        handled, _outcome = told("read", PAGE)
        assert [one.made for one in handled] == [made]


def test_a_table_that_becomes_a_directory_is_no_longer_out_of_sync():
    """A frame that is linked one level higher is write-protected for good, and dropped alone when it is flooded."""
    told = two()
    told("unmap", NEXT)
    told.store(TABLE + 8 * 64, TABLE | USABLE)
    told.store(PDPT + 8 * 5, TABLE | USABLE)
    recursive = 5 << 30 | 64 << 21 | 64 << 12
    assert told("read", recursive)[1].host_physical_address == told.machine.guest.host_address(TABLE)
    assert sorted((page.level, page.unsync) for page in told.mmu.pages.shadows(TABLE >> 12)) == [(1, False), (2, False)]
    found = [handled for _time in range(3) for handled in told.store(TABLE + 0x800, 0)]
    assert did(found) == ["emulated"] * 3
    assert [page.level for page in told.mmu.pages.shadows(TABLE >> 12)] == [1]


PCIDS = (Space("a", 1), Space("b", 2), Space("c", 3))


def test_mov_to_cr3_lets_go_the_other_roots_of_its_pcid():
    """A root of the same PCID has to be found in the hash again, those of other PCIDs stay cached."""
    told = Told(spaces=PCIDS, pcide=True)
    mmu = told.mmu
    assert [mmu.load_cr3(cr3, False, True).did for cr3 in (0x8002, 0x6001, 0x4001)] == [
        "new root", "new root", "root from the hash",
    ]  # fmt: skip
    assert mmu.load_cr3(0x8002, False, True).did == "cached root"


def test_a_root_from_the_hash_is_synced_though_bit_63_is_set():
    """Four other address spaces push a root out; when it comes back, what the guest unmapped is gone from it."""
    spaces = tuple(Space(name, number + 1) for number, name in enumerate("abcde"))
    told = two(spaces=spaces, pcide=True)
    told("unmap", NEXT)
    for name in "bcde":
        told("MOV to CR3", space=name, keep=True)
    (handled,), _outcome = told("MOV to CR3", space="a", keep=True)
    assert (handled.did, handled.synced) == ("root from the hash", 1)
    assert isinstance(told("read", NEXT)[1].fault, PageFault)


def test_invpcid_syncs_the_current_root_and_lets_go_others():
    """Of the current PCID the tables are synced; a root of another is no longer cached."""
    told = two(spaces=PCIDS, pcide=True)
    told("MOV to CR3", space="b", keep=True)
    told("MOV to CR3", space="a", keep=True)
    told("unmap", NEXT)
    assert [one.synced for one in told("INVPCID", space="b")[0]] == [0]
    assert did(told("MOV to CR3", space="b", keep=True)[0]) == ["root from the hash"]
    assert did(told("MOV to CR3", space="a", keep=True)[0]) == ["cached root"]
    assert [one.synced for one in told("INVPCID", space="a")[0]] == [1]
    assert isinstance(told("read", NEXT)[1].fault, PageFault)


def test_invlpg_syncs_all_cached_roots():
    """Whether a page is global KVM does not look up: the entry goes from the root of another PCID too."""
    told = two(spaces=PCIDS, pcide=True)
    told("unmap", NEXT)
    told("MOV to CR3", space="b", keep=True)
    assert [one.synced for one in told("INVLPG", NEXT)[0]] == [1]
    assert [one.synced for one in told("INVLPG", PAGE)[0]] == [0], "that one was not changed"


def test_a_table_is_synced_once():
    """After MOV to CR3 it is in sync and write-protected: a second one has nothing to do, a write goes out again."""
    told = two()
    told("unmap", NEXT)
    assert [told("MOV to CR3", space="a")[0][0].synced for _time in range(2)] == [1, 0]
    assert did(told.store(TABLE, 0)) == ["out of sync"]


def test_syncing_puts_no_other_table_out_of_sync():
    """A page table that becomes writable for the guest while an entry is synced stays write-protected."""
    told = two()
    other = 0x60_0000
    told("map", other)
    told("read", other)
    (second,) = {page.gfn for page in told.mmu.pages.active if page.level == 1 and not page.role.direct} - {TABLE >> 12}
    told.store(TABLE + 8, second << 12 | USABLE & ~bits.RW)
    told("INVLPG", NEXT)
    told("read", NEXT)
    told.store(TABLE + 8, second << 12 | USABLE)
    assert [one.synced for one in told("INVLPG", NEXT)[0]] == [1]
    assert not told.leaf(1) & bits.RW
    assert not any(page.unsync for page in told.mmu.pages.shadows(second))
    assert did(told("write", NEXT)[0]) == ["out of sync"]


def test_an_entry_that_maps_another_page_is_known_by_that_page():
    """When the page becomes a table, the entry that maps it now loses R/W, whatever it mapped before."""
    told = two()
    frame = 0x60_0000
    told.store(TABLE, frame | USABLE)
    told("write", PAGE)
    assert told.leaf(0) & bits.RW
    told.store(TOP + 8, frame | USABLE)
    told("read", 1 << 39)
    told.store(frame, frame | USABLE)
    told("read", 1 << 39)
    assert not told.leaf(0) & bits.RW


def test_two_entries_for_one_page_or_table_are_told_apart():
    """When one of the two is cleared, the other still counts: for the page's write protection, and for the table."""
    told = two()
    frame = told.machine.guest.read(TABLE) & bits.ADDRESS
    told.store(TABLE + 8, frame | USABLE)
    told("INVLPG", NEXT)
    told("read", NEXT)
    told.store(DIRECTORY + 8 * 3, TABLE | USABLE)
    told("read", 3 << 21)
    told.store(DIRECTORY + 8 * 3, 0)
    told.store(TABLE + 8, 0)
    told("INVLPG", NEXT)
    assert told("read", PAGE)[0] == [] and told.leaf(0)


def test_new_memory_slots_leave_no_root_behind():
    """The root is another one, found in no cache and no hash."""
    told = two()
    root = told.mmu.roots[0][1]
    told("memory slots")
    assert told.mmu.roots[0][1] is not root and root not in told.mmu.pages.active


def test_prefetch_takes_what_needs_no_fault():
    """Neighbours with A set are filled, without A in the shadow entry, up to the first that is not."""
    told = Told(
        Operation("map", PAGE, flags=A_AND_D),
        Operation("map", NEXT, flags=A_AND_D),
        Operation("map", PAGE + 0x2000),
        Operation("map", PAGE + 0x3000, flags=A_AND_D),
    )
    assert did(told("read", PAGE)[0]) == ["filled"]
    assert told.leaf(1) & (bits.P | bits.A | bits.RW) == bits.P | bits.RW
    assert told("write", NEXT)[0] == [] and told.leaf(1) & bits.A
    assert did(told("read", PAGE + 0x2000)[0]) == ["filled"], "its A has to be set in the guest's entry"
    assert told.machine.guest.read(TABLE + 16) & bits.A
    told = Told(*(Operation("map", PAGE + 0x1000 * n, flags=A_AND_D if n != 1 else ()) for n in range(3)))
    told("read", PAGE)
    assert did(told("read", PAGE + 0x2000)[0]) == ["filled"]


def test_prefetch_makes_nothing_writable_that_has_a_fault_to_come():
    """A neighbour whose D is 0 and one that maps a page table in sync are filled without R/W."""
    told = two(("A", 1))
    assert told.leaf(1) & (bits.P | bits.RW) == bits.P
    assert did(told("write", NEXT)[0]) == ["dirtied"] and told.machine.guest.read(TABLE + 8) & bits.D
    told.store(TABLE + 16, TABLE | USABLE)
    told("MOV to CR3", space="a")
    told.mmu.zap_all()
    assert did(told("read", PAGE)[0]) == ["filled"]
    assert told.leaf(2) & (bits.P | bits.RW) == bits.P
    assert not any(page.unsync for page in told.mmu.pages.shadows(TABLE >> 12))


@pytest.mark.parametrize(
    "entry", [USABLE | PAGE | bits.XD, USABLE | 0x7000_0000], ids=["reserved bit", "beyond memory"]
)
def test_prefetch_leaves_what_would_fault(entry):
    """A neighbour that sets a reserved bit, or leads where no memory is, is left for its own fault."""
    told = two(processor=Processor(0, efer=Processor.efer & ~bits.EFER_NXE))
    told.store(TABLE + 8, entry)
    told("MOV to CR3", space="a")
    told.store(TABLE, 0)
    told("INVLPG", PAGE)
    told.store(TABLE, PAGE * 2 | USABLE)
    assert did(told("read", PAGE)[0]) == ["filled"]
    assert told.leaf(1) == 0


def test_prefetch_stops_where_a_slot_ends():
    """Of a large page that lies across a hole in guest memory only what exists is mapped."""
    large = 0xA0_0000
    slots = (Slot(0, 0x80_2000, 0x1_0000_0000), Slot(0x80_4000, 0x3F_C000, 0x2_0000_0000))
    told = Told(Operation("map", large, page_size="2 MiB", page_frame=0x80_0000), slots=slots)
    assert did(told("read", large)[0]) == ["filled"]
    (direct,) = [page for page in told.mmu.pages.active if page.role.direct and page.gfn == 0x800]
    assert sorted(direct.leaves) == [0, 1]


def test_a_large_page_that_becomes_dirty_is_shadowed_anew():
    """The page below it was made for reads; the first write needs one with the role of a writable page."""
    large = 0xA0_0000
    told = Told(Operation("map", large, page_size="2 MiB"))
    assert [one.made for one in told("read", large)[0]] == [3]
    assert [one.made for one in told("write", large)[0]] == [1]


def test_a_directory_that_is_walked_between_writes_is_kept():
    """Only writes that no walk comes between count as flooding."""
    told = two()
    for _time in range(4):
        assert did(told.store(DIRECTORY + 8 * 2, TABLE | USABLE)) == ["emulated"]
        assert [one.made for one in told("read", PAGE)[0]] == [0]


def test_a_root_that_is_flooded_is_made_anew():
    """The third write to a PML4 drops its shadow page; the processor goes on with another."""
    told = two()
    root = told.mmu.roots[0][1]
    assert [told.mmu.write(TOP + 0x800, 0).zapped for _time in range(3)] == [0, 0, 1]
    assert told.mmu.roots[0][1] is not root
    assert did(told("read", PAGE)[0]) == ["filled"]


@pytest.mark.parametrize("efer", [Processor.efer, Processor.efer & ~bits.EFER_NXE], ids=["NXE", "no NXE"])
def test_a_page_that_the_kernel_writes_with_wp_0_is_not_executable_for_it(efer):
    """KVM hides U/S from the processor then, which would let SMEP pass: so XD is set, whatever the guest's NXE."""
    told = Told(
        Operation("map", PAGE, flags=(("R/W", 0),)),
        processor=Processor(0, cr4=bits.CR4_PAE | bits.CR4_SMEP, efer=efer),
    )
    assert told.mmu.hardware.nxe
    told("CR0.WP", value=0)
    assert told("write", PAGE, cpl=0)[1].fault is None
    assert told.leaf(0) & (bits.RW | bits.US | bits.XD) == bits.RW | bits.XD
    assert told("fetch", PAGE, cpl=0)[1].fault.error_code & bits.PF_ID


def test_roles_tell_smep_and_smap_only_without_wp():
    """With CR0.WP = 1 the processor applies them by itself; with 0 other shadow pages are needed."""
    for name in ("smep", "smap"):
        flag = {"smep": bits.CR4_SMEP, "smap": bits.CR4_SMAP}[name]
        for wp in (0, 1):
            cr0 = Processor.cr0 & ~bits.CR0_WP | wp * bits.CR0_WP
            role = root_role(Processor(0, cr0, bits.CR4_PAE | flag))
            assert getattr(role, name + "_andnot_wp") is (wp == 0)


def test_room_is_made_for_twenty_pages_at_once():
    """Where fewer than 5 of 64 pages are free, the oldest go until 25 are."""
    regions = range(2, 30)
    found = run(
        Story(
            tuple(Operation("read", number << 39) for number in regions),
            mapped=tuple(Operation("map", number << 39) for number in regions),
            limit=64,
        )
    ).steps
    before = [1] + [step.pages for step in found]
    for step, pages in zip(found, before, strict=False):
        (handled,) = [one.handled for one in step.shadow.exits]
        assert (pages > 59) == (handled.zapped > 0)
        assert step.pages == (39 if pages > 59 else pages) + handled.made
    assert max(before) > 59


def test_going_to_and_fro_pushes_no_root_out():
    """A root counts once, however often it is loaded: after two others were taken in turn the first is still cached."""
    told = Told(spaces=tuple(Space(name) for name in "abcd"))
    found = [told("MOV to CR3", space=name)[0][0].did for name in "cbcbda"]
    assert found == ["new root", "new root", "cached root", "cached root", "new root", "cached root"]


def test_the_processor_that_a_guest_has_is_not_that_of_the_shadow_tables():
    """A fetch by the guest is judged by the guest's registers, its fault's error code too."""
    told = two(("XD", 1))
    assert told.machine.access(Access("fetch", 3), PAGE)[1].error_code & bits.PF_ID
