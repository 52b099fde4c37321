"""YAML as plain data with lines."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notekit.parse.plain_yaml import YamlError, read_yaml

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/ ", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    """Whatever JSON can say comes back equal."""
    assert read_yaml(json.dumps(value, indent=1).split("\n")).value == value


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers() | st.lists(st.booleans(), max_size=3), min_size=1))
def test_each_key_has_its_line(value: dict[str, object]) -> None:
    """In block style, the line that is told for a key is the one that begins with it."""
    lines = yaml.safe_dump(value).split("\n")
    for path, line in read_yaml(lines, first=5).lines.items():
        if len(path) == 1:
            assert lines[line - 5].startswith(f"{path[0]}:")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("a: 0x1F", {"a": 31}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("0x10: 1\nyes: 2", {"0x10": 1, "yes": 2}),
        ("<<: 1", {"<<": 1}),
        ("a: !!str 1", {"a": "1"}),
        ("a: x\u2028b", {"a": "x\u2028b"}),
        ('a: "\\ud83d\\ude00"', {"a": "😀"}),
        ("a: x\rb", {"a": "x\rb"}),
        ('a: "x\x85y"', {"a": "x\x85y"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
    ],
)
def test_what_yaml_has_beyond_json_is_text(text: str, value: object) -> None:
    """Dates, merge keys and keys of other kinds are text; false line ends stay within their value."""
    assert read_yaml(text.split("\n")).value == value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2", 2, "the key a stands here a second time, first in line 1"),
        ("b:\n  a: 1\n  a: 2", 3, "the key a stands here a second time, first in line 2"),
        ("a: 1\nb: !!python/name:os.system x", 2, "the tag !!python/name:os.system"),
        ("a: !mine x", 1, "the tag !mine"),
        ("a: &x 1\nb: *x", 1, "the anchor or alias 'x'"),
        ("a: *x", 1, "the anchor or alias 'x'"),
        ("a: 1\n[b]: 2", 2, "a key that is no word"),
        ("?\n: 2", 1, "a key that is no word"),
        ("a: 1\n--- \nb: 2", 2, "a second YAML document begins here"),
        ("a: 1\nb: [", 2, "not YAML: while parsing a flow node expected the node content, but found '<stream end>'"),
        ("a: b: c", 1, "not YAML: mapping values are not allowed here"),
        ("a: 1\nb: \x07", 2, "not YAML: the character U+0007 may not stand in it"),
        ("x: \u2028\na: b: c", 2, "not YAML: mapping values are not allowed here"),
        ('a: "\\ud83d"', 1, "half of a surrogate pair in a text"),
        ("[" * 100, 1, "nested more than 40 deep"),
        ("a: " + "9" * 5000, 1, "a number that is too long"),
        ("a: " + "x" * 70000, 1, "more than 64 KiB of YAML"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, line: int, message: str) -> None:
    """Each thing that is not plain data is named with its line."""
    with pytest.raises(YamlError) as raised:
        read_yaml(text.split("\n"))
    assert (raised.value.line, raised.value.message) == (line, message)


@given(st.text(st.sampled_from("ab:-[]{}\"'#&*!|>%@`,? \n\t\r\x85\u2028\x00é")))
def test_any_text_is_read_or_refused_at_one_of_its_lines(text: str) -> None:
    """Nothing but YamlError is ever raised, and its line is one of the text's."""
    lines = text.split("\n")
    try:
        data = read_yaml(lines)
    except YamlError as error:
        assert 1 <= error.line <= len(lines)
    else:
        assert all(1 <= line <= len(lines) for line in data.lines.values())
