"""Nothing that a note can hold makes the parser fail."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notekit.model import Collection
from notekit.parse.text import NotUtf8Error, read_lines
from tests.notekit.parsing import AREA, HEAD, read_again, write

FRAGMENTS = [
    "---\n", "title: T\n", "question: Q\n", "title: [\n", "\n", "text ", "## h\n", "h\n---\n", "- a\n",
    "1. a\n", "    ", "> ", "\t", "```", "````", "~~~", "console", "sh", "c", "json", "walk", "text",
    "output", "example", "{", "}", "#x", "#y", " of=x", " of=y", " file=f", " file=../f", " with=d",
    " region=r", " schema=f", " stream=stderr", " run=no", ' because="a', ' args="', "'", '"', "\\",
    " timeout=0", " fails", " unordered", " session=s", " runner=guest", " needs=kvm", "=", "$ a\n", "# a\n",
    "> b\n", ">\n", "[exit 1]\n", "[exit", "...\n", "<int>", "<int:1±", "<any>\n", "address: 1\n",
    "expect: {fault: 1}\n", "mode: [\n", "a: *b\n", "[[[ ", " ]]]", "now()", "reach('a')", "<!-- ", "-->\n",
    "<!-- of: 12345678 -->\n", "<pre>", "<div>\n", "[^1]: ", "[a]: b\n", "| a |\n|---|\n", "!!! note\n",
    '=== "A"\n', ": d\n", "`", "\r", "\r\n", "\u2028", "\x85", "\x0b", "\x0c", "\x00", "\x1b", "\ufeff", "中文",
    "\U0001f600", "\x7f",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)
CALM = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
_numbers = itertools.count()


def read(root: Path, files: dict[str, bytes], languages: tuple[str, ...] = ("en", "zh")) -> Collection:
    """The collection of one note with these files, beside a program, a folder and an area."""
    folder = root / str(next(_numbers))
    write(
        folder, {"a/n/f": "# [start:r]\n{}\n", "a/n/d/e": "x", **{f"a/n/{name}": data for name, data in files.items()}}
    )
    return read_again(folder, languages=languages)


def check(collection: Collection, files: dict[str, bytes]) -> None:
    """Each problem says three things and has a line of its file; a note without one is there."""
    for problem in (*collection.errors, *collection.warnings):
        data = files.get(problem.place.file.removeprefix("a/n/"), b"\n" * 9)
        try:
            count = len(read_lines(data))
        except NotUtf8Error:
            count = data.count(b"\n") + 1
        assert 1 <= problem.place.line <= max(1, count)
        assert problem.message and problem.remedy and "\n" not in str(problem)
    assert bool(collection.errors) != bool(collection.notes)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all notes of this module."""
    return tmp_path_factory.mktemp("notes")


@CALM
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_note_or_an_error(root: Path, data: bytes, headed: bool) -> None:
    """Whatever the bytes, also below a sound head, the note is read or each problem is told with a line."""
    files = {"en.md": HEAD.encode() + data if headed else data, "zh.md": HEAD.encode()}
    check(read(root, files), files)


@CALM
@given(TEXT, TEXT, st.booleans())
def test_any_text_of_the_formats_own_pieces_is_a_note_or_an_error(
    root: Path, one: str, other: str, headed: bool
) -> None:
    """However the format's pieces are put together, in both languages."""
    head = HEAD if headed else ""
    files = {"en.md": (head + one).encode(), "zh.md": (head + other).encode()}
    check(read(root, files), files)


@CALM
@given(TEXT)
def test_any_text_in_one_language_is_a_note_or_an_error(root: Path, text: str) -> None:
    """The same where no translation is asked for."""
    files = {"en.md": (HEAD + text).encode()}
    check(read(root, files, ("en",)), files)


@CALM
@given(st.binary(max_size=60) | TEXT.map(str.encode), st.sampled_from(["f", "d/e"]))
def test_any_file_that_an_example_names_is_read_or_refused(root: Path, data: bytes, name: str) -> None:
    """A program's file, a folder's file and a schema may hold anything."""
    text = "```sh {file=f}\n```\n```sh {file=f region=r}\n```\n```console {with=d}\n$ a\n```\n"
    text += "```json {schema=f}\n{}\n```\n"
    files = {"en.md": (HEAD + text).encode(), name: data}
    check(read(root, files, ("en",)), files)


@CALM
@given(st.binary(max_size=60) | st.lists(st.sampled_from([*AREA, "!", "- ", "&a", "*a"])).map("".join).map(str.encode))
def test_any_area_file_is_read_or_refused(root: Path, data: bytes) -> None:
    """An ``area.yml`` may hold anything; the notes of its area are read all the same."""
    folder = root / str(next(_numbers))
    write(folder, {"a/area.yml": data, "a/n/en.md": HEAD})
    assert [note.slug for note in read_again(folder).notes] == ["a/n"]


@pytest.mark.parametrize(
    "piece",
    [
        "- ",
        "> ",
        "[",
        "[a\n",
        "`",
        "` `` ",
        "<a ",
        "<!--",
        "\\",
        "    ",
        "{",
        '```c {a="',
        "!!! a\n",
        "[[[ ",
        "***",
        "|",
        "- a\n    - b\n",
        "\r",
        "中",
    ],
)
def test_a_long_run_of_anything_is_read(root: Path, piece: str) -> None:
    """No piece of the format, repeated, runs into the recursion limit."""
    files = {"en.md": (HEAD + piece * (20_000 // len(piece)) + "\n").encode()}
    check(read(root, files, ("en",)), files)
