"""Console blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import Command, Expectation
from tests.notekit.parsing import example, note, text_errors


def commands(root: Path, body: str, attributes: str = "") -> tuple[Command, ...]:
    """The commands of a block that begins at line 5."""
    return example(root, f"```console {{{attributes}}}\n{body}```\n").commands


def console(lines: tuple[str, ...], line: int, dialect: str = "console", unordered: bool = False) -> Expectation:
    """What a console's command should print."""
    return Expectation(lines, line, "stdout", dialect, unordered)  # type: ignore[arg-type]


def test_commands_have_their_output_and_end(tmp_path: Path) -> None:
    """Each command has its lines of output and its exit status, with the lines where they stand."""
    body = "$ one\na\n\nb\n$ two\n$ three\nc\n[exit 3]\n$ four\n[exit SIGTERM]\n"
    assert commands(tmp_path, body) == (
        Command("one", 6, console(("a", "", "b"), 7), 0, 6),
        Command("two", 10, console((), 10), 0, 10),
        Command("three", 11, console(("c",), 12), 3, 13),
        Command("four", 14, console((), 14), 143, 15),
    )


def test_a_command_goes_on_behind_the_second_prompt(tmp_path: Path) -> None:
    """``> `` continues, and ``>`` alone continues with an empty line; the indentation behind it stays."""
    (command,) = commands(tmp_path, "$ cat <<E\n>   x\n>\n> E\n  x\n")
    assert command.text == "cat <<E\n  x\n\nE"
    assert command.expectation == console(("  x",), 10)


def test_output_is_kept_as_it_is_written(tmp_path: Path) -> None:
    """A line that begins with a backslash is output, and keeps it; so is a prompt without its space."""
    lines = (r"\$ a", r"\> b", r"\[exit 1]", r"\\c", "$", ">d", "#", "# e", "...x", r"\...")
    (command,) = commands(tmp_path, "$ x\n" + "".join(f"{line}\n" for line in lines))
    assert command.expectation.lines == lines


def test_root_has_a_prompt_in_a_guest(tmp_path: Path) -> None:
    """With ``runner=guest`` ``# `` begins a command, and a backslash before it makes it output."""
    found = commands(tmp_path, "# id\n\\# x\n$ id\n", "runner=guest")
    assert [(command.text, command.root) for command in found] == [("id", True), ("id", False)]
    assert found[0].expectation == console((r"\# x",), 7, "root-console")


def test_unordered_holds_for_every_command(tmp_path: Path) -> None:
    """The flag is on the example and on what each command should print."""
    found = example(tmp_path, "```console {unordered}\n$ a\nx\n$ b\ny\n```\n")
    assert found.unordered
    assert [command.expectation.unordered for command in found.commands] == [True, True]


def test_a_session_goes_over_several_blocks(tmp_path: Path) -> None:
    """Blocks of one session are examples of their own, in order."""
    found = note(tmp_path, "```console {#a session=s}\n$ a\n```\n\n```console {#b session=s}\n$ b\n```\n")
    assert [(one.id, one.session) for one in found.examples] == [("a", "s"), ("b", "s")]


def test_a_session_runs_in_one_place(tmp_path: Path) -> None:
    """Two runners for one session are an error at the second block."""
    text = "```console {session=s}\n$ a\n```\n\n```console {session=s runner=guest}\n$ b\n```\n"
    assert text_errors(tmp_path, text) == [
        "en.md:9: the session s has runner=guest here and host in line 5; give all its blocks one runner"
    ]


END = "write [exit N] with 0 to 255, or [exit SIGTERM] (output that begins so has a backslash before it)"
NO_COMMAND = "write a command behind `$ ` first, or a backslash before output"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", "5: a console block without a command; write a command behind `$ `"),
        ("\n$ a\n", "6: output before the first command; write a command behind `$ ` above it"),
        ("out\n$ a\n", "6: output before the first command; write a command behind `$ ` above it"),
        ("# id\n", "6: output before the first command; a root prompt needs runner=guest, any other is `$ `"),
        ("> x\n", f"6: `>` without a command before it; {NO_COMMAND}"),
        (">\n", f"6: `>` without a command before it; {NO_COMMAND}"),
        ("$ a\nout\n> b\n", f"8: `>` without a command before it; {NO_COMMAND}"),
        ("$ a\n[exit 1]\n> b\n", f"8: `>` without a command before it; {NO_COMMAND}"),
        ("$ a\n$ \n", "7: a prompt without a command; write a command behind it, or a backslash before output"),
        ("$ a\n[exit 256]\n", f"7: [exit 256] does not say how the command ended; {END}"),
        ("$ a\n[exit SIGFOO]\n", f"7: [exit SIGFOO] does not say how the command ended; {END}"),
        ("$ a\n[exit 1] \n", f"7: [exit 1]  does not say how the command ended; {END}"),
        ("$ a\n[exited]\n", f"7: [exited] does not say how the command ended; {END}"),
        ("[exit 1]\n", "6: [exit …] before the first command; write the command behind `$ ` above it"),
        ("$ a\n[exit 1]\nx\n", "8: output after [exit …] in line 7; move [exit …] behind the output"),
        ("$ a\n[exit 1]\n[exit 2]\n", "8: a second [exit …], after line 7; keep one of the two"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, body: str, expected: str) -> None:
    """The first line of a block that means nothing is the problem."""
    assert text_errors(tmp_path, f"```console\n{body}```\n") == [f"en.md:{expected}"]


NOTHING = "nothing is expected here but ... and <any>, which verifies nothing; state at least a part of one line"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("$ a\n...\n", [f"7: {NOTHING}"]),
        ("$ a\nx\n$ b\n<any>\n...\n", [f"9: {NOTHING}"]),
        ("$ a\n<any>\nx\n", []),
        (
            "$ a\nx\n<int:1>\n",
            ["8: <int:1> is not a range of numbers; write a range as <int:100±5>, or \\<int:1> for that very text"],
        ),
    ],
)
def test_what_a_command_should_print_must_say_something(tmp_path: Path, body: str, expected: list[str]) -> None:
    """Expectations that verify nothing, and ranges that cannot be read, are errors at their line."""
    assert text_errors(tmp_path, f"```console\n{body}```\n") == [f"en.md:{line}" for line in expected]


def test_any_lines_have_no_meaning_in_any_order(tmp_path: Path) -> None:
    """``...`` with ``unordered`` is an error at its line."""
    assert text_errors(tmp_path, "```console {unordered}\n$ a\nx\n...\n```\n") == [
        "en.md:8: ... where lines may come in any order; take out unordered or this line (\\... is the line ... itself)"
    ]


def test_a_block_that_is_left_alone_keeps_to_the_format(tmp_path: Path) -> None:
    """``run=no`` is a console like any other, with its reason."""
    found = example(tmp_path, '```console {#x run=no because="needs a disk"}\n$ a\nx\n```\n')
    assert (found.run, found.because, found.commands[0].text) == ("no", "needs a disk", "a")
