"""Taking over what came out: which lines of a note change, and which do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notekit import accept
from notekit.model import BuildOutput, Exceeded, Output
from tests.notekit.accepting import FILE, accepted, checked, printed, ran, refused
from tests.notekit.parsing import BODY, HEAD, write

PROGRAM = "```python {#p}\npass\n```\n"


def console(*lines: str, fence: str = "```", attributes: str = "#c") -> str:
    """A console block."""
    return "\n".join([f"{fence}console {{{attributes}}}", *lines, fence, ""])


def test_a_changed_line_is_written_in_its_place(tmp_path: Path) -> None:
    """What is printed takes the place of what was expected, and nothing around it changes."""
    text = "Before.\n\n" + console("$ a", "one", "two", "three") + "After.\n"
    assert accepted(tmp_path, text, c=ran("one\n2\nthree\n")) == text.replace("two", "2")


def test_lines_that_still_match_stay_as_they_are_written(tmp_path: Path) -> None:
    """Wildcards and ``...`` stay line by line where they match; only the others are written anew."""
    text = console("$ a", "took <int> ms", "old", "...", "<hex> end")
    assert accepted(tmp_path, text, c=ran("took 5 ms\nnew\nx\ny\n0xf end\nmore\n")) == console(
        "$ a", "took <int> ms", "new", "...", "<hex> end", "more"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["...", "total 5"], ["...", "total 6"]),
        (["first", "..."], ["a", "..."]),
        (["...", "x", "..."], ["...", "a", "..."]),
    ],
)
def test_a_line_beside_dots_is_not_swallowed_by_them(tmp_path: Path, old: list[str], new: list[str]) -> None:
    """What was expected at an end of ``...`` gives way to the line there, so that a line is verified as before."""
    assert accepted(tmp_path, console("$ x", *old), c=ran("a\nb\ntotal 6\n")) == console("$ x", *new)


def test_what_would_verify_nothing_is_written_in_full(tmp_path: Path) -> None:
    """Where only wildcards would be left, all that was printed is written."""
    assert accepted(tmp_path, console("$ x", "<any>", "5"), c=ran("6\n")) == console("$ x", "6")
    assert accepted(tmp_path, console("$ x", "...", "5"), c=ran("")) == console("$ x")


def test_each_command_gets_its_own_output_and_end(tmp_path: Path) -> None:
    """Ends are added, changed and removed, below commands of one line or of several."""
    before = console("$ a", "$ b", "x", "[exit 2]", "$ c", "> d", "old", "[exit SIGTERM]", "$ e", "[exit 1]")
    after = console("$ a", "new", "[exit 1]", "$ b", "x", "[exit 3]", "$ c", "> d", "new", "[exit SIGTERM]", "$ e")
    assert accepted(tmp_path, before, c=ran(("new\n", 1), ("x\n", 3), ("new\n", 143), ("", 0))) == after


def test_output_that_looks_like_the_format_is_escaped(tmp_path: Path) -> None:
    """Prompts, marks, dots and wildcards that were printed are written so that they stand for themselves."""
    lines = ["$ a", "> b", ">", "[exit", "\\", "...", "<int>", "\\...", "<int:1", "# d"]
    expected = ["\\$ a", "\\> b", "\\>", "\\[exit", "\\\\", "\\...", "\\<int>", "\\\\...", "\\<int:1", "# d"]
    assert accepted(tmp_path, console("$ x"), c=ran("\n".join(lines))) == console("$ x", *expected)
    expected = [*lines[:5], "\\...", "\\<int>", "<any>...", "\\<int:1", "# d"]
    assert accepted(tmp_path, PROGRAM, p=printed("\n".join(lines))) == PROGRAM + "\n".join(
        ["```output {of=p}", *expected, "```", ""]
    )


def test_bytes_that_cannot_be_seen_are_written_as_they_are_shown(tmp_path: Path) -> None:
    """Control bytes and what is not UTF-8 become their hexadecimal form."""
    output = ran((b"\x1b[1m\xff\r\n", 0))
    assert accepted(tmp_path, console("$ x"), c=output) == console("$ x", "\\\\x1b[1m\\xff\\x0d")


def test_a_block_that_would_end_too_early_gets_longer_fences(tmp_path: Path) -> None:
    """Both fences of that block grow, and those of no other; backticks that end nothing change nothing."""
    other = console("$ y", attributes="#d")
    text = console("$ x") + other
    after = console("$ x", "  `````", fence="``````") + other
    assert accepted(tmp_path, text, c=ran("  `````\n"), d=ran("")) == after
    harmless = console("$ x", "``` a", "    ```") + other
    assert accepted(tmp_path, text, c=ran("``` a\n    ```\n"), d=ran("")) == harmless


def test_a_missing_output_block_is_made(tmp_path: Path) -> None:
    """It stands right behind the program, or behind its other output block, in fences that hold what was printed."""
    after = "```output {of=p}\na\n```\n````output {of=p stream=stderr}\n```\n````\n"
    assert accepted(tmp_path, PROGRAM + "Text.\n", p=printed("a\n", "```\n")) == PROGRAM + after + "Text.\n"
    text = PROGRAM + "Text.\n```output {of=p}\na\n```\nText.\n"
    assert accepted(tmp_path, text, p=printed("a\n", "e")) == text.replace(
        "a\n```\n", "a\n```\n```output {of=p stream=stderr}\ne\n```\n"
    )


def test_an_output_block_is_never_taken_away(tmp_path: Path) -> None:
    """Where nothing is printed any more, its lines go and the block stays."""
    before, after = (f"{PROGRAM}```output {{of=p}}\n{lines}```\n" for lines in ("a\n", ""))
    assert accepted(tmp_path, before, p=printed()) == after


def test_the_indentation_of_a_list_is_kept(tmp_path: Path) -> None:
    """New lines and new blocks begin as the block does; an empty line stays empty."""
    text = "- item\n\n    ```console {#c}\n    $ x\n    ```\n\n    ```python {#p}\n    pass\n    ```\n"
    after = text.replace("$ x\n", "$ x\n    a\n\n      b\n") + "    ```output {of=p}\n    \tx\n    ```\n"
    assert accepted(tmp_path, text, c=ran("a\n\n  b\n"), p=printed("\tx\n")) == after


def test_line_ends_and_a_missing_last_one_are_kept(tmp_path: Path) -> None:
    """With CRLF, a byte-order mark, and no end of the last line, all of that stays, also behind what is new."""
    start = b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()
    block = b"```python {#p}\r\npass\r\n```"
    accepted(tmp_path, start + block, p=printed("a\nb\n"))
    assert (tmp_path / FILE).read_bytes() == start + block + b"\r\n```output {of=p}\r\na\r\nb\r\n```"
    longer = start + b"```console {#c}\r\n$ x\r\n```"
    accepted(tmp_path, longer, c=ran("```\n"))
    assert (tmp_path / FILE).read_bytes() == start + b"````console {#c}\r\n$ x\r\n```\r\n````"


def test_lines_in_any_order_keep_their_places(tmp_path: Path) -> None:
    """With ``unordered`` what matches stays where it is, and the rest fills the places of what does not."""
    text = console("$ x", "a", "<int>", "old", "d", attributes="#c unordered")
    after = console("$ x", "a", "<int>", "new", "d", "more", attributes="#c unordered")
    assert accepted(tmp_path, text, c=ran("d\nnew\n7\na\nmore\n")) == after


def test_what_a_compiler_says_is_output_where_nothing_runs(tmp_path: Path) -> None:
    """With ``fails`` a stated complaint is renewed, and none is made."""
    text = "```c {#p run=build fails}\nx\n```\n"
    said = Output(build=BuildOutput(b"new\n", 1))
    stated = text + "```output {of=p stream=stderr}\nold\n```\n"
    assert accepted(tmp_path, text, p=said) == text
    assert accepted(tmp_path, stated, p=said) == stated.replace("old", "new")


def test_what_is_no_output_is_refused(tmp_path: Path) -> None:
    """A limit, a shell that ended, a wrong end, what does not build: each with what would be right."""
    text = console("$ a", "$ b")
    late = replace(ran(("x", None)), exceeded=Exceeded("deadline", "10 s"))
    assert refused(tmp_path, text, c=late) == [
        "en.md:5: c exceeded a limit (deadline: more than 10 s), so its output is not whole; "
        "let it do less, or give the block a longer timeout="
    ]
    assert refused(tmp_path, text, c=ran(("x", 0), ("", None))) == [
        "en.md:7: c stopped here: the shell ended; "
        "let the shell live on (a subshell, as in (exit 3), may end), or begin another block"
    ]
    assert refused(tmp_path, PROGRAM, p=printed("x", status=3)) == [
        "en.md:5: p ended with exit 3 where the note says exit 0, which is no output; "
        "correct the program, or write exit=3 on the block"
    ]
    assert refused(tmp_path, PROGRAM, p=Output(build=BuildOutput(b"no", 1))) == [
        "en.md:5: p is not valid, which is no output; correct it"
    ]
    assert refused(tmp_path, PROGRAM, p=Output(broken="no bwrap")) == [
        "en.md:5: p could not be run: no bwrap; let it run first"
    ]
    assert refused(tmp_path, "```c {#p run=build fails}\nx\n```\n", p=Output(build=BuildOutput(b"", 0))) == [
        "en.md:5: p does not fail, though the note says that it does, which is no output; "
        "correct it, or take off `fails`"
    ]


def test_a_program_without_a_name_cannot_get_an_output_block(tmp_path: Path) -> None:
    """An output block names its program, so the author has to give it an id first."""
    assert refused(tmp_path, "```python\npass\n```\n", **{f"en-{BODY}": printed("x")}) == [
        f"en.md:{BODY}: en-{BODY} prints what no block states, and has no id by which a block could name it; "
        "give it one, such as {#name}"
    ]


def test_one_failure_that_is_refused_holds_up_no_other(tmp_path: Path) -> None:
    """The other examples of the file are accepted, in one change."""
    write(tmp_path, {FILE: HEAD + console("$ a") + PROGRAM + console("$ b", attributes="#d")})
    outputs = {"c": ran("x"), "p": printed(status=1), "d": ran("y")}
    plan = accept.plan(tmp_path, checked(tmp_path, outputs))
    assert [change.names for change in plan.changes] == [("c", "d")]
    assert [problem.place.line for problem in plan.refused] == [8]


@pytest.mark.parametrize("change", [b"other\n", b"\xff"])
def test_a_file_that_changed_is_left_alone(tmp_path: Path, change: bytes) -> None:
    """Whether it changed while the examples ran or while the author thought, what was written is not lost."""
    write(tmp_path, {FILE: HEAD + console("$ a")})
    found = checked(tmp_path, {"c": ran("x")})
    (planned,) = accept.plan(tmp_path, found).changes
    (tmp_path / FILE).write_bytes(change)
    with pytest.raises(accept.ChangedError, match=r"^a/n/en\.md:1: the file changed"):
        accept.write(tmp_path, planned)
    assert (tmp_path / FILE).read_bytes() == change
    assert [problem.message for problem in accept.plan(tmp_path, found).refused] == [
        "the file changed while it was checked"
    ]


def test_a_note_does_not_grow_beyond_what_can_be_read(tmp_path: Path) -> None:
    """Output with which the file would be too large to be a note is refused."""
    assert refused(tmp_path, console("$ a"), c=ran("x" * (4 << 20))) == [
        "en.md:1: with what its examples print, the file would have more than 4 MiB; let them print less"
    ]


def test_the_difference_can_be_shown_on_a_terminal(tmp_path: Path) -> None:
    """The diff says which lines change, without a character that a terminal acts on."""
    write(tmp_path, {FILE: HEAD + "Text\u202e.\n" + console("$ a", "old")})
    (change,) = accept.plan(tmp_path, checked(tmp_path, {"c": ran("new")})).changes
    assert accept.diff(change) == (
        "--- a/n/en.md", "+++ a/n/en.md", "@@ -5,5 +5,5 @@",
        " Text\\xe2\\x80\\xae.", " ```console {#c}", " $ a", "-old", "+new", " ```",
    )  # fmt: skip
