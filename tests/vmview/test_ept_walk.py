"""The ept-walk diagram: which entries a two-dimensional walk reads, in which order, and where it ends."""

import itertools

import pytest

from vmsim import FieldError
from vmview import ept_walk
from vmview.scene import Cell

ADDRESS = 0x7F12_3456_7ABC
MAPPED = {"linear_address": ADDRESS, "page_size": "4 KiB"}
ENTRIES = {"4 KiB": 0, "2 MiB": 1, "1 GiB": 2}


def outcome(**body):
    return ept_walk.outcome(ept_walk.run({**MAPPED, **body}))


@pytest.mark.parametrize(
    ("la57", "page_size", "ept_levels", "ept_page_size"), list(itertools.product((0, 1), ENTRIES, (4, 5), ENTRIES))
)
def test_the_number_of_entries_is_that_of_the_grid(la57, page_size, ept_levels, ept_page_size):
    """Each of the guest's g entries and the page costs e entries of EPT, and the guest's come to that: (g+1)e + g."""
    guest = 4 + la57 - ENTRIES[page_size]
    ept = ept_levels - ENTRIES[ept_page_size]
    found = outcome(cr4_la57=la57, page_size=page_size, ept_levels=ept_levels, ept_page_size=ept_page_size)
    assert found["translation"]["entries_read"] == (guest + 1) * ept + guest


def test_the_numbers_in_the_grid_are_the_order_of_reading():
    """Row by row, EPT from left to right and then the guest's entry, each number once; 4 over 4 ends with 24."""
    scene = ept_walk.layout(ept_walk.run(MAPPED), "en")
    names = ("PML4E", "PDPTE", "PDE", "PTE")
    cells = [item for item in scene.items if isinstance(item, Cell) and item.name in names]
    assert [int(cell.value.split()[0]) for cell in cells] == list(range(1, 25))


def test_places_that_large_pages_spare_are_dashed():
    """A 2 MiB page in EPT leaves the last column of EPT unread in each of the five rows."""
    scene = ept_walk.layout(ept_walk.run({**MAPPED, "ept_page_size": "2 MiB"}), "en")
    unused = [item.name for item in scene.items if isinstance(item, Cell) and item.role == "unused"]
    assert unused == ["PTE"] * 5


def test_reading_the_guests_entry_is_refused():
    """A not-present EPT entry for the PDE: a data read of a guest entry, with the linear address valid."""
    found = outcome(ept_entries={"PDE": {"EPT PTE": 0}})["ept_violation"]
    assert (found["exit_qualification"], found["at"], found["entry"]) == (0x81, "PDE", "EPT PTE")
    assert (found["guest_physical_address"], found["rules"], found["entries_read"]) == (
        0x3D10,
        ["ept-not-present"],
        14,
    )


def test_setting_a_flag_in_the_guests_entry_is_refused():
    """A PDE whose page may be read and not written cannot get its A flag; with A set already, nothing is refused."""
    changed = {"PDE": {"EPT PTE": {"W": 0}}}
    found = outcome(ept_entries=changed)["ept_violation"]
    assert (found["exit_qualification"], found["at"], found["entries_read"]) == (0xAB, "PDE", 15)
    assert "translation" in outcome(ept_entries=changed, entries={"PDE": {"A": 1}})


def test_with_epts_flags_on_reading_a_guests_entry_is_a_write():
    """Then even an entry whose A flag is set already needs W, the walk ends before it is read, and D is set in EPT."""
    changed = {"PDE": {"EPT PTE": {"W": 0}}}
    found = outcome(ept_entries=changed, entries={"PDE": {"A": 1}}, ept_accessed_dirty=1)["ept_violation"]
    assert (found["exit_qualification"], found["at"], found["entries_read"]) == (0xAB, "PDE", 14)
    assert outcome(ept_accessed_dirty=1)["ept_sets_dirty"] == ["PML4E", "PDPTE", "PDE", "PTE"]
    assert outcome()["ept_sets_accessed"] == outcome()["ept_sets_dirty"] == []


def test_the_page_itself_is_refused():
    """A write to a read-only page in EPT: bit 8 is set, and the guest's own entries were all read."""
    found = outcome(access="write", ept_entries={"page": {"EPT PTE": {"W": 0}}})["ept_violation"]
    assert (found["exit_qualification"], found["at"], found["entries_read"]) == (0x1AA, "page", 24)


def test_a_misconfiguration_has_no_qualification():
    """Writable and not readable: VM exit 49, wherever the access goes."""
    found = outcome(ept_entries={"page": {"EPT PTE": {"R": 0}}})
    assert found["ept_misconfiguration"]["entry"] == "EPT PTE" and "ept_violation" not in found
    assert "exit qualification 0x" not in ept_walk.describe(
        ept_walk.run({**MAPPED, "ept_entries": {"page": {"EPT PTE": {"R": 0}}}}), "en"
    )


def test_the_guests_fault_comes_before_epts_for_the_page():
    """A user-mode read of a supervisor page that EPT would refuse is the guest's #PF: EPT is not asked for the page."""
    with pytest.raises(FieldError, match="what the walk comes to"):
        outcome(entries={"PTE": {"U/S": 0}}, ept_entries={"page": {"EPT PTE": 0}})
    found = outcome(entries={"PTE": {"U/S": 0}})["page_fault"]
    assert (found["error_code"], found["entries_read"]) == (5, 20)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ept_levels": 3}, "ept_levels"),
        ({"ept_page_size": "4 MiB"}, "ept_page_size"),
        ({"execute_only": 2}, "execute_only"),
        ({"page_frame": (1 << 51) - (1 << 12), "maxphyaddr": 51}, "page_frame"),
        ({"cr3": (1 << 36) - (1 << 16), "maxphyaddr": 36}, "cr3"),
        ({"ept_entries": {"PML5E": {}}}, "ept_entries/PML5E"),
        ({"ept_entries": {"page": {"EPT PML5E": 0}}}, "ept_entries/page/EPT PML5E"),
        ({"ept_entries": {"page": {"EPT PTE": {"R": 2}}}}, "ept_entries/page/EPT PTE/R"),
        ({"maxphyaddr": 32}, "maxphyaddr"),
        ({"tables": {}}, "tables"),
    ],
)
def test_what_cannot_be_is_named(body, field):
    """The error's field is the key's path in the body."""
    with pytest.raises(FieldError) as raised:
        outcome(**body)
    assert raised.value.field == field
