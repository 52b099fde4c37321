"""What stands below an example: its state, and what ran, when and how."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from notekit.emit import blocks, state
from notekit.emit.state import Surroundings
from notekit.model import Command, Diagram, Example, Expectation, NamedFile, Place, Result

PLACE = Place("a/b/en.md", 5)
AROUND = Surroundings("en", "a/b/")
CHINESE = Surroundings("zh", "zh/a/b/")


def console(*commands: str, **values: object) -> Example:
    """A console block with these commands."""
    told = tuple(Command(command, 6, Expectation((), 6, dialect="console")) for command in commands)
    return replace(Example("a/b", "x", "x", "console", PLACE, "en", "host", commands=told), **values)  # type: ignore[arg-type]


def program(**values: object) -> Example:
    """A Python program."""
    made = Example("a/b", "x", "x", "python", PLACE, "en", "host", shown="print(1)\n", code="print(1)\n")
    return replace(made, **values)  # type: ignore[arg-type]


def ran(example: Example, **values: object) -> Result:
    """The result of an example that ran and passed."""
    made = Result(
        "a/b", example.name, example.language, PLACE, "host", "passed", exits=(0,) * len(example.commands),
        seconds=0.128, how="python3 x.py", versions=(("python3", "3.11.2-1+b1"),), finished="2026-01-02T03:04:05Z",
    )  # fmt: skip
    return replace(made, **values)  # type: ignore[arg-type]


def below(example: Example, result: Result, around: Surroundings = AROUND) -> str:
    """The HTML below an example."""
    return "\n".join(state.of_example(example, result, around))


def row(shown: str, name: str) -> str | None:
    """What the details say under a name."""
    found = re.search(rf"<dt>{name}</dt><dd>(.*?)</dd>", shown)
    return html.unescape(found[1]) if found else None


def buttons(shown: str) -> list[str]:
    """What can be copied."""
    return re.findall(r'data-copy="(\w+)"', shown)


def test_the_details_say_what_ran_how_long_and_how() -> None:
    """Tools without Debian's revision, seconds, and the command line that a person would type."""
    shown = below(program(), ran(program()))
    assert row(shown, "Ran with") == "python3 3.11.2"
    assert row(shown, "Took") == "at most 0.2 s"
    assert row(shown, "Run as") == "<code>python3 x.py</code>"
    assert "<summary>Verified on 2026-01-02</summary>" in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.1"), (0.03, "0.1"), (0.1, "0.1"), (0.11, "0.2"), (0.2, "0.2"), (0.3, "0.5"), (0.7, "1"), (1, "1"),
        (1.01, "2"), (4, "5"), (9.99, "10"), (10, "10"), (59, "100"), (600, "1000"),
    ],
)  # fmt: skip
def test_how_long_it_took_is_a_round_number(seconds: float, said: str) -> None:
    """An example that runs once more a little slower seldom changes its page."""
    assert state.at_most(seconds) == said


def test_what_to_install_is_one_command() -> None:
    """The packages that the example needs, or that none are needed."""
    shown = below(program(), ran(program()), replace(AROUND, packages=("gcc", "libc6-dev")))
    assert row(shown, "To install") == (
        "<code>sudo apt-get install gcc libc6-dev</code> "
        '<button type="button" data-copy="install" data-of="x">Copy</button>'
    )
    assert row(below(program(), ran(program())), "To install") == "nothing: every Debian and Ubuntu has what it uses"


def test_a_console_is_repeated_in_the_shell_where_its_session_stopped() -> None:
    """The first block of a session begins in an empty directory; a later one names the block before it."""
    first = below(console("true"), ran(console("true")))
    later = below(console("true"), ran(console("true")), replace(AROUND, before="first"))
    assert row(first, "Run as") == "the commands one after the other, in bash, in an empty directory"
    assert row(later, "Run as") == (
        'the commands one after the other, in the bash where <a href="#first">#first</a> stopped'
    )


def test_files_are_links_from_either_language() -> None:
    """The files of an example lie beside the first language's page."""
    example = program(file=NamedFile("x y.py", b""), files=(NamedFile("data/small", b""),))
    links = '<a href="{0}x%20y.py"><code>x y.py</code></a>{1}<a href="{0}data/small"><code>data/small</code></a>'
    assert row(below(example, ran(example)), "Files") == links.format("", ", ")
    assert row(below(example, ran(example), CHINESE), "文件") == links.format("../../../a/b/", "，")


def test_what_did_not_run_says_neither_how_long_nor_that_nothing_is_needed() -> None:
    """Of an example without a run there is a reason, and what would have to be installed if that is known."""
    missing = ran(program(), status="not-verified", reason="gcc is not installed; apt-get install gcc", versions=())
    shown = below(program(), missing)
    assert "Not verified: gcc is not installed; apt-get install gcc. The output shown is the recorded one." in shown
    assert row(shown, "Took") is row(shown, "Run as") is row(shown, "To install") is None
    assert row(below(program(), missing, replace(AROUND, packages=("gcc",))), "To install") is not None


@pytest.mark.parametrize(
    ("finished", "document", "expected"),
    [
        ("2026-01-02T03:04:05Z", "zh", '<span lang="en">why</span>'),
        ("", "en", '<span lang="en">why</span>'),
        ("", "zh", "why"),
    ],
)
def test_a_reason_in_another_language_is_marked_as_such(finished: str, document: str, expected: str) -> None:
    """A runner's reason is English, an author's in the language of the text with the example."""
    example = program(document=document)
    shown = below(example, ran(example, status="not-verified", reason="why", finished=finished), CHINESE)
    assert f"未验证：{expected}。" in shown


def test_each_part_of_an_example_has_its_button() -> None:
    """Commands and output of a console, source and both streams of a program; none for what is not there."""
    two = console("true", "echo a")
    assert buttons(below(two, ran(two, texts=((), ("a",))))) == ["commands", "output"]
    assert buttons(below(two, ran(two, texts=((), ())))) == ["commands"]
    assert buttons(below(program(), ran(program(), texts=(("1",), ("2",))))) == ["source", "output", "stderr"]
    assert buttons(below(program(), ran(program(), texts=((), ())))) == ["source"]


def test_the_lines_of_a_console_are_told_apart_whatever_they_hold() -> None:
    """An output line that looks like a prompt counts as output, a command's further line as command."""
    example = console("cat <<.\n$ no\n\n.", "false")
    result = ran(example, texts=(("$ no", ""), ("> x",)), exits=(0, 1))
    header, *lines, _ = blocks.code_block(example, result)
    assert lines == ["$ cat <<.", "> $ no", ">", "> .", "$ no", "", "$ false", "> x", "[exit 1]"]
    assert 'data-lines="4c2o1c1o1x"' in header


def test_a_diagram_says_whether_its_outcome_was_compared() -> None:
    """With ``expect`` it is computed and checked, without only computed; both can be copied as text."""
    diagram = Diagram("a/b", "x", "x", "page-walk", PLACE, "en", {})
    result = Result("a/b", "x", "page-walk", PLACE, "vmsim", "passed", seconds=0.5)
    plain = "\n".join(state.of_diagram(diagram, result, AROUND))
    checked = "\n".join(state.of_diagram(replace(diagram, expect={"a": 1}), result, AROUND))
    assert "<summary>Computed</summary>" in plain and "<summary>Computed and checked</summary>" in checked
    assert buttons(plain) == ["text"] and row(plain, "Took") is None


def test_no_text_of_an_example_becomes_markup() -> None:
    """A command line with signs of HTML, Markdown and Jinja, tabs and line ends comes out as it is."""
    how = "x '<b>' *a* _b_ `c` [[[ d ]]] \t\n  e  &amp;"
    shown = below(program(), ran(program(), how=how))
    assert row(shown, "Run as") == f"<code>{how}</code>"
    assert not re.search(r"<b>|[*_`\[\n\t]", re.search(r"<dt>Run as</dt><dd><code>(.*?)</code>", shown)[1])  # type: ignore[index]
