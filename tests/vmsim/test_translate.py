"""Single rules of the walk, one a test, on both builds."""

import pytest

from vmsim import Access, FieldError, Memory, Processor, bits
from vmsim.mapping import map_address

ADDRESS = 0x7F12_3456_7ABC
CPU = Processor(cr3=0x1000)
USER_READ = Access("read", 3)


def walk(build, access=USER_READ, processor=CPU, page_size="4 KiB", address=ADDRESS, **entries):
    return build.translate(map_address(processor, address, entries, page_size), processor, access, address)


def test_nothing_mapped(build):
    """An empty top table is one step and #PF(4) for a user read."""
    found = build.translate(Memory(), CPU, USER_READ, ADDRESS)
    assert (len(found.steps), found.result.error_code, found.result.rules) == (1, 4, ("not-present",))


@pytest.mark.parametrize(
    "page_size, physical, steps", [("4 KiB", 0x4000_0ABC, 4), ("2 MiB", 0x4016_7ABC, 3), ("1 GiB", 0x7456_7ABC, 2)]
)
def test_page_sizes(build, page_size, physical, steps):
    """The offset is 12, 21 or 30 bits wide, and a larger page takes fewer steps."""
    found = walk(build, page_size=page_size)
    assert (found.result.physical_address, found.result.page_size, len(found.steps)) == (physical, page_size, steps)


def test_five_levels(build):
    """CR4.LA57 adds a PML5E, indexed by bits 56:48."""
    cpu = Processor(cr3=0x1000, cr4=bits.CR4_PAE | bits.CR4_LA57)
    found = walk(build, processor=cpu, address=0x00FE_1234_1234_5678)
    assert [step.entry.name for step in found.steps] == ["PML5E", "PML4E", "PDPTE", "PDE", "PTE"]
    assert found.steps[0].index == 0xFE


def test_steps_say_where_they_read(build):
    """A step's entry lies at its table plus 8 times its index, and the next table is what the entry says."""
    found = walk(build)
    assert [step.index for step in found.steps] == [254, 72, 418, 359]
    assert all(step.entry_address == step.table + 8 * step.index for step in found.steps)
    assert [step.entry.address for step in found.steps[:-1]] == [step.table for step in found.steps[1:]]


@pytest.mark.parametrize(
    "address, canonical",
    [
        (0x7FFF_FFFF_FFFF, True),
        (0x8000_0000_0000, False),
        (0xFFFF_7FFF_FFFF_FFFF, False),
        (0xFFFF_8000_0000_0000, True),
    ],
)
def test_canonical(build, address, canonical):
    """With 4 levels bits 63:47 must be equal, else #GP before anything is read."""
    found = walk(build, address=address)
    refused = (len(found.steps), getattr(found.result, "rules", ())) == (0, ("non-canonical",))
    assert refused is not canonical


def test_accessed_and_dirty(build):
    """A write sets A in every entry and D in the one that maps the page."""
    found = walk(build, Access("write", 3))
    assert [step.sets for step in found.steps] == [bits.A, bits.A, bits.A, bits.A | bits.D]


def test_flags_that_are_set_are_not_set_again(build):
    """Where A and D are 1 already nothing is changed."""
    used = {"A": 1}
    found = walk(build, Access("write", 3), PML4E=used, PDPTE=used, PDE=used, PTE={"A": 1, "D": 1})
    assert [step.sets for step in found.steps] == [0, 0, 0, 0]


def test_a_table_that_maps_itself(build):
    """The walk meets one entry four times; from the second time on it reads the A that it set."""
    memory = Memory({0x1000: 0x1007})
    found = build.translate(memory, CPU, Access("write", 3), 0)
    assert [step.entry.value for step in found.steps] == [0x1007, 0x1027, 0x1027, 0x1027]
    memory.apply(found)
    assert memory.read(0x1000) == 0x1067


@pytest.mark.parametrize(
    "entries, rules",
    [
        ({"PTE": {"R/W": 0}}, ("read-only",)),
        ({"PDE": {"U/S": 0}}, ("supervisor-address",)),
        ({"PML4E": {"U/S": 0}, "PTE": {"R/W": 0}}, ("supervisor-address", "read-only")),
    ],
)
def test_all_rules_that_refuse_are_named(build, entries, rules):
    """A user write that breaks two rules is refused by both."""
    found = walk(build, Access("write", 3), **entries)
    assert (found.result.rules, found.result.error_code) == (rules, 7)


def test_supervisor_writes_respect_read_only_pages_only_with_wp(build):
    """CR0.WP = 0 lets supervisor mode write where R/W is 0."""
    access, entry = Access("write", 0), {"R/W": 0}
    without = Processor(cr3=0x1000, cr0=bits.CR0_PG | bits.CR0_PE)
    assert walk(build, access, PTE=entry).result.error_code == 3
    assert walk(build, access, without, PTE=entry).result.physical_address == 0x4000_0ABC


@pytest.mark.parametrize(
    "change, entries, reserved",
    [
        ({}, {"PML4E": {"PS": 1}}, (7, 7)),
        ({"maxphyaddr": 40}, {"PDE": {"address": 1 << 40}}, (51, 40)),
        ({}, {"PDE": {"PS": 1, "address": 0x2000}}, (20, 13)),
        ({}, {"PDPTE": {"PS": 1, "address": 0x200000}}, (29, 13)),
        ({"efer": bits.EFER_LMA | bits.EFER_LME}, {"PTE": {"XD": 1}}, (63, 63)),
    ],
)
def test_reserved_bits(build, change, entries, reserved):
    """Each kind of reserved bit ends the walk with RSVD and P, and the step names the bits."""
    found = walk(build, processor=Processor(cr3=0x1000, **change), **entries)
    last = found.steps[-1]
    assert ([(bits.high, bits.low) for bits in last.reserved], found.result.error_code) == ([reserved], 0b1101)


def test_an_implicit_access_is_a_supervisor_mode_access(build):
    """Reading the GDT at CPL 3 reaches a supervisor page, and SMAP holds for it in spite of RFLAGS.AC."""
    cpu = Processor(cr3=0x1000, cr4=bits.CR4_PAE | bits.CR4_SMAP, rflags=bits.RFLAGS_AC)
    implicit = Access("read", 3, True)
    assert walk(build, implicit, cpu, PTE={"U/S": 0}).result.physical_address == 0x4000_0ABC
    assert walk(build, implicit, cpu).result.rules == ("smap",)


@pytest.mark.parametrize("address", [-1, 1 << 64, "0x1000", None, 1.0, True])
def test_an_address_that_is_no_64_bit_number(build, address):
    """Both builds refuse it in the same words."""
    with pytest.raises(FieldError, match=r"^linear_address is .*; allowed: an integer from 0x0 to 0xffffffffffffffff$"):
        build.translate(Memory(), CPU, USER_READ, address)


def test_a_table_outside_memory(build):
    """The error names the entry that led there, the address and what memory there is."""
    memory = Memory({0x17F0: 0x9000 | 7}, size=0x8000)
    with pytest.raises(FieldError, match=r"^address of the entry that PML4E leads to is 0x9240; allowed: .* 0x7ff8$"):
        build.translate(memory, CPU, USER_READ, ADDRESS)
