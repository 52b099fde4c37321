"""Programs, their files and regions, and what they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import Expectation, Place
from tests.notekit.parsing import example, note, text_errors

SEEK = """\
#include <stdio.h>

int main(void) {
    // [start:scan]
    int a = 1;

    int b = a;
    /* [end:scan] */
    return b;
}
"""


def test_a_program_stands_in_its_block(tmp_path: Path) -> None:
    """Code and what is shown are the block's body; it begins below the fence."""
    found = example(tmp_path, "\n```c {#x}\nint a;\n\n\tint b;\n```\n")
    assert found.code == found.shown == "int a;\n\n\tint b;\n"
    assert (found.place, found.shown_place) == (Place("a/n/en.md", 6), Place("a/n/en.md", 7))
    assert (found.name, found.document, found.exit_line, found.file) == ("x", "en", 6, None)


def test_a_program_without_an_id_is_named_by_its_line(tmp_path: Path) -> None:
    """In one language an id is not needed; the name is then the language and the line."""
    found = example(tmp_path, "```python\nprint()\n```\n")
    assert (found.id, found.name) == (None, "en-5")


def test_a_program_in_a_file_is_run_whole_and_shown_in_part(tmp_path: Path) -> None:
    """The code is the whole file; what is shown is the region without marks and shared indentation."""
    found = example(tmp_path, "```c {file=seek.c region=scan}\n```\n", seek__c=SEEK)
    assert found.code == SEEK
    assert found.shown == "int a = 1;\n\nint b = a;\n"
    assert found.shown_place == Place("a/n/seek.c", 5)
    assert found.file is not None
    assert (found.file.path, found.file.content) == ("seek.c", SEEK.encode())


def test_a_whole_file_is_shown_without_marks(tmp_path: Path) -> None:
    """Without ``region`` all lines but the marks are shown."""
    found = example(tmp_path, "```c {file=seek.c}\n```\n", seek__c="// [start:a]\n" + SEEK + "// [end:a]\n")
    assert "[" not in found.shown
    assert found.shown_place == Place("a/n/seek.c", 2)


@pytest.mark.parametrize(
    "mark", ["// {}", "/* {} */", "# {}", "-- {}", "; {}", "% {}", "<!-- {} -->", "  #  {}  ", "//{}"]
)
def test_every_kind_of_comment_marks_a_region(tmp_path: Path, mark: str) -> None:
    """A comment of whatever language that holds a mark and nothing else is one."""
    code = f"a\n{mark.format('[start:r]')}\nb\n{mark.format('[end:r]')}\n"
    assert example(tmp_path, "```sh {file=x region=r}\n```\n", x=code).shown == "b\n"


def test_regions_may_overlap(tmp_path: Path) -> None:
    """A region that holds another's marks is shown without them."""
    code = "# [start:r]\na\n# [start:s]\nb\n# [end:r]\nc\n# [end:s]\n"
    text = "```sh {file=x region=r}\n```\n```sh {file=x region=s}\n```\n"
    assert [one.shown for one in note(tmp_path, text, x=code).examples] == ["a\nb\n", "b\nc\n"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a\n", ["en.md:5: x has no region r; put comments [start:r] and [end:r] into it"]),
        ("# [start:rr]\n# [end:rr]\n", ["en.md:5: x has no region r; did you mean rr?"]),
        ("# [start:r]\n", ["x:1: the region r is not closed; put a comment [end:r] below it"]),
        (
            "# [start:r]\n# [end:r]\n# [end:q]\n",
            ["x:3: the region q ends without a beginning; put a comment [start:q] above it"],
        ),
        (
            "# [start:r]\n# [end:r]\n# [start:r]\n# [end:r]\n",
            [
                "x:3: the region r begins a second time, first in line 1; give each region its own name",
                "x:4: the region r ends a second time; keep one of its ends",
            ],
        ),
        (b"a\n\xff\n", ["x:2: the byte 0xff is not UTF-8; save the program as UTF-8"]),
    ],
)
def test_what_is_wrong_in_a_programs_file_is_said(tmp_path: Path, code: str | bytes, expected: list[str]) -> None:
    """A region that is missing is an error of the block, one that is badly marked an error of the file."""
    assert text_errors(tmp_path, "```sh {file=x region=r}\n```\n", x=code) == expected


def test_a_program_in_a_file_has_no_body(tmp_path: Path) -> None:
    """A line in the block of a program that is in a file is an error at that line."""
    assert text_errors(tmp_path, "```sh {file=x}\n\necho\n```\n", x="a\n") == [
        "en.md:7: a body, though the program is in a file; take it out, or take file= out"
    ]


@pytest.mark.parametrize(
    ("language", "remedy"),
    [("c", "write the program, or name its file with file=…"), ("json", "write the JSON text")],
)
def test_an_empty_block_runs_nothing(tmp_path: Path, language: str, remedy: str) -> None:
    """A program without a line is an error."""
    assert text_errors(tmp_path, f"```{language}\n\n```\n") == [f"en.md:5: the block is empty; {remedy}"]


def test_output_belongs_to_its_program(tmp_path: Path) -> None:
    """Each stream is stated in a block of its own, anywhere below the program in its section."""
    text = "```sh {#x}\na\n```\n\nProse.\n\n```output {of=x stream=stderr unordered}\nb\n```\n```output {of=x}\n```\n"
    assert example(tmp_path, text).expectations == (
        Expectation(("b",), 12, "stderr", "output", True),
        Expectation((), 14, "stdout", "output", False),
    )


def test_regions_of_a_document_name_their_example(tmp_path: Path) -> None:
    """The document's regions are in the order of the text, each with its kind, name, lines and body."""
    text = "```sh {#x}\na\n```\n```output {of=x stream=stderr}\nb\n```\n```text\nc\n```\n"
    regions = note(tmp_path, text).documents[0].regions
    assert [(one.kind, one.name, one.stream, one.first, one.last, one.body) for one in regions] == [
        ("example", "x", "stdout", 5, 7, ("a",)),
        ("output", "x", "stderr", 8, 10, ("b",)),
        ("listing", "", "stdout", 11, 13, ("c",)),
    ]


PROGRAM = "```sh {#x}\na\n```\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```output {of=x}\n```\n", "5: of=x names nothing; name the id of a block of this note"),
        (PROGRAM + "```output {of=zz}\n```\n", "8: of=zz names nothing; name the id of a block of this note"),
        (
            "```sh {#long-name}\na\n```\n```output {of=long-nam}\n```\n",
            "8: of=long-nam names nothing; did you mean long-name?",
        ),
        (
            "```output {of=x}\n```\n" + PROGRAM,
            "5: the output of x stands before the program, which begins in line 7; move it below",
        ),
        (
            PROGRAM + "## S\n```output {of=x}\n```\n",
            "9: the output of x stands in another section than the program, which begins in line 5; "
            "move it into that section",
        ),
        (
            PROGRAM + "```output {of=x}\n```\n```output {of=x}\n```\n",
            "10: a second output block for stdout of x, first in line 8; "
            "state each stream once (the others are stderr, registers and interrupts)",
        ),
        (
            "```console {#x}\n$ a\n```\n```output {of=x}\n```\n",
            "8: x is no program but a block of console; write the output into that block",
        ),
        (
            "```walk {#x}\naddress: 1\n```\n```output {of=x}\n```\n",
            "8: x is no program but a block of walk; name a bash, sh, fish, c, python, asm or image block",
        ),
        (
            "```c {#x run=build}\na\n```\n```output {of=x}\n```\n",
            "8: x has run=build: it does not run, and prints nothing; state stream=stderr for what the compiler says",
        ),
        (
            PROGRAM + "```output {of=x}\n...\n```\n",
            "9: nothing is expected here but ... and <any>, which verifies nothing; state at least a part of one line",
        ),
        (
            PROGRAM + "```output {of=x unordered}\na\n...\n```\n",
            "10: ... where lines may come in any order; take out unordered or this line (\\... is the line ... itself)",
        ),
        (
            PROGRAM + "```text {#x}\n```\n",
            "8: the id x is there a second time, first in a/n/en.md:5; give each block its own id "
            "(in the other language an example is named by ```example {of=…})",
        ),
    ],
)
def test_output_that_belongs_to_nothing_is_named(tmp_path: Path, text: str, expected: str) -> None:
    """An output block is held against its program, and an id against all others."""
    assert text_errors(tmp_path, text) == [f"en.md:{expected}"]


def test_a_block_with_a_problem_brings_no_second_one(tmp_path: Path) -> None:
    """Output of a program whose attributes are wrong is not said to name nothing."""
    text = "```c {#x timeout=0}\na\n```\n```output {of=x}\na\n```\n```c {#y\na\n```\n```output {of=y}\na\n```\n"
    assert [line.split(":")[1] for line in text_errors(tmp_path, text)] == ["5", "11"]


def test_a_compilers_message_may_be_stated(tmp_path: Path) -> None:
    """A program that must not compile can have output on standard error."""
    text = "```c {#x run=build fails}\nint\n```\n```output {of=x stream=stderr}\n...\nerror\n```\n"
    found = example(tmp_path, text)
    assert (found.fails, [one.stream for one in found.expectations]) == (True, ["stderr"])
