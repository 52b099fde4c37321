"""Bytes to lines, and what the format says of line ends, marks and encodings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.parse.text import NotUtf8Error, columns, dedented, read_lines, without_columns
from tests.notekit.parsing import HEAD, collection, document, errors, text_errors


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", ()),
        (b"a", ("a",)),
        (b"a\n", ("a",)),
        (b"a\n\n", ("a", "")),
        (b"a\r\nb\r\n", ("a", "b")),
        (b"a\nb\r\nc", ("a", "b", "c")),
        (b"\xef\xbb\xbfa\n", ("a",)),
        (b"a\rb\n", ("a\rb",)),
        (b"a\r", ("a\r",)),
        ("a\u2028b\x85c\x0bd\x0ce\u2029f\x1cg\n".encode(), ("a\u2028b\x85c\x0bd\x0ce\u2029f\x1cg",)),
    ],
)
def test_lines_end_with_lf_or_crlf_and_nothing_else(data: bytes, lines: tuple[str, ...]) -> None:
    """A lone carriage return, U+2028 and their like stay within their line; a byte-order mark is left out."""
    assert read_lines(data) == lines


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\ufeff", exclude_categories=["Cs"]))), st.booleans())
def test_lines_come_back_as_they_were_written(lines: list[str], crlf: bool) -> None:
    """Whatever the lines hold, joining them with either line end and reading them gives them back."""
    end = "\r\n" if crlf else "\n"
    assert read_lines("".join(line + end for line in lines).encode()) == tuple(lines)


@given(st.binary())
def test_the_first_bad_byte_is_named(data: bytes) -> None:
    """Bytes are lines, or the line of the first byte that is not UTF-8 is told, counted by line feeds."""
    try:
        read_lines(data)
    except NotUtf8Error as error:
        before = data.split(b"\n")[: error.line - 1]
        assert all(part.decode() is not None for part in before)
        with pytest.raises(UnicodeDecodeError):
            data.split(b"\n")[error.line - 1].decode()


@pytest.mark.parametrize(
    ("line", "count", "left"),
    [
        ("    x", 4, "x"),
        ("      x", 4, "  x"),
        ("  x", 4, "x"),
        ("\tx", 4, "x"),
        ("\t\tx", 4, "\tx"),
        ("  \tx", 3, " x"),
        ("", 4, ""),
        ("x", 4, "x"),
        ("    \tx", 4, "\tx"),
    ],
)
def test_indentation_is_taken_off_by_columns(line: str, count: int, left: str) -> None:
    """Up to so many columns go; a tab that is cut in two leaves spaces."""
    assert without_columns(line, count) == left


@given(st.text(" \t"), st.integers(0, 20))
def test_what_is_left_is_as_wide_as_it_should_be(space: str, count: int) -> None:
    """After taking columns off, the rest reaches as far right as it did, less those columns."""
    shown = " " * count + without_columns(space + "x", count)
    assert columns(shown) == max(columns(space + "x"), count)


def test_shared_indentation_goes() -> None:
    """The white space that all lines begin with is taken off; blank lines do not count."""
    assert dedented(("    a", "", "      b", " \t")) == ("a", "", "  b", "")
    assert dedented(("\ta", "  b")) == ("\ta", "  b")


def test_a_note_that_is_not_utf8_is_named_with_the_line(tmp_path: Path) -> None:
    """The line of the first bad byte is reported."""
    content = HEAD.encode() + b"fine\nfine\n\xe4\xb8\n"
    assert errors(tmp_path, {"a/n/en.md": content}) == [
        "a/n/en.md:7: the byte 0xe4 is not UTF-8; save the file as UTF-8"
    ]


@pytest.mark.parametrize("false_end", ["\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_a_false_line_end_moves_no_line_number(tmp_path: Path, false_end: str) -> None:
    """An error below text with a character that others take for a line end has its true line."""
    text = f"a{false_end}b\n\n```text {{x=1}}\n```\n"
    assert [line.split(":")[1] for line in text_errors(tmp_path, text)] == ["7"]


def test_crlf_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    """The same note with CRLF and a byte-order mark has the same lines and regions."""
    text = "Text\n\n```text\nbody\n```\n"
    plain = document(tmp_path / "lf", text)
    read = collection(tmp_path / "crlf", {"a/n/en.md": "\ufeff" + (HEAD + text).replace("\n", "\r\n")})
    assert read.errors == ()
    assert read.notes[0].documents[0] == plain


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """More than 4 MiB of text are no note."""
    assert text_errors(tmp_path, "x" * (4 << 20)) == ["en.md:1: the file has more than 4 MiB; split the note"]
