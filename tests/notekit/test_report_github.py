"""Annotations, read as GitHub's runner reads what a step prints."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from notekit.match import visible
from notekit.report.github import error_commands, no_commands
from notekit.report.text import text
from tests.notekit.samples_of_reports import HOSTILE, failure, problem, report, result

COMMANDS = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-env", "stop-commands", "echo"}
Command = tuple[str, dict[str, str], str]


def runner(lines: Iterable[str]) -> list[Command]:
    """The commands that a runner obeys: name, properties, message."""
    obeyed: list[Command] = []
    word = ""
    for line in lines:
        found = re.match(r"\s*::([^ :]+)(?: (.*?))?::(.*)", line) or re.search(r"##\[([^ \]]+)( [^\]]*)?\](.*)", line)
        if not found:
            continue
        name, properties, message = found[1].lower(), found[2] or "", found[3]
        if word:
            word = "" if name == word else word
        elif name == "stop-commands":
            word = message
        elif name in COMMANDS:
            pairs = (one.split("=", 1) for one in properties.split(","))
            obeyed.append((name, {key: unescaped(value) for key, value in pairs}, unescaped(message)))
    return obeyed


def unescaped(value: str) -> str:
    """What the runner makes of a value; the percent sign comes last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, character)
    return value


def test_an_annotation_stands_at_the_line_that_is_wrong() -> None:
    """File, line and title are the failure's own, and the message is all that a terminal would show of it."""
    wrong = failure("50%, or: more", 12, diff=("-a", "+b"))
    (command,) = error_commands(report(result("failed", wrong)), prefix="site/")
    assert command == (
        "::error file=site/notes_src/a/b/en.md,line=12,title=a/b#x failed::"
        "notes_src/a/b/en.md:12: 50%25, or: more%0A    -a%0A    +b"
    )


def test_properties_are_escaped() -> None:
    """A colon or a comma in a file's name does not end it."""
    (command,) = error_commands(report(problems=(problem(file="a,b:c%.md"),)))
    assert command.startswith("::error file=a%2Cb%3Ac%25.md,line=1,title=Error in a%2Cb%3Ac%25.md::")


def test_none_of_ten_is_left_out() -> None:
    """As many as GitHub shows are all there."""
    found = report(*(result("failed", failure(), name=f"x{number}") for number in range(10)))
    assert [properties["title"] for _, properties, _ in runner(error_commands(found))] == [
        f"a/b#x{number} failed" for number in range(10)
    ]


def test_of_eleven_the_worst_nine_and_how_many_more() -> None:
    """The tenth annotation counts the rest and says where they are."""
    found = report(*(result("failed", failure(), name=f"x{number}") for number in range(10)), problems=(problem(),))
    commands = runner(error_commands(found, where="the log"))
    assert len(commands) == 10
    assert commands[0][1]["title"] == "Error in notes_src/a/b/en.md"
    assert commands[-1] == ("error", {"title": "2 more"}, "2 more are in the log")


def test_a_long_message_is_cut() -> None:
    """No message is longer than what the runner passes on."""
    (command,) = error_commands(report(result("failed", failure("x" * 10000))))
    assert len(runner([command])[0][2]) <= 4096


@given(st.text() | st.just(HOSTILE))
def test_an_annotation_is_one_command_whatever_is_in_it(hostile: str) -> None:
    """The runner reads back exactly the visible form of what was printed, and nothing more."""
    wrong = failure(hostile, command=hostile)
    (command,) = error_commands(report(result("failed", wrong, name=hostile)))
    ((name, properties, message),) = runner(command.split("\n"))
    assert (name, properties["title"]) == ("error", visible(f"a/b#{hostile}") + " failed")
    assert message.startswith(f"notes_src/a/b/en.md:12: {visible(hostile)}")


@given(st.lists(st.sampled_from(["::error::x", "##[add-mask]x", "a ##[error]b", "::endgroup::", "c"]), min_size=1))
def test_nothing_that_an_example_prints_is_obeyed(lines: list[str]) -> None:
    """Between the two lines that ``no_commands`` writes no line is a command, and after them commands are again."""
    found = report(result("failed", failure(lines[0], command="\n".join(lines), diff=tuple(lines))))
    stream = io.StringIO()
    with no_commands(stream):
        print(text(found), file=stream)
    print("::error title=t::after", file=stream)
    assert runner(stream.getvalue().split("\n")) == [("error", {"title": "t"}, "after")]


def test_the_word_that_ends_the_silence_cannot_be_known() -> None:
    """It is another each time."""
    streams = [io.StringIO(), io.StringIO()]
    for stream in streams:
        with no_commands(stream):
            pass
    words = {re.findall("[0-9a-f]{32}", stream.getvalue())[0] for stream in streams}
    assert len(words) == 2
