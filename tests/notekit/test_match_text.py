"""What was printed, as it is compared and shown."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.match.text import printable, visible


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", ()),
        (b"\n", ("",)),
        (b"a", ("a",)),
        (b"a\n", ("a",)),
        (b"a\n\n", ("a", "")),
        (b"a\tb", ("a\tb",)),
        (b"a\r\nb", (r"a\x0d", "b")),
        (b"a\x0bb\x0cc\x1cd", (r"a\x0bb\x0cc\x1cd",)),
        (b"\x1b[31mred\x1b[0m", (r"\x1b[31mred\x1b[0m",)),
        (b"\x00\x07\x7f", (r"\x00\x07\x7f",)),
        (b"\xff\xc3\n\xa9", (r"\xff\xc3", r"\xa9")),
        (b"\xed\xa0\x80", (r"\xed\xa0\x80",)),
        ("\x9b31m".encode(), (r"\xc2\x9b31m",)),
        ("a\u202eb\u2066".encode(), (r"a\xe2\x80\xaeb\xe2\x81\xa6",)),
        ("a\u200bb\ufeff".encode(), (r"a\xe2\x80\x8bb\xef\xbb\xbf",)),
        ("a\u2028b\x85c".encode(), (r"a\xe2\x80\xa8b\xc2\x85c",)),
        ("a\u00a0b\u3164c".encode(), (r"a\xc2\xa0b\xe3\x85\xa4c",)),
        ("\ue000\uffff".encode(), (r"\xee\x80\x80\xef\xbf\xbf",)),
        ("é 影子页表 ✔\ufe0f\u3000±".encode(), ("é 影子页表 ✔\ufe0f\u3000±",)),
        ("e\u0301".encode(), ("e\u0301",)),
    ],
)
def test_lines(data: bytes, lines: tuple[str, ...]) -> None:
    """Lines end at newlines only, and what cannot be seen appears as its bytes."""
    assert printable(data) == lines


@given(st.binary(max_size=60))
def test_nothing_hidden(data: bytes) -> None:
    """No control, format or separator character is left but tab, space and the full-width space."""
    for character in "".join(printable(data)):
        assert character in "\t \u3000" or unicodedata.category(character)[0] not in "Z" or character == " "
        assert character == "\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co"}


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_bytes_come_back(text: str) -> None:
    """Without a backslash in it, what is shown holds all bytes of the text."""
    text = text.replace("\\", "").replace("\n", "")
    data = text.encode("utf-8", "surrogatepass")
    (shown,) = printable(data) or ("",)
    back = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), shown.encode())
    assert back == data


def test_names_that_are_not_utf8() -> None:
    """A byte of a file's name that is not UTF-8 appears as itself, another lone surrogate as three bytes."""
    assert visible("a\udcffb\ud800") == r"a\xffb\xed\xa0\x80"


def test_a_line_end_within_a_line() -> None:
    """A text that should be one line stays one."""
    assert visible("a\nb") == r"a\x0ab"
