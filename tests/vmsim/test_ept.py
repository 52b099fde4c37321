"""Single rules of EPT and of the two-dimensional walk, on both builds."""

import pytest

from vmsim import (
    Access,
    Ept,
    EptMisconfiguration,
    EptViolation,
    FieldError,
    GeneralProtection,
    Memory,
    PageFault,
    Processor,
    Translation,
    bits,
)
from vmsim.ept_entries import EptEntry, is_present, misconfigurations
from vmsim.ept_mapping import EptTables
from vmsim.eptp import CAPABILITIES
from vmsim.mapping import map_address
from vmsim.value import replace

CPU = Processor(cr3=0x1000, maxphyaddr=48)
ADDRESS = 0x7F12_3456_7ABC
DATUM = 0x4000_0000
TOP = 0x100_0000
EPT = Ept(TOP | 3 << 3 | 6)
ACCESSED_DIRTY = Ept(TOP | 3 << 3 | 6 | bits.EPTP_AD)
READ, WRITE = Access("read", 3), Access("write", 3)


def guest(ept=EPT, offset=0, **entries):
    """Memory of a guest with four tables of one page each; EPT maps what the walk reads to ``offset`` above it."""
    seen = map_address(CPU, ADDRESS, entries, "4 KiB")
    memory = Memory({address + offset: value for address, value in seen.items()})
    tables = EptTables(memory, ept, TOP + 0x1000)
    for gpa in (0x1000, 0x2000, 0x3000, 0x4000, DATUM):
        tables.map(gpa, page_frame=gpa + offset)
    return memory, tables


def permit(tables, gpa, permissions, level=1):
    at = tables.entry_addresses(gpa)[level]
    tables.memory.write(at, tables.memory.read(at) & ~7 | permissions)


def test_a_two_dimensional_walk_reads_24_entries(build):
    """Four guest entries and the datum take an EPT walk of four steps each; the entries are read at host addresses."""
    memory, _ = guest(offset=0x20_0000)
    walk = build.translate(memory, CPU, READ, ADDRESS, EPT)
    assert [len(step.ept.steps) for step in walk.steps] + [len(walk.last_ept_walk.steps)] == [4] * 5
    assert [step.physical_address - step.entry_address for step in walk.steps] == [0x20_0000] * 4
    assert (walk.result.physical_address, walk.host_physical_address) == (0x4000_0ABC, 0x4020_0ABC)


def test_flags_are_set_at_host_addresses(build):
    """The guest's A and D change where EPT says that the entry lies."""
    memory, _ = guest(offset=0x20_0000)
    walk = build.translate(memory, CPU, WRITE, ADDRESS, EPT)
    before = dict(memory.items())
    memory.apply(walk)
    changed = {at: value ^ before[at] for at, value in memory.items() if value != before[at]}
    assert changed == {step.physical_address: step.sets for step in walk.steps}
    assert [step.sets for step in walk.steps] == [0x20, 0x20, 0x20, 0x60]


def test_the_guests_fault_comes_before_the_ept_violation_of_what_it_would_reach(build):
    """A PTE that is not present is #PF, whatever EPT says of the page."""
    memory, tables = guest(PTE={"P": 0})
    permit(tables, DATUM, 0)
    assert isinstance(build.translate(memory, CPU, READ, ADDRESS, EPT).result, PageFault)


def test_the_ept_violation_of_a_table_comes_before_what_its_entry_says(build):
    """An entry that cannot be read has no say: the violation is for the table, without bit 8."""
    memory, tables = guest(PTE={"P": 0})
    permit(tables, 0x4000, 0)
    walk = build.translate(memory, CPU, WRITE, ADDRESS, EPT)
    assert (walk.result.qualification, walk.result.guest_physical_address) == (0x81, 0x4B38)
    assert (len(walk.steps), walk.last_ept_walk.result) == (3, walk.result)


def test_a_non_canonical_address_is_gp_before_all(build):
    """No EPT entry is read for it."""
    walk = build.translate(Memory(size=8), CPU, READ, 1 << 47, EPT)
    assert isinstance(walk.result, GeneralProtection)


@pytest.mark.parametrize("ept, qualification", [(EPT, 0x8B), (ACCESSED_DIRTY, 0x8B)])
def test_setting_an_accessed_flag_is_a_write(build, ept, qualification):
    """A table in a page that EPT lets only be read ends the walk when a flag in it is to be set; both bits are set."""
    memory, tables = guest(ept)
    permit(tables, 0x3000, 1)
    result = build.translate(memory, CPU, READ, ADDRESS, ept).result
    assert (result.qualification, result.guest_physical_address) == (qualification, 0x3D10)


def test_reading_a_table_counts_as_a_write_only_with_ept_flags_on(build):
    """With A = 1 a read-only table serves, unless accessed and dirty flags for EPT are on."""
    for ept, expected in ((EPT, Translation), (ACCESSED_DIRTY, EptViolation)):
        memory, tables = guest(ept, PDE={"A": 1})
        permit(tables, 0x3000, 1)
        assert isinstance(build.translate(memory, CPU, READ, ADDRESS, ept).result, expected)


def test_ept_flags_of_tables_and_datum(build):
    """D is set for each page of a guest table, which is read as if written, and for the datum only by a write."""
    for access, datum in ((READ, bits.EPT_A), (WRITE, bits.EPT_A | bits.EPT_D)):
        memory, tables = guest(ACCESSED_DIRTY)
        memory.apply(build.translate(memory, CPU, access, ADDRESS, ACCESSED_DIRTY))
        flags = [memory.read(tables.entry_addresses(gpa)[1]) & 0x300 for gpa in (0x1000, 0x4000, DATUM)]
        assert flags == [0x300, 0x300, datum]
        assert memory.read(TOP) & 0x300 == bits.EPT_A


def test_a_refused_ept_walk_sets_no_ept_flags(build):
    """Flags of the walks before it stay."""
    memory, tables = guest(ACCESSED_DIRTY)
    permit(tables, DATUM, 4)
    walk = build.translate(memory, CPU, READ, ADDRESS, ACCESSED_DIRTY)
    memory.apply(walk)
    assert walk.result.qualification == 0x1A1
    assert memory.read(tables.entry_addresses(DATUM)[1]) & 0x300 == 0
    assert memory.read(tables.entry_addresses(0x4000)[1]) & 0x300 == 0x300


def test_a_guest_table_that_is_an_ept_table(build):
    """The walk sees the flags that it has set itself, as guest and as EPT flags of one word."""
    memory, tables = guest(ACCESSED_DIRTY)
    leaf = tables.entry_addresses(0x4000)[1]
    # The guest's page table is moved into the EPT page table that maps it.
    tables.map(0x4000, page_frame=leaf & ~0xFFF)
    memory.write((leaf & ~0xFFF) + 0xB38, DATUM | 7)
    walk = build.translate(memory, CPU, WRITE, ADDRESS, ACCESSED_DIRTY)
    memory.apply(walk)
    assert isinstance(walk.result, Translation)
    assert memory.read((leaf & ~0xFFF) + 0xB38) == DATUM | 0x67


@pytest.mark.parametrize(
    "guest_flags, code",
    [
        ({}, 0b011),
        ({"PDE": {"R/W": 0}}, 0b001),
        ({"PML4E": {"U/S": 0}}, 0b010),
        ({"PTE": {"XD": 1}}, 0b111),
    ],
)
def test_advanced_information(build, guest_flags, code):
    """Bits 9 to 11 say what the guest's tables make of the page: user-mode, read/write, execute-disable."""
    ept = replace(EPT, capabilities=CAPABILITIES | bits.EPT_CAP_ADVANCED)
    memory, tables = guest(ept, **guest_flags)
    permit(tables, DATUM, 0)
    result = build.translate(memory, CPU, Access("read", 0), ADDRESS, ept).result
    assert result.qualification == 0x181 | code << 9
    permit(tables, 0x4000, 0)
    assert build.translate(memory, CPU, Access("read", 0), ADDRESS, ept).result.qualification >> 9 == 0


def test_advanced_information_with_paging_off(build):
    """Every linear address is then a user-mode one in a read/write page that may be executed."""
    ept = replace(EPT, capabilities=CAPABILITIES | bits.EPT_CAP_ADVANCED)
    cpu = Processor(cr3=0, cr0=bits.CR0_PE, efer=0, maxphyaddr=48)
    result = build.translate(Memory(), cpu, READ, 0x1234, ept).result
    assert (result.qualification, result.guest_physical_address) == (0x181 | 0b011 << 9, 0x1234)


@pytest.mark.parametrize(
    "user, permissions, qualification", [(1, 0x400, None), (1, 4, 0x1AC), (0, 4, None), (0, 0x400, 0x1CC)]
)
def test_mode_based_execute_control(build, user, permissions, qualification):
    """Fetches from user-mode linear addresses need XU, from supervisor-mode ones X; bit 6 tells XU."""
    ept = replace(EPT, mode_based_execute_control=True)
    memory, tables = guest(ept, PTE={"U/S": user})
    at = tables.entry_addresses(DATUM)
    for level in (2, 3, 4):
        memory.write(at[level], memory.read(at[level]) | bits.EPT_XU)
    memory.write(at[1], DATUM | 6 << 3 | 1 | permissions)
    result = build.translate(memory, CPU, Access("fetch", 0), ADDRESS, ept).result
    assert getattr(result, "qualification", None) == qualification


def test_xu_alone_makes_an_entry_present_only_with_the_control():
    """Without mode-based execute control bit 10 is ignored."""
    entry = EptEntry(1, bits.EPT_XU)
    assert [is_present(entry, replace(EPT, mode_based_execute_control=on)) for on in (False, True)] == [False, True]


@pytest.mark.parametrize(
    "value, level, capabilities, places",
    [
        (0b010 | 6 << 3, 1, CAPABILITIES, [(1, 1)]),
        (0b110 | 6 << 3, 1, CAPABILITIES, [(1, 1)]),
        (0b100 | 6 << 3, 1, CAPABILITIES, []),
        (0b100 | 6 << 3, 1, CAPABILITIES & ~bits.EPT_CAP_EXECUTE_ONLY, [(2, 2)]),
        (0b111 | 2 << 3, 1, CAPABILITIES, [(5, 3)]),
        (0b111 | 1 << 6, 1, CAPABILITIES, []),
        (0b111 | 1 << 7, 1, CAPABILITIES, []),
        (0b111 | 1 << 6, 2, CAPABILITIES, [(7, 3)]),
        (0b111 | 1 << 7, 4, CAPABILITIES, [(7, 3)]),
        (0b111 | 1 << 7, 2, CAPABILITIES & ~bits.EPT_CAP_2M, [(7, 7)]),
        (0b111 | 1 << 7, 3, CAPABILITIES & ~bits.EPT_CAP_1G, [(7, 7)]),
        (0b111 | 1 << 7 | 1 << 12, 2, CAPABILITIES, [(20, 12)]),
        (0b111 | 1 << 7 | 1 << 29, 3, CAPABILITIES, [(29, 12)]),
        (0b111 | 1 << 47, 1, CAPABILITIES, [(51, 40)]),
        (0b111 | 0xFFF << 52, 1, CAPABILITIES, []),
        (0b111 | 0xF << 8, 3, CAPABILITIES, []),
    ],
)
def test_misconfigurations(value, level, capabilities, places):
    """Each setting that is reserved is named with its bits; ignored bits are not."""
    found = misconfigurations(EptEntry(level, value), replace(EPT, capabilities=capabilities), 40)
    assert [(one.high, one.low) for one in found] == places


def test_a_misconfiguration_says_which_entry_and_why(build):
    """The last step of the EPT walk names the bits."""
    memory, tables = guest()
    permit(tables, DATUM, 2)
    walk = build.translate(memory, CPU, READ, ADDRESS, EPT)
    assert walk.result == EptMisconfiguration(0x4000_0ABC)
    assert [one.why for one in walk.last_ept_walk.steps[-1].misconfigured] == ["W without R"]


def test_five_levels_of_ept(build):
    """EPTP bits 5:3 = 4 add an EPT PML5E."""
    ept = Ept(TOP | 4 << 3 | 6)
    memory, _ = guest(ept)
    walk = build.translate(memory, CPU, READ, ADDRESS, ept)
    assert walk.last_ept_walk.steps[0].entry.name == "EPT PML5E"
    assert walk.host_physical_address == 0x4000_0ABC


def test_a_guest_physical_address_wider_than_the_walk(build):
    """With four levels there is no translation for bits 51:48: an EPT violation."""
    cpu = replace(CPU, maxphyaddr=52)
    memory, _ = guest(PTE={"address": 1 << 48})
    result = build.translate(memory, cpu, READ, ADDRESS, EPT).result
    assert (result.qualification, result.rules) == (0x181, ("ept-width",))


def test_nmi_unblocking(build):
    """An IRET that has ended the blocking of NMIs sets bit 12."""
    memory, tables = guest()
    permit(tables, DATUM, 0)
    result = build.translate(memory, CPU, Access("read", 0, unblocks_nmi=True), ADDRESS, EPT).result
    assert result.qualification == 0x1181
    assert dict(result.flags)["NMI unblocking due to IRET"] == 1


@pytest.mark.parametrize("ept", [EPT, ACCESSED_DIRTY])
def test_loading_the_pdptes_is_a_read_for_no_linear_address(build, ept):
    """Its EPT violation has neither bit 7 nor a linear address, and is no write even with accessed and dirty flags."""
    cpu = Processor(cr3=0x1020, efer=0, maxphyaddr=40)
    memory = Memory()
    tables = EptTables(memory, ept, TOP + 0x1000)
    tables.map(0x1000)
    permit(tables, 0x1000, 1)
    assert isinstance(build.load_pdptes(memory, cpu, ept).result, Processor)
    permit(tables, 0x1000, 4)
    result = build.load_pdptes(memory, cpu, ept).result
    assert (result.qualification, result.linear_address, result.guest_physical_address) == (0x21, None, 0x1020)


def test_an_ept_table_outside_memory(build):
    """The error names what led there, on both builds in the same words."""
    with pytest.raises(
        FieldError, match=r"^address of the EPT entry that EPTP leads to is 0x1000000; allowed: .* 0x7ff8$"
    ):
        build.translate(Memory(size=0x8000), CPU, READ, ADDRESS, EPT)


def test_an_ept_pointer_beyond_maxphyaddr(build):
    """It names EPTP and MAXPHYADDR."""
    with pytest.raises(FieldError, match=r"^eptp is 0x100000000001e; allowed: an address below 2\^48"):
        build.translate(Memory(), CPU, READ, ADDRESS, Ept(1 << 48 | 3 << 3 | 6))
