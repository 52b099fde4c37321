"""Bodies of diagrams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.model import Place
from notekit.parse.plain_yaml import read_yaml
from notekit.parse.report import Report
from notekit.parse.schema import check_data
from tests.notekit.parsing import note, text_errors


def test_a_diagram_has_its_body_as_data(tmp_path: Path) -> None:
    """``spec`` is the body without ``expect``, and each key's line is told by its path."""
    text = "```walk {#first}\naddress: 0x1F\nentries: {R/W: 1}\nexpect:\n  fault: 4\n```\n"
    (diagram,) = note(tmp_path, text).diagrams
    assert (diagram.name, diagram.kind, diagram.place) == ("first", "walk", Place("a/n/en.md", 5))
    assert diagram.spec == {"address": 31, "entries": {"R/W": 1}}
    assert diagram.expect == {"fault": 4}
    assert diagram.key_lines == {"address": 6, "entries": 7, "entries/R/W": 7, "expect": 8, "expect/fault": 9}


def test_a_diagram_may_expect_nothing(tmp_path: Path) -> None:
    """Without ``expect`` there is nothing to compare."""
    (diagram,) = note(tmp_path, "```walk\naddress: 1\n```\n").diagrams
    assert (diagram.expect, diagram.id, diagram.name) == (None, None, "en-5")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ["5: the diagram has no keys; write address: … below this line"]),
        ("- a\n", ["5: the diagram has no keys; write address: … below this line"]),
        ("mode: user\n", ["6: the body has no key address; add address: …"]),
        ("address: x\n", ["6: address is x; write a whole number from 0 to 65535"]),
        ("address: 0x10000\n", ["6: address is 0x10000; write a number from 0 to 65535"]),
        ("address: true\n", ["6: address is true; write a whole number from 0 to 65535"]),
        ("address:\n", ["6: address is empty; write a whole number from 0 to 65535"]),
        ("address: 1\nmode: usr\n", ["7: mode is usr; write user or supervisor"]),
        ("address: 1\nmod: user\n", ["7: the key mod is unknown; did you mean mode?"]),
        ("address: 1\nq: 1\n", ["7: the key q is unknown; known: address, mode, entries and expect"]),
        ("address: 1\nentries:\n  a: 1\n  b: []\n", ["9: entries.b is a list; write a whole number"]),
        ("address: 1\nentries: 5\n", ["7: entries is 5; write a mapping"]),
        (
            "address: 1\nexpect:\n  fault: x\n  foo: 1\n",
            ["8: expect.fault is x; write a whole number", "9: the key foo is unknown; known: fault"],
        ),
        ("address: 1\nexpect: {}\n", ["7: expect has no key fault; add fault: … (the error code)"]),
        (
            "address: !!int 3\n",
            ["6: the tag !!int; write the value alone: notes hold plain data"],
        ),
        (
            "address: 1\naddress: 2\n",
            ["7: the key address stands here a second time, first in line 6; keep one of the two"],
        ),
        ("address: 1\n---\nmode: user\n", ["7: a second YAML document begins here; write one only"]),
        (
            "address: 1\nmode: {\n",
            [
                "7: not YAML: while parsing a flow node expected the node content, but found '<stream end>'; "
                "mend it, with quotes around text that holds : # or brackets"
            ],
        ),
    ],
)
def test_a_body_that_does_not_meet_its_schema_is_named_by_key(tmp_path: Path, body: str, expected: list[str]) -> None:
    """Each problem stands at the line of its key, and says what the schema allows."""
    assert text_errors(tmp_path, f"```walk\n{body}```\n") == [f"en.md:{line}" for line in expected]


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"minItems": 2}, "[1]", "the body is a list; write at least 2 items"),
        ({"maxLength": 2}, "abc", "the body is abc; write at most 2 characters"),
        ({"minProperties": 1}, "{}", "the body is a mapping; write at least 1 keys"),
        ({"multipleOf": 8}, "9", "the body is 9; write a multiple of 8"),
        ({"const": 5}, "6", "the body is 6; write 5"),
        ({"minimum": 1}, "0", "the body is 0; write a number of at least 1"),
        ({"exclusiveMaximum": 4, "maximum": 9}, "5", "the body is 5; write a number of at most 9"),
        ({"type": ["integer", "null"]}, "a", "the body is a; write a whole number or nothing"),
        ({"pattern": "^a", "description": "a word with a"}, "b", "the body is b; write a word with a"),
        ({"pattern": "^a"}, "b", "the body is b; the schema demands: 'b' does not match '^a'"),
        (
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
            "[1, x]",
            "[1] is x; write a whole number",
        ),
    ],
)
def test_each_rule_of_a_schema_is_said_in_words(schema: dict[str, Any], text: str, expected: str) -> None:
    """What a value is and what it should be, in plain words."""
    report = Report("f")
    check_data(read_yaml([text]), schema, report)
    assert [f"{problem.message}; {problem.remedy}" for problem in report.found] == [expected]


@given(
    st.lists(
        st.sampled_from(
            [
                "address: 1",
                "address: x",
                "mode: user",
                "entries:",
                "  a: 1",
                "  b: c",
                "expect: {fault: 1}",
                "q: [",
                "- a",
            ]
        ),
        max_size=6,
    )
)
def test_a_problem_of_a_body_has_one_of_its_lines(tmp_path_factory: pytest.TempPathFactory, body: list[str]) -> None:
    """Whatever the body, its problems stand at the fence or below it."""
    text = "```walk\n" + "".join(f"{line}\n" for line in body) + "```\n"
    for line in text_errors(tmp_path_factory.mktemp("note"), text):
        assert 5 <= int(line.split(":")[1]) <= 5 + len(body)
