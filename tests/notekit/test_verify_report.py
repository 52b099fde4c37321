"""Failures as a terminal shows them."""

from __future__ import annotations

from dataclasses import replace

from notekit.model import Failure, Output, Place
from notekit.verify import report, verify
from tests.notekit.samples_of_results import console, example, ran


def test_report() -> None:
    """Each failure begins with its place and its message; what ran, the diff and the ends stand below."""
    block = console("$ stat -c '%s %b' big\n1099511627776 0")
    result = verify(block, ran(("1099511627776 8\n", 1), how="bash session.sh"))
    assert (
        report([result])
        == """\
notes_src/a/b/en.md:12: printed "1099511627776 8" where the note says "1099511627776 0", and ended with exit 1 \
where the note says exit 0; correct the program or the note, or take over what came out: notes accept a/b
    ran: stat -c '%s %b' big
    -1099511627776 0
    +1099511627776 8
    end: exit 1
    how: bash session.sh"""
    )


def test_nothing_failed() -> None:
    """Where all passed, or did not run, there is nothing to report."""
    block = console("$ one\na")
    assert report([verify(block, ran(("a\n", 0))), verify(block, Output(missing="no bash"))]) == ""


def test_a_broken_runner() -> None:
    """What could not be run is reported at its block with the reason."""
    result = verify(example("c"), Output(broken="bwrap: no\nspace"))
    assert report([result]) == r"notes_src/a/b/en.md:10: x could not be run: bwrap: no\x0aspace"


def test_order() -> None:
    """Failures stand in the order of their files and lines, whatever the order of the results."""
    result = verify(console("$ one\n$ two"), ran(("", 1), ("", 1)))
    far = replace(result.failures[0], place=Place("notes_src/a/a/en.md", 110))
    text = report([result, replace(result, failures=(far,))])
    assert [line.split(": ")[0] for line in text.split("\n") if not line.startswith(" ")] == [
        "notes_src/a/a/en.md:110",
        "notes_src/a/b/en.md:11",
        "notes_src/a/b/en.md:12",
    ]


def test_nothing_acts_on_a_terminal() -> None:
    """Escapes in a command, a file's name or a message come out as text, and a command keeps its lines."""
    failure = Failure(
        place=Place("a\x1b]0;b.md", 3),
        message="\x1b[2J",
        command="cat <<E\n\x9b31m\tx\nE",
        diff=("-\u202ea",),
        end="\x07",
        how="\r",
    )
    result = replace(verify(console("$ one"), ran(("", 1))), failures=(failure,))
    assert report([result]) == (
        "a\\x1b]0;b.md:3: \\x1b[2J\n"
        "    ran: cat <<E\n"
        "         \\xc2\\x9b31m\tx\n"
        "         E\n"
        "    -\\xe2\\x80\\xaea\n"
        "    end: \\x07\n"
        "    how: \\x0d"
    )
