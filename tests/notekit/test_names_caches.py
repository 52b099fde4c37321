"""Computed text about translation caches."""

from __future__ import annotations

import pytest

from notekit import names
from notekit.cache_names import cache_left, cache_lookups, cache_results
from vmsim.value import FieldError


@pytest.mark.parametrize("address", [0x7F1234567ABC, 0, 0xFFFF_FFFF_FFFF_F000])
def test_the_lookups_are_those_of_the_manual(address: int) -> None:
    """Four structures by the address's bits from 12, 21, 30 and 39 up, and each leaves one entry more to read."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in cache_lookups(address).splitlines()]
    assert [row[0] for row in rows] == ["TLB", "PDE cache", "PDPTE cache", "PML4 cache", "CR3"]
    assert [row[1:3] for row in rows[:4]] == [
        [f"47:{low}", hex((address & (1 << 48) - 1) >> low)] for low in (12, 21, 30, 39)
    ]
    assert [row[3] for row in rows] == list("01234")
    assert [row[4].count(",") for row in rows[1:]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ("nothing", "yes yes yes yes yes yes"),
        ("INVLPG", "no yes yes no yes yes"),
        ("INVPCID 0", "no yes yes no yes yes"),
        ("INVPCID 3", "no no yes no no no"),
        ("MOV to CR3", "no no yes no yes yes"),
        ("MOV to CR3, bit 63", "yes yes yes yes yes yes"),
        ("MOV to CR3, other PCID", "yes yes yes yes no no"),
        ("MOV to CR4, PGE", "no no no no no no"),
    ],
)
def test_what_is_left_after_an_operation(operation: str, left: str) -> None:
    """Six cells, in the words of the note."""
    assert cache_left(operation, "yes", "no").split(" | ") == left.split()


def test_without_pcids_there_is_no_other() -> None:
    """Two cells are dashes."""
    assert cache_left("MOV to CR3", "yes", "no", pcide=False) == "no | no | yes | no | — | —"


@pytest.mark.parametrize("changed", ["PTE", "PDE", "PDPTE", "PML4E"])
def test_both_are_permitted_until_the_page_is_invalidated(changed: str) -> None:
    """The processor gives the old page, old and new are permitted; after INVLPG only the new one is."""
    assert cache_results(0x7F1234567ABC, changed, "nothing") == "0x6ababc | 0x7cdabc, 0x6ababc"
    assert cache_results(0x7F1234567ABC, changed, "INVLPG") == "0x7cdabc | 0x7cdabc"


def test_an_unknown_word_is_an_error() -> None:
    """It names what there is."""
    with pytest.raises(FieldError, match="allowed: nothing, INVLPG"):
        cache_left("WBINVD", "yes", "no")
    with pytest.raises(FieldError, match="allowed: PTE, PDE, PDPTE, PML4E"):
        cache_results(0, "PML5E", "nothing")


def test_notes_may_call_them() -> None:
    """They are registered."""
    assert {"cache_lookups", "cache_left", "cache_results"} <= names.FUNCTIONS.keys()
