"""What a diagram expects, held against what the simulator found."""

from __future__ import annotations

from typing import Any

import pytest

from notekit.model import Diagram, Failure, Place
from notekit.verify import verify_diagram

FILE = "notes_src/a/b/en.md"
FOUND = {
    "page_fault": {"error_code": 4, "entry": "PML4E", "rules": ["not present"]},
    "sets_accessed": [],
    "user": True,
    "share": 0.5,
}


def diagram(expect: Any, **lines: int) -> Diagram:
    place = Place(FILE, 10)
    key_lines = {path.replace("__", "/"): line for path, line in lines.items()}
    return Diagram("a/b", "walk", "walk", "page-walk", place, "en", {}, expect, key_lines)


@pytest.mark.parametrize(
    "expect",
    [
        None,
        {},
        {"page_fault": {"error_code": 4}},
        {"page_fault": {"error_code": 4.0, "entry": "PML4E"}, "share": 0.5},
        {"page_fault": {"rules": ["not present"]}, "sets_accessed": [], "user": True},
    ],
)
def test_passed(expect: Any) -> None:
    """Keys that are given are equal, numbers by value, and keys that are not do not matter."""
    result = verify_diagram(diagram(expect), FOUND)
    assert (result.status, result.failures, result.language, result.name) == ("passed", (), "page-walk", "walk")


@pytest.mark.parametrize(
    ("expect", "message", "diff"),
    [
        (
            {"page_fault": {"error_code": 21}},
            "expect/page_fault/error_code: expected 21 (0x15), but the simulator found 4 (0x4)",
            ("-error_code: 21 (0x15)", "+error_code: 4 (0x4)"),
        ),
        (
            {"page_fault": {"rules": []}},
            "expect/page_fault/rules: expected [], but the simulator found [not present]",
            ("-rules: []", "+rules: [not present]"),
        ),
        (
            {"page_fault": {"rules": ["reserved bit"]}},
            "expect/page_fault/rules/0: expected reserved bit, but the simulator found not present",
            ("-0: reserved bit", "+0: not present"),
        ),
        (
            {"user": 1},
            "expect/user: expected 1 (0x1), but the simulator found true",
            ("-user: 1 (0x1)", "+user: true"),
        ),
        (
            {"page_fault": {"error_code": False}},
            "expect/page_fault/error_code: expected false, but the simulator found 4 (0x4)",
            ("-error_code: false", "+error_code: 4 (0x4)"),
        ),
        (
            {"page_fault": {"error_code": "4"}},
            'expect/page_fault/error_code: expected "4", but the simulator found 4 (0x4)',
            ('-error_code: "4"', "+error_code: 4 (0x4)"),
        ),
        (
            {"page_fault": None},
            "expect/page_fault: expected null, but the simulator found "
            "{error_code: 4 (0x4), entry: PML4E, rules: [not present]}",
            ("-page_fault: null", "+page_fault: {error_code: 4 (0x4), entry: PML4E, rules: [not present]}"),
        ),
    ],
)
def test_not_equal(expect: Any, message: str, diff: tuple[str, ...]) -> None:
    """What differs is told with its path, and integers in hexadecimal too."""
    (failure,) = verify_diagram(diagram(expect), FOUND).failures
    assert failure == Failure(Place(FILE, 10), f"{message}; correct the diagram or what it expects", diff=diff)


def test_missing() -> None:
    """A key that the outcome has not is a failure that names those it has."""
    result = verify_diagram(diagram({"physical_address": 0x1000}), {"page_fault": {}, "sets_dirty": []})
    assert result.status == "failed"
    (failure,) = result.failures
    message = (
        "expect/physical_address: expected 4096 (0x1000), but the simulator found no physical_address; "
        "it found page_fault, sets_dirty"
    )
    assert (failure.message, failure.diff) == (message, ("-physical_address: 4096 (0x1000)",))


def test_lines() -> None:
    """Each failure stands at the line of its key, of the nearest key around it, or of the block."""
    expect = {"page_fault": {"error_code": 5, "rules": ["x"], "entry": "PTE"}, "user": False}
    result = verify_diagram(
        diagram(expect, expect__page_fault=13, expect__page_fault__error_code=14, expect__page_fault__rules=15), FOUND
    )
    assert [failure.place.line for failure in result.failures] == [14, 15, 13, 10]


def test_keys_that_are_no_texts() -> None:
    """A number as a key is looked up as it is."""
    assert verify_diagram(diagram({1: {"a": 2}}), {1: {"a": 2}}).status == "passed"
