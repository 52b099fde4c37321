"""Values, entries, memory and mappings."""

import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vmsim
from vmsim import (
    Access,
    Entry,
    Ept,
    FieldError,
    Memory,
    Processor,
    bits,
    compose,
)
from vmsim.entries import flag_names
from vmsim.eptp import CAPABILITIES
from vmsim.mapping import map_address
from vmsim.paging import LEVEL_4
from vmsim.value import Value
from vmview import page_walk, scene

LEVELS = st.integers(1, 5)
WORDS = st.integers(0, bits.MAX_64)


# All of vmsim that MicroPython runs, and the values of its views.
NAMES = [module.name for module in pkgutil.iter_modules(vmsim.__path__) if not module.ispkg]
MODULES = [importlib.import_module(f"vmsim.{name}") for name in NAMES if not name.startswith("_")]
MODULES += [scene, page_walk]
VALUES = {
    cls
    for module in MODULES
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, Value) and cls is not Value
}


@pytest.mark.parametrize("cls", sorted(VALUES, key=lambda cls: cls.__name__), ids=lambda cls: cls.__name__)
def test_fields_are_the_annotations(cls):
    """What the type checker reads and what the code reads name the same fields in the same order."""
    assert cls._fields == tuple(cls.__annotations__)


def test_values_are_frozen_and_compared_by_their_fields():
    """Equal fields make equal values with one hash; no field can be changed."""
    assert Access("read", 3) == Access(kind="read") != Access("write", 3)
    assert hash(Access("read", 3)) == hash(Access())
    with pytest.raises(AttributeError, match="Access is frozen: cpl"):
        Access().cpl = 0


@pytest.mark.parametrize(
    "args, named, message",
    [
        ((), {}, "Entry: level is missing"),
        ((1, 2, LEVEL_4, 3), {}, "Entry has 3 fields, not 4"),
        ((1,), {"level": 2}, "Entry: level is given twice"),
        ((1,), {"flags": 2}, "Entry has no field flags"),
    ],
)
def test_a_value_takes_its_fields_and_no_others(args, named, message):
    """A field too many, too few, twice or unknown is named."""
    with pytest.raises(TypeError, match=message):
        Entry(*args, **named)


@given(level=LEVELS, data=st.data())
def test_an_entry_says_what_was_put_into_it(level, data):
    """Compose and Entry are each other's inverse, for every flag of every format."""
    large = level in (2, 3) and data.draw(st.booleans())
    flags = {name: data.draw(st.integers(0, 15 if name == "PKEY" else 1)) for name in flag_names(level, large)}
    flags["P"] = 1
    if level > 1:
        flags["PS"] = int(large)
    address = data.draw(st.integers(0, (1 << 52) // bits.reach(level if large else 1) - 1)) * bits.reach(
        level if large else 1
    )
    entry = Entry(level, compose(level, address, flags))
    assert (dict(entry.flags), entry.address) == (flags, address)


@given(level=LEVELS, value=WORDS)
def test_flags_are_the_bits_of_the_manuals_tables(level, value):
    """A present entry has the flags of its format, each from its bit, the highest bit first."""
    large = level in (2, 3) and value >> 7 & 1
    positions = [("XD", 63), ("PKEY", 59), ("PAT", 12), ("G", 8), ("PS", 7), ("D", 6), ("A", 5)]
    if level == 1:
        positions = [("XD", 63), ("PKEY", 59), ("G", 8), ("PAT", 7), ("D", 6), ("A", 5)]
    elif not large:
        positions = [("XD", 63), ("PS", 7), ("A", 5)]
    positions += [("PCD", 4), ("PWT", 3), ("U/S", 2), ("R/W", 1)]
    expected = [(name, value >> at & (15 if name == "PKEY" else 1)) for name, at in positions]
    assert Entry(level, value | 1).flags == (*expected, ("P", 1))


@given(level=LEVELS, value=WORDS)
def test_nothing_is_read_in_an_entry_that_is_not_present(level, value):
    """With P = 0 the only flag is P."""
    assert Entry(level, value & ~1).flags == (("P", 0),)


@pytest.mark.parametrize(
    "level, address, flags, field",
    [
        (1, 0x123, {}, "address"),
        (1, 1 << 52, {}, "address"),
        (2, 0x1000, {"PS": 1}, "address"),
        (4, 0, {"D": 1}, "D"),
        (1, 0, {"PS": 1}, "PS"),
        (1, 0, {"P": 2}, "P"),
        (1, 0, {"PKEY": 16}, "PKEY"),
    ],
)
def test_compose_refuses_what_has_no_place(level, address, flags, field):
    """A flag that the format lacks, a value too large for it, an address of the wrong alignment: the field is named."""
    with pytest.raises(FieldError) as caught:
        compose(level, address, flags)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: Memory(size=12), "memory size"),
        (lambda: Memory({4: 1}), "address"),
        (lambda: Memory({8: 1 << 64}), "entry at 0x8"),
        (lambda: Memory(size=4096).read(4096), "address"),
        (lambda: Memory(size=4096).read(-8), "address"),
        (lambda: Processor(cr3=1 << 40, maxphyaddr=40), "cr3"),
        (lambda: Processor(cr3=0, maxphyaddr=53), "maxphyaddr"),
        (lambda: Processor(cr3=0, cr0=bits.CR0_PG), "cr0"),
        (lambda: Processor(cr3=0, cr0=1), "efer"),
        (lambda: Processor(cr3=0, cr4=0), "cr4"),
        (lambda: Processor(cr3=0, cr4=bits.CR4_PAE | bits.CR4_LAM_SUP), "cr4"),
        (lambda: Processor(cr3=0, efer=bits.EFER_LME), "efer"),
        (lambda: Processor(cr3=0, pkru=1 << 32), "pkru"),
        (lambda: Processor(cr3=0, pkrs=-1), "pkrs"),
        (lambda: Processor(cr3=0, pdptes=(1, 2, 3)), "pdptes"),
        (lambda: Processor(cr3=0, pdptes=(0, 0, 0, 7)), "pdptes/3"),
        (lambda: Processor(cr3=0, pdptes=(0, 1 << 52 | 1, 0, 0)), "pdptes/1"),
        (lambda: Access("execute"), "access"),
        (lambda: Access(cpl=4), "cpl"),
        (lambda: Access("fetch", 3, True), "implicit"),
        (lambda: Access("fetch", 3, stack=True), "stack"),
        (lambda: Ept(0x1000), "eptp"),
        (lambda: Ept(0x1000 | 6), "eptp"),
        (lambda: Ept(0x1000 | 3 << 3 | 1), "eptp"),
        (lambda: Ept(0x1000 | 3 << 3 | 1 << 7 | 6), "eptp"),
        (lambda: Ept(0x1000 | 3 << 3 | 1 << 6 | 6, CAPABILITIES & ~bits.EPT_CAP_AD), "eptp"),
        (lambda: Ept(0x1000 | 4 << 3 | 6, CAPABILITIES & ~bits.EPT_CAP_WALK_5), "eptp"),
        (lambda: Ept(1 << 52 | 3 << 3 | 6), "eptp"),
        (lambda: Ept(0x101E, mode_based_execute_control=2), "mode_based_execute_control"),
    ],
)
def test_a_value_that_cannot_be_is_named(call, field):
    """The error says which field it is, its value and what is allowed."""
    with pytest.raises(FieldError, match=f"^{field} is .*; allowed: ") as caught:
        call()
    assert caught.value.field == field


@given(address=WORDS, level=LEVELS)
def test_index_and_reach_agree(address, level):
    """The index counts reaches within the table's 512."""
    assert bits.index(address, level) == address // bits.reach(level) % 512


@pytest.mark.parametrize(
    "given_entries, page_size, field",
    [
        ({"PTE": {}}, "", "entries/PTE"),
        ({"PTE": {}}, "2 MiB", "entries/PTE"),
        ({"PML5E": {}}, "4 KiB", "entries"),
        ({"PDE": {"XYZ": 1}}, "4 KiB", "entries/PDE/XYZ"),
        ({"PDE": "none"}, "4 KiB", "entries/PDE"),
        ({"PDE": 1 << 64}, "4 KiB", "entries/PDE"),
        ({}, "4 kB", "page_size"),
    ],
)
def test_a_mapping_that_cannot_be_names_its_key(given_entries, page_size, field):
    """An entry that no walk reaches, a flag that does not exist: the path of the key is the field."""
    with pytest.raises(FieldError) as caught:
        map_address(Processor(cr3=0x1000), 0, given_entries, page_size)
    assert caught.value.field == field


def test_an_entry_lies_in_the_table_that_the_one_above_references():
    """Where an author gives the PDE an address, the PTE goes there."""
    memory = map_address(Processor(cr3=0x1000), 0, {"PDE": {"address": 0x9000}}, "4 KiB")
    assert [address for address, _ in memory.items()] == [0x1000, 0x2000, 0x3000, 0x9000]


def test_the_tables_need_room_after_cr3():
    """Below MAXPHYADDR there must be a frame for each level; a walk of nothing needs none."""
    cpu = Processor(cr3=0xFF_FFFF_D000, maxphyaddr=40)
    assert map_address(cpu, 0, {}).items() == ()
    with pytest.raises(FieldError, match="cr3 is 0xffffffd000; allowed: at most 0xffffffc000, "):
        map_address(cpu, 0, {}, "4 KiB")


def test_an_entry_below_one_that_is_not_present_has_a_place_of_its_own():
    """A high table above it does not push the next one out of memory."""
    entries = {"PML4E": 0xF_FFFF_FFFF_F001, "PDPTE": 0, "PDE": {}}
    assert map_address(Processor(cr3=0x1000), 0, entries, "4 KiB").read(0x3000) == 0x4007


def test_a_page_frame_must_be_aligned():
    """A 2 MiB page does not begin at 4 KiB."""
    with pytest.raises(FieldError, match="page_frame is 0x1000; allowed: a multiple of the page size, 0x200000"):
        map_address(Processor(cr3=0x1000), 0, {}, "2 MiB", 0x1000)
