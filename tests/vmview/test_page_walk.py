"""The page-walk diagram: what an author writes, and what comes of it."""

import jsonschema
import pytest

from vmsim import FieldError
from vmview import page_walk

ADDRESS = 0x7F12_3456_7ABC
VALIDATOR = jsonschema.Draft202012Validator(page_walk.SCHEMA)


def outcome(**body):
    body = {"linear_address": ADDRESS} | body
    VALIDATOR.validate(body)
    return page_walk.outcome(page_walk.run(body))


def test_the_address_alone_is_a_user_read_of_unmapped_memory():
    """The shortest body of all: nothing mapped, #PF with error code 4."""
    assert outcome()["page_fault"]["error_code"] == 4


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"page_size": "4 KiB"}, {"physical_address": 0x4000_0ABC, "page_size": "4 KiB", "sets_dirty": []}),
        ({"page_size": "2 MiB"}, {"physical_address": 0x4016_7ABC, "sets_accessed": ["PML4E", "PDPTE", "PDE"]}),
        ({"page_size": "1 GiB", "page_frame": 0}, {"physical_address": 0x3456_7ABC}),
        ({"page_frame": 0x5000}, {"physical_address": 0x5ABC, "page_size": "4 KiB"}),
        ({"page_size": "4 KiB", "access": "write"}, {"sets_dirty": ["PTE"]}),
        ({"page_size": "4 KiB", "entries": {"PTE": {"D": 1, "A": 1}}, "access": "write"}, {"sets_dirty": []}),
    ],
)
def test_mapped(body, expected):
    """A page size, or a page frame, maps the address; every other key may be left out."""
    found = outcome(**body)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    "body, error_code, rules",
    [
        ({"entries": {"PML4E": {}, "PDPTE": {}}}, 4, ["not-present"]),
        ({"page_size": "4 KiB", "entries": {"PDE": {"P": 0}}}, 4, ["not-present"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"R/W": 0}}, "access": "write"}, 7, ["read-only"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"XD": 1}}, "access": "fetch"}, 0x15, ["execute-disable"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"XD": 1}}, "efer_nxe": 0}, 13, ["reserved-bit"]),
        ({"page_size": "4 KiB", "mode": "supervisor", "access": "fetch", "cr4_smep": 1}, 0x11, ["smep"]),
        ({"page_size": "4 KiB", "mode": "supervisor", "cr4_smap": 1}, 1, ["smap"]),
        ({"page_size": "4 KiB", "cr4_pke": 1, "pkru": 1}, 0x25, ["protection-key"]),
        ({"page_size": "4 KiB", "maxphyaddr": 40, "entries": {"PTE": {"address": 1 << 45}}}, 13, ["reserved-bit"]),
        ({"tables": {0x17F0: 0x9003}, "entries": {}}, 4, ["not-present"]),
    ],
)
def test_faults(body, error_code, rules):
    """Each kind of fault can be written down, and its outcome names the error code and the rules."""
    found = outcome(**body)["page_fault"]
    assert (found["error_code"], found["rules"]) == (error_code, rules)


def test_tables_by_hand():
    """Memory given as addresses and values, with integer keys (YAML) or string keys (JSON)."""
    tables = {0x17F0: 0x2007, 0x2240: 0x4000_0087}
    written = outcome(tables=tables)
    assert written["physical_address"] == 0x7456_7ABC
    assert outcome(tables={hex(at): value for at, value in tables.items()}) == written


@pytest.mark.parametrize(
    "body, message",
    [
        ({}, "linear_address is None; allowed: a value: it is required"),
        ({"linear_address": 0, "cr9": 1}, "cr9 is 0x1; allowed: access, cr0_wp, "),
        ({"linear_address": 0, "mode": "kernel"}, "mode is 'kernel'; allowed: user, supervisor"),
        ({"linear_address": 0, "tables": {"top": 1}}, "tables is 'top'; allowed: physical addresses as keys"),
        ({"linear_address": 0, "tables": {4: 1}}, "tables/4 is 0x4; allowed: a multiple of 8"),
        (
            {"linear_address": 0, "cr3": 1 << 45, "maxphyaddr": 40},
            "cr3 is 0x200000000000; allowed: an integer from 0x0 to",
        ),
    ],
)
def test_errors_are_for_people(body, message):
    """A body that cannot be is refused with the key, its value and what is allowed."""
    with pytest.raises(FieldError) as caught:
        page_walk.run(body)
    assert str(caught.value).startswith(message)
