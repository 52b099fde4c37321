"""Diffs that show what differs and little else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notekit.match import compile_lines, match_lines
from notekit.model import Expectation
from notekit.verify.diff import draw, shorten


def diff(expected: list[str], printed: list[str], unordered: bool = False) -> tuple[str, ...]:
    patterns = compile_lines(Expectation(tuple(expected), line=1))
    return draw(patterns, printed, match_lines(patterns, printed, unordered), unordered)


@pytest.mark.parametrize(
    ("expected", "printed", "drawn"),
    [
        (["a", "b"], ["a", "c"], (" a", "-b", "+c")),
        (["<int>", "b"], ["5", "c"], (" 5", "-b", "+c")),
        (["a", "...", "z"], ["a", "1", "2", "y"], (" a", " ...", "-z")),
        (["...", "b", "..."], ["1", "2"], (" ...", "-b", " ...")),
        ([r"\...", "<int>"], ["...", "x"], (" ...", "-<int>", "+x")),
        (["a", "b", "c", "d"], ["x", "b", "y", "d"], ("-a", "+x", " b", "-c", "+y", " d")),
        ([], ["a"], ("+a",)),
        (["a", "b"], ["b", "a"], ("-a", " b", "+a")),
        (["a\u202e"], ["b"], (r"-a\xe2\x80\xae", "+b")),
    ],
)
def test_drawn(expected: list[str], printed: list[str], drawn: tuple[str, ...]) -> None:
    """Lines that match are context as printed, expected ones are as written, `...` is one line."""
    assert diff(expected, printed) == drawn


def test_unordered() -> None:
    """Where order means nothing, what is left of both sides stands together at the end."""
    assert diff(["a", "b", "c"], ["c", "x", "a"], unordered=True) == (" a", " c", "-b", "+x")


def test_context() -> None:
    """Three lines on each side of a change are shown, and the number of those between."""
    same = [str(number) for number in range(20)]
    drawn = diff([*same, "a", *same, "b"], [*same, "x", *same, "y"])
    assert drawn == (
        "@@ 17 lines as expected @@",
        *(" 17", " 18", " 19", "-a", "+x", " 0", " 1", " 2"),
        "@@ 14 lines as expected @@",
        *(" 17", " 18", " 19", "-b", "+y"),
    )


def test_one_line_is_not_replaced_by_its_count() -> None:
    """A single line beyond the context is shown."""
    assert diff(["1", "2", "3", "4", "a"], ["1", "2", "3", "4", "x"])[0] == " 1"


def test_a_long_diff() -> None:
    """Of very many changed lines the first and the last are shown, and the number of those between."""
    drawn = diff([], [str(number) for number in range(1000)])
    assert drawn == (
        *(f"+{number}" for number in range(20)),
        "@@ 960 more lines @@",
        *(f"+{number}" for number in range(980, 1000)),
    )


def test_long_lines() -> None:
    """Of long lines the part is shown in which the two differ."""
    expected, printed = diff(["x" * 5_000 + "a" + "y" * 5_000], ["x" * 5_000 + "b" + "y" * 5_000])
    assert expected == f"-[4940 characters] …{'x' * 60}a{'y' * 139}… [4861 more characters]"
    assert printed == f"+[4940 characters] …{'x' * 60}b{'y' * 139}… [4861 more characters]"


@given(st.integers(0, 700), st.integers(0, 700))
def test_shortened(length: int, around: int) -> None:
    """What is shown of a long text holds the place asked for, and the numbers add up."""
    text = "".join(chr(0x4E00 + index) for index in range(length))
    shown = shorten(text, around=around)
    kept = "".join(character for character in shown if "\u4e00" <= character <= "\u52ff")
    left_out = sum(int(word.strip("…[")) for word in shown.split() if word.strip("…[").isdigit())
    assert len(kept) + left_out == length
    assert kept in text
    assert around >= length or text[around] in kept


@given(st.lists(st.sampled_from("ab"), max_size=4), st.lists(st.sampled_from("ab"), max_size=4))
def test_a_diff_of_literal_lines_says_both_sides(expected: list[str], printed: list[str]) -> None:
    """Short texts can be read back from their diff: without `+` what was expected, without `-` what was printed."""
    assume(expected != printed)
    drawn = diff(expected, printed)
    assert [line[1:] for line in drawn if line[0] != "+"] == expected
    assert [line[1:] for line in drawn if line[0] != "-"] == printed
