"""Accepting over generated notes: whatever they expect and whatever is printed."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notekit import accept
from notekit.accept.lines import written
from notekit.match import compile_lines, printable
from notekit.model import CommandOutput, Dialect, Expectation, Output
from tests.notekit.accepting import FILE, checked
from tests.notekit.parsing import HEAD, read_again, write

# Sound expected lines, with what meets some of them among what is printed.
EXPECTED = [
    "alpha",
    "<int> items",
    "...",
    "\\...",
    "\\<int>",
    "x <any>",
    "  two",
    "",
    "\ttab",
    "\\$ a",
    "``` b",
    "\\x1b",
    "中文",
]
PRINTED = [
    b"alpha", b"7 items", b"...", b"\\...", b"<int>", b"\\<int>", b"<int:5", b"<int:a<int>", b"\\<int:<any>", b"x y",
    b"$ a", b"> a", b">", b"# a", b"[exit 3]", b"[exit", b"\\", b"\\\\ a", b"  two", b"", b"  ", b"\ttab", b"``` b",
    b"```", b"````  ", b"   `````", b"    ``````", b"\t```", b"~~~", b"---", b"# h", b"<!-- a", b"[[[ a ]]]",
    b"\x1b[0m", b"\x1b", b"\xff", b"\r", b"\x00", "\u2028".encode(), "中文".encode(),
]  # fmt: skip
LINES = st.lists(
    st.sampled_from(PRINTED) | st.binary(max_size=6) | st.text("`<>:intay\\$.[", max_size=9).map(str.encode), max_size=7
)
DATA = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))
_numbers = itertools.count()


@dataclass(frozen=True)
class Block:
    """An example as lines of a note, at the margin, and what came out of it."""

    name: str
    lines: tuple[str, ...]
    output: Output


@st.composite
def expected(draw: st.DrawFn, unordered: bool) -> list[str]:
    lines = draw(st.lists(st.sampled_from(EXPECTED), max_size=6))
    lines = [line for line in lines if line != "..."] if unordered else lines
    return [*lines, "alpha"] if lines and set(lines) <= {"..."} else lines


@st.composite
def console(draw: st.DrawFn, name: str) -> Block:
    unordered, fence = draw(st.booleans()), "`" * draw(st.integers(4, 5))
    lines = [f"{fence}console {{#{name}{' unordered' if unordered else ''}}}"]
    commands = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(st.sampled_from([["$ run"], ["$ run", "> more", ">"]]))
        lines += draw(expected(unordered))
        lines += draw(st.sampled_from([[], [], ["[exit 1]"], ["[exit SIGTERM]"], ["[exit 0]"]]))
        commands.append(CommandOutput(draw(DATA), draw(st.sampled_from([0, 1, 143]))))
    return Block(name, (*lines, fence), Output(commands=tuple(commands)))


@st.composite
def program(draw: st.DrawFn, name: str) -> Block:
    lines = [f"```python {{#{name}}}", "pass", "```"]
    for stream in draw(st.permutations(["stdout", "stderr"])):
        if draw(st.booleans()):
            unordered, fence = draw(st.booleans()), "`" * draw(st.integers(4, 5))
            lines += draw(st.sampled_from([[], ["", "text", ""]]))
            lines.append(f"{fence}output {{of={name} stream={stream}{' unordered' if unordered else ''}}}")
            lines += [*draw(expected(unordered)), draw(st.sampled_from([fence, fence + "`"]))]
    return Block(name, tuple(lines), Output(stdout=draw(DATA), stderr=draw(DATA), exit=0))


@st.composite
def notes(draw: st.DrawFn) -> tuple[bytes, dict[str, Output]]:
    """A note's bytes, and what came out of its examples."""
    rows: list[str] = []
    blocks = []
    for number in range(draw(st.integers(1, 3))):
        block = draw((console if draw(st.booleans()) else program)(f"x{number}"))
        blocks.append(block)
        indent = draw(st.sampled_from(["", "", "    ", "\t"]))
        rows += ["- item", ""] if indent else []
        rows += [indent + line if line else "" for line in block.lines]
        rows += (
            draw(st.sampled_from([[""], ["text", ""], ["", "## Heading", "", "text", ""]]))
            if not indent
            else ["", "text", ""]
        )
    while rows and draw(st.booleans()) and rows[-1] in ("", "text"):
        rows.pop()
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = HEAD.replace("\n", end) + end.join(rows) + draw(st.sampled_from(["", end]))
    return draw(st.sampled_from(["", "\ufeff"])).encode() + text.encode(), {one.name: one.output for one in blocks}


def skeleton(root: Path) -> list[bytes]:
    """The note without what accepting may change: its lines with their ends, in order.

    Left out are output, ends of commands, and all of an output block that is empty or new; of a fence, its length.
    """
    rows = re.findall(rb"[^\n]*\n|[^\n]+", (root / FILE).read_bytes())
    (note,) = read_again(root).notes
    free: set[int] = set()
    for region in note.documents[0].regions:
        inside = range(region.first + 1, region.last)
        if region.kind == "output":
            free.update(range(region.first, region.last + 1))
        elif region.language == "console":
            free.update(number for number in inside if not re.match(rb"[ \t]*(?:\$ |> |>\r?\n)", rows[number - 1]))
    kept = [row for number, row in enumerate(rows, start=1) if number not in free]
    return [re.sub(rb"^([ \t]*)`{3,}", rb"\1```", row) for row in kept]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all notes of this module."""
    return tmp_path_factory.mktemp("accepted")


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(notes())
def test_any_note_passes_once_accepted(root: Path, note: tuple[bytes, dict[str, Output]]) -> None:
    """Only output changes; what was accepted passes, and accepting it again changes nothing."""
    data, outputs = note
    folder = root / str(next(_numbers))
    write(folder, {FILE: data})
    before, first = skeleton(folder), checked(folder, outputs)
    plan = accept.plan(folder, first)
    assert plan.refused == ()
    assert {name for change in plan.changes for name in change.names} == {result.name for result in first.failed}
    for change in plan.changes:
        accept.write(folder, change)
    second = checked(folder, outputs)
    assert second.failed == ()
    assert accept.plan(folder, second) == accept.Plan((), ())
    after = skeleton(folder)
    # A note that ends without a line end may get a block behind its last line, which then has one.
    assert [*before[:-1], before[-1].rstrip()] == [*after[:-1], after[-1].rstrip()]
    ends = set(re.findall(rb"\r?\n", (folder / FILE).read_bytes()))
    assert len(ends) == 1
    assert (folder / FILE).read_bytes().endswith(b"\n") == data.endswith(b"\n")


@pytest.mark.parametrize("dialect", ["console", "root-console", "output"])
@given(DATA)
def test_a_printed_line_is_written_so_that_it_meets_itself(dialect: Dialect, data: bytes) -> None:
    """It stands for itself alone, but for the texts that only a wildcard can stand for."""
    for line in printable(data):
        (pattern,) = compile_lines(Expectation((written(line, dialect),), 1, dialect=dialect))
        assert pattern.matches(line)
        assert pattern.literal == line or "<any>" in pattern.written
