"""What all reports share, and the one for people."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.report import Report, troubles
from notekit.report.json import as_json, without_commands
from notekit.report.text import coloured, text
from tests.notekit.samples_of_reports import HOSTILE, failure, problem, report, result


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (report(result(), result("not-verified", reason="no gcc")), 0),
        (report(result("failed", failure())), 1),
        (report(result("error", reason="bwrap died")), 1),
        (replace(report(), complaints=(problem(),)), 1),
        (report(result("failed", failure()), problems=(problem(),)), 2),
    ],
    ids=["passed or not verified", "failed", "broken", "complaint", "unreadable"],
)
def test_exit_status(found: Report, status: int) -> None:
    """A note that cannot be read outweighs what failed, and what is not verified is no failure."""
    assert found.status == status


def test_the_worst_comes_first() -> None:
    """Errors in files stand before runners that broke, those before failures, and no example's second failure before
    another's first."""
    first = result("failed", failure("a", 1), failure("b", 2), name="first")
    second = result("failed", failure("c", 3), name="second")
    broken = result("error", name="broken", reason="r")
    found = troubles(report(first, second, broken, problems=(problem(),)))
    assert [(one.kind, one.name, one.message) for one in found] == [
        ("error", "notes_src/a/b/en.md", "no head; write one"),
        ("could not be run", "a/b#broken", "r"),
        ("failed", "a/b#first", "a"),
        ("failed", "a/b#second", "c"),
        ("failed", "a/b#first", "b"),
    ]


def test_text() -> None:
    """For people: errors, failures, warnings, what is not verified and why, and counts, one beginning with its place
    each."""
    found = report(
        result("failed", failure(diff=("-a", "+b"))),
        result("not-verified", reason="no gcc", name="y"),
        problems=(problem(),),
        warnings=(problem("stale", 3),),
    )
    assert text(found).split("\n") == [
        "notes_src/a/b/en.md:1: no head; write one",
        "notes_src/a/b/en.md:12: wrong",
        "    -a",
        "    +b",
        "notes_src/a/b/en.md:3: stale; write one (warning)",
        "notes_src/a/b/en.md:10: y not verified: no gcc",
        "2 examples: 0 passed, 1 failed, 1 not verified; 1 error in notes",
        "0 blocks say run=no",
    ]


def test_quiet_text() -> None:
    """With ``quiet`` only what is wrong is said, and nothing where nothing is."""
    assert text(report(result("not-verified", reason="no gcc")), quiet=True) == ""
    assert text(report(result("failed", failure())), quiet=True) == "notes_src/a/b/en.md:12: wrong"


def test_nothing_in_a_text_acts_on_a_terminal() -> None:
    """Escapes in a reason, a warning or an error come out as text."""
    hostile = problem("\x1b[2J")
    found = report(result("not-verified", reason="\x1b[2J"), problems=(hostile,), warnings=(hostile,))
    assert text(found).count(r"\x1b[2J") == 3
    assert "\x1b" not in text(found)


def test_colours() -> None:
    """Places are bold, what was expected is red, what came is green, and nothing else changes."""
    assert coloured("a.md:1: x\n    -a\n    +b\n    ran: -c\n1 example: 1 passed") == (
        "\x1b[1ma.md:1\x1b[0m: x\n    \x1b[31m-a\x1b[0m\n    \x1b[32m+b\x1b[0m\n    ran: -c\n1 example: 1 passed"
    )


@given(st.text() | st.just(HOSTILE))
def test_json_without_commands_says_the_same(reason: str) -> None:
    """What GitHub's runner could take for a command is gone from the JSON, and its value is not changed."""
    document = as_json(report(result("failed", failure(reason, diff=(f"-##[{reason}",)))))
    assert "##[" in document
    assert "##[" not in without_commands(document)
    assert json.loads(without_commands(document)) == json.loads(document)
