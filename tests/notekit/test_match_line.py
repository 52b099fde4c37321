"""Which printed line meets which expected one, against a slow reading of the same rules."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.match import LinePattern, compile_lines
from notekit.match.line import Piece
from notekit.model import Expectation


def pattern(line: str) -> LinePattern:
    return compile_lines(Expectation((line,), line=1))[0]


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("", ""),
        ("a.c [1] *", "a.c [1] *"),
        ("<int>", "12"),
        ("<int>", "-12"),
        ("<int>", "+12"),
        ("<hex>", "1f"),
        ("<hex>", "0x1F"),
        ("<hex>", "0XFF"),
        ("<float>", "1.5"),
        ("<float>", "15"),
        ("<float>", ".5"),
        ("<float>", "-1.5e-3"),
        ("<float>", "2E9"),
        ("<any>", "x"),
        ("<any><any>", "xy"),
        ("a <any> z", "a b z c z"),
        ("<int:100±5>", "95"),
        ("<int:100±5>", "105"),
        ("<int:-100±5>", "-0105"),
        ("<float:1.5±0.1>", "1.4"),
        ("<float:1.5±0.1>", "1.6"),
        ("<float:1.5±0.1>", "16e-1"),
        ("<float:0.3±0>", "0.30"),
        ("x<int>y", "x12y"),
        ("<int>5", "15"),
        ("<int><int>", "12-3"),
        ("<hex>bytes", "1fbytes"),
        ("<int>.<int>", "1.5"),
        ("<int:3±0>-<int:7±0>", "3-7"),
        ("<any> <int:5±0>", "took 5"),
        ("<float>.", "1.5."),
    ],
)
def test_met(expected: str, printed: str) -> None:
    """A line that is what the pattern says meets it."""
    assert pattern(expected).matches(printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("", " "),
        ("a", "a "),
        ("a", "A"),
        ("a.c", "abc"),
        ("<int>", ""),
        ("<int>", "1.5"),
        ("<int>", "- 1"),
        ("<int>", "٣"),
        ("<hex>", "0x"),
        ("<hex>", "-1f"),
        ("<float>", "5."),
        ("<float>", "1e"),
        ("<float>", "nan"),
        ("<any>", ""),
        ("<any><any>", "x"),
        ("<int:100±5>", "94"),
        ("<int:100±5>", "106"),
        ("<float:1.5±0.1>", "1.6000000000000000000000000000000001"),
        ("<float:1.5±0.1>", "1.3999999999999999999999999999999999"),
        ("<float:0.3±0>", "0.30000000000000004"),
        ("<int><int>", "12"),
        ("<int:100±5><any>", "1002"),
        ("<int:100±5>0", "1000"),
        ("<any><int:5±0>", "15"),
        ("<any><int:5±0>", "t-5"),
        ("<any><float:5±0>", "1.5"),
        ("<any><float:5±0>", "1e5"),
        ("1<int:5±0>", "15"),
        ("<float><any>", "1.5"),
        ("<float><any>", "1.55"),
        ("<float><any>", "1.5e5"),
        ("<float><any>", "1e55"),
        ("<float:1±0><any>", "1.5"),
        ("<float:1.5±0><any>", "1.5e5"),
        ("<hex><any>", "0x1f"),
        ("<any><hex>", "0x1f"),
        ("<any><float>", "1.5"),
        ("<any><float>", "1e-5"),
        ("<float:1±0>", "1." + "0" * 401),
        ("<float:1±0><any>", "1." + "0" * 401),
    ],
)
def test_not_met(expected: str, printed: str) -> None:
    """A line that is not what the pattern says, in whole, does not meet it."""
    assert not pattern(expected).matches(printed)


NUMBER = {
    "int": re.compile(r"[+-]?[0-9]+"),
    "hex": re.compile(r"(0[xX])?[0-9a-fA-F]+"),
    "float": re.compile(r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?"),
}
# What may not stand before a number that comes after <any>, by what the number begins with.
BEFORE = {
    "int": [("[0-9]", "[0-9+-]")],
    "hex": [("(?!0[xX])", "[0-9a-fA-F]|0[xX]")],
    "float": [("[0-9]", "[0-9.+-]"), (r"\.", "[0-9+-]"), ("[0-9+-]", "[0-9][eE]")],
}


def slowly(pieces: tuple[Piece, ...], text: str, start: int = 0, index: int = 0) -> bool:
    """Tries every way to cut the text into the pieces."""
    if index == len(pieces):
        return start == len(text)
    piece = pieces[index]
    return any(
        fits(pieces, index, text, start, end) and slowly(pieces, text, end, index + 1)
        for end in range(start, len(text) + 1)
        if piece.kind != "literal" or text[start:end] == piece.text
    )


def fits(pieces: tuple[Piece, ...], index: int, text: str, start: int, end: int) -> bool:
    piece, taken = pieces[index], text[start:end]
    if piece.kind == "literal":
        return True
    if piece.kind == "any":
        return bool(taken)
    number = NUMBER[piece.kind]
    if not number.fullmatch(taken):
        return False
    if index and pieces[index - 1].kind == "any":
        for begins, before in BEFORE[piece.kind]:
            if re.match(begins, taken) and re.search(f"({before})$", text[:start]):
                return False
    if piece.low is not None and piece.high is not None:
        if taken[0] not in "+-" and text[:start][-1:].isdigit():
            return False
        if not piece.low <= Decimal(taken) <= piece.high:
            return False
    elif index + 1 < len(pieces) and pieces[index + 1].kind == "literal":
        return True
    return not any(number.fullmatch(text[start:further]) for further in range(end + 1, len(text) + 1))


wildcards = st.sampled_from(["<int>", "<hex>", "<float>", "<any>", "<int:1±1>", "<float:1±0.5>"])
literals = st.sampled_from(["1", "0", "x", "e", ".", "-", " ", "1.", "0x"])
texts = st.sampled_from(["1", "12", "0", "1.5", ".5", "1e5", "e-5", "0x1f", "f", "-", "+", ".", "x", "e", " "])


@given(
    st.lists(wildcards | wildcards | literals, max_size=4).map("".join).filter(lambda line: line != "..."),
    st.lists(texts, max_size=4).map("".join),
)
def test_as_a_slow_reading_has_it(written: str, printed: str) -> None:
    """On short lines the result is that of trying every way to cut the line into pieces."""
    found = pattern(written)
    assert found.matches(printed) == slowly(found.pieces, printed)


def lines_executed(function: Any, *arguments: Any) -> int:
    """How many lines of Python run while the function does."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("written", "character"),
    [
        ("<any>" * 50 + "b", "a"),
        ("<any>a" * 50 + "b", "a"),
        ("<any><int>" * 50 + "b", "5"),
        ("<int>5" * 50 + "b", "5"),
        ("<float>" * 50 + "b", "5"),
        ("5<int:5±5>" * 50, "5"),
        ("<any>5<float:5±5>" * 50, "5"),
    ],
)
def test_steps_grow_with_the_line(written: str, character: str) -> None:
    """A line that is twice as long takes at most twice the steps, and no step of a hopeless pattern is repeated."""
    found = pattern(written)
    once = lines_executed(found.matches, character * 2_000)
    twice = lines_executed(found.matches, character * 4_000)
    assert twice <= 2.2 * once
    assert once <= 20 * len(found.pieces) + 4 * 2_000
