"""Expected lines read as patterns, and printed lines held against them."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit import match
from notekit.match import LinePattern, Match, PatternError, compile_lines, match_lines, verifies_nothing
from notekit.model import Dialect, Expectation


def patterns(*lines: str, dialect: Dialect = "output") -> tuple[LinePattern, ...]:
    return compile_lines(Expectation(lines, line=1, dialect=dialect))


@pytest.mark.parametrize(
    ("dialect", "written", "meets"),
    [
        ("console", r"\$ ls", "$ ls"),
        ("console", r"\> ls", "> ls"),
        ("console", r"\>", ">"),
        ("console", r"\[exit 1]", "[exit 1]"),
        ("console", r"\\x1b[0m", r"\x1b[0m"),
        ("console", r"\\$ ls", r"\$ ls"),
        ("console", r"\\[exit 1]", r"\[exit 1]"),
        ("console", r"\\...", r"\..."),
        ("console", r"\\\<int>", r"\<int>"),
        ("console", r"\# ls", r"\# ls"),
        ("console", r"\x", r"\x"),
        ("console", r"a \$ b", r"a \$ b"),
        ("root-console", r"\# ls", "# ls"),
        ("root-console", r"\$ ls", "$ ls"),
        ("output", r"\$ ls", r"\$ ls"),
        ("output", r"\\x", r"\\x"),
        ("output", r"\[exit 1]", r"\[exit 1]"),
        ("output", r"\...", "..."),
        ("console", r"\...", "..."),
        ("output", "....", "...."),
        ("output", " ...", " ..."),
        ("output", r"\<int>", "<int>"),
        ("output", r"\<int:100±5>", "<int:100±5>"),
        ("output", r"\<float:x", "<float:x"),
        ("output", r"\\<int>", r"\<int>"),
        ("output", "<integer> <Int> <hex:1> <any:2>", "<integer> <Int> <hex:1> <any:2>"),
        ("output", "a\u00a0b\u202e", r"a\xc2\xa0b\xe2\x80\xae"),
    ],
)
def test_literal_lines(dialect: Dialect, written: str, meets: str) -> None:
    """Each dialect takes off its own escapes, and the rest of a line stands for itself."""
    (pattern,) = patterns(written, dialect=dialect)
    assert pattern.matches(meets)
    assert pattern.literal == pattern.shown == meets


def test_wildcard_after_an_escaped_backslash() -> None:
    """In a console a doubled backslash escapes no wildcard; in an output block the second of the two does."""
    assert patterns(r"\\<int>", dialect="console")[0].matches(r"\12")
    assert patterns(r"\\<int>")[0].literal == r"\<int>"


@pytest.mark.parametrize(
    ("written", "message", "remedy"),
    [
        (
            "<int:100+-5>",
            "<int:100+-5> is not a range of numbers",
            r"write a range as <int:100±5>, or \<int:100+-5> for that very text",
        ),
        (
            "<int:1.5±0.5>",
            "<int:1.5±0.5> is not a range of numbers",
            r"write <float:1.5±0.5> for numbers that are not whole, or \<int:1.5±0.5> for that very text",
        ),
        (
            "<float:1±-1> s",
            "<float:1±-1> is not a range of numbers",
            r"write a range as <float:1.5±0.1>, or \<float:1±-1> for that very text",
        ),
        (
            "<int:5±1",
            "<int:5±1 is not a range of numbers",
            r"write a range as <int:100±5>, or \<int:5±1 for that very text",
        ),
        (
            "<int:>",
            "<int:> is not a range of numbers",
            r"write a range as <int:100±5>, or \<int:> for that very text",
        ),
    ],
)
def test_bad_range(written: str, message: str, remedy: str) -> None:
    """A range that cannot be read is an error at its line, with the right way to write it."""
    with pytest.raises(PatternError) as caught:
        patterns("fine", written)
    assert (caught.value.line_index, caught.value.message, caught.value.remedy) == (1, message, remedy)


def test_shown() -> None:
    """What is shown where nothing ran has its wildcards as written and its escapes taken off."""
    lines = patterns(r"\$ <int:5±1>", "...", r"\...", r"\<any> <any>", dialect="console")
    assert [line.shown for line in lines] == ["$ <int:5±1>", "...", "...", "<any> <any>"]


@pytest.mark.parametrize(
    ("lines", "nothing"),
    [
        ((), False),
        (("...",), True),
        (("<any>", "..."), True),
        (("<any><any>",), True),
        (("...", ""), False),
        (("<any> <any>",), False),
        (("<int>",), False),
        ((r"\...",), False),
        ((r"\<any>",), False),
    ],
)
def test_verifies_nothing(lines: tuple[str, ...], nothing: bool) -> None:
    """Only ``...`` and ``<any>`` verify nothing; no line at all says that nothing is printed."""
    assert verifies_nothing(patterns(*lines)) is nothing


@pytest.mark.parametrize(
    ("expected", "printed", "found"),
    [
        (("a", "b"), ("a", "b"), Match(((0, 1), (1, 2)), ())),
        (("a", "b"), ("a",), Match(((0, 1), None), ())),
        (("a",), ("a", "b"), Match(((0, 1),), (1,))),
        (("a", "b", "c"), ("a", "x", "c"), Match(((0, 1), None, (2, 3)), (1,))),
        (("...",), (), Match(((0, 0),), ())),
        (("...", "b"), ("a", "a", "b"), Match(((0, 2), (2, 3)), ())),
        (("a", "...", "b", "..."), ("a", "b", "x", "b"), Match(((0, 1), (1, 1), (1, 2), (2, 4)), ())),
        (("...", "b"), ("a", "b", "c", "b"), Match(((0, 3), (3, 4)), ())),
        (("a", "...", "z"), ("a", "b", "c"), Match(((0, 1), (1, 3), None), ())),
        (("n <int>", "b"), ("n 5", "x"), Match(((0, 1), None), (1,))),
        ((), (), Match((), ())),
    ],
)
def test_spans(expected: tuple[str, ...], printed: tuple[str, ...], found: Match) -> None:
    """Each pattern tells the lines it took, and only real differences are left over."""
    assert match_lines(patterns(*expected), printed) == found


def test_unordered_finds_the_one_way() -> None:
    """A wildcard gives its line up to a pattern that has no other, over more than one step."""
    found = match_lines(patterns("<any>", "<int>", "a<any>", "1"), ("ax", "1", "12", "by"), unordered=True)
    assert found.complete
    assert found.taken[3] == (1, 2)


def test_unordered_names_what_is_left() -> None:
    """What no line is left for and what no pattern asks for are told apart."""
    found = match_lines(patterns("a", "a", "<int>"), ("7", "a", "b"), unordered=True)
    assert found == Match(((1, 2), None, (0, 1)), (2,))


def test_unordered_with_any_lines() -> None:
    """``...`` in any order is refused, as the note format does."""
    with pytest.raises(ValueError, match="any order"):
        match_lines(patterns("..."), ("a",), unordered=True)


small_patterns = st.lists(st.sampled_from(["a", "b", "<int>", "<any>", "...", "a<any>"]), max_size=5)
small_lines = st.lists(st.sampled_from(["a", "b", "1", "ab"]), max_size=5)
few_patterns = st.lists(st.sampled_from(["a", "b", "<int>", "<any>", "a<any>"]), max_size=4)


def fewest_left(expected: list[LinePattern], printed: list[str]) -> int:
    """The least number of patterns and lines left over, by trying everything."""
    if not expected:
        return len(printed)
    if expected[0].any_lines:
        return min(fewest_left(expected[1:], printed[skip:]) for skip in range(len(printed) + 1))
    ways = [1 + fewest_left(expected[1:], printed)]
    ways += [
        at + fewest_left(expected[1:], printed[at + 1 :])
        for at, line in enumerate(printed)
        if expected[0].matches(line)
    ]
    return min(ways)


def assert_sound(expected: tuple[LinePattern, ...], printed: list[str], found: Match) -> None:
    spans = [span for span in found.taken if span]
    taken = [index for span in spans for index in range(*span)]
    assert len(found.taken) == len(expected)
    assert sorted([*taken, *found.extra]) == list(range(len(printed)))
    for pattern, span in zip(expected, found.taken, strict=True):
        assert span is None or pattern.any_lines or pattern.matches(printed[span[0]])
        assert span is None or pattern.any_lines or span[1] == span[0] + 1


@given(small_patterns, small_lines)
def test_in_order_as_trying_everything(written: list[str], printed: list[str]) -> None:
    """As few patterns and lines are left over as can be, none exactly if the whole matches."""
    expected = patterns(*written)
    found = match_lines(expected, printed)
    assert_sound(expected, printed, found)
    assert [span for span in found.taken if span] == sorted(span for span in found.taken if span)
    assert found.taken.count(None) + len(found.extra) == fewest_left(list(expected), printed)


@given(few_patterns, st.lists(st.sampled_from(["a", "b", "1", "ab"]), max_size=4))
def test_unordered_as_trying_everything(written: list[str], printed: list[str]) -> None:
    """As many patterns get a line as in the best of all orders."""
    expected = patterns(*written)
    found = match_lines(expected, printed, unordered=True)
    assert_sound(expected, printed, found)
    padded = [*printed, *[""] * len(expected)]
    best = max(
        sum(pattern.matches(line) for pattern, line in zip(expected, order, strict=True))
        for order in permutations(padded, len(expected))
    )
    assert sum(span is not None for span in found.taken) == best


class Counter:
    """Counts how often a pattern is held against a line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        real = LinePattern.matches

        def matches(pattern: LinePattern, line: str) -> bool:
            self.count += 1
            return real(pattern, line)

        monkeypatch.setattr(LinePattern, "matches", matches)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (["...", "a"] * 20 + ["b"], ["a"] * 300),
        (["...", "a", "a", "a", "b"] * 10, ["a"] * 300),
        (["a", "..."] * 20, ["a"] * 300),
        (["b"] * 40, ["a"] * 300),
    ],
)
@pytest.mark.parametrize("largest_table", [0, 250_000])
def test_comparisons_are_bounded(
    written: list[str], printed: list[str], largest_table: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text makes more comparisons than twice its lines times the patterns, nor a table beyond its limit."""
    monkeypatch.setattr(match, "_LARGEST_TABLE", largest_table)
    expected = patterns(*written)
    counter = Counter(monkeypatch)
    match_lines(expected, printed)
    assert counter.count <= 2 * (len(written) + 1) * (len(printed) + 1)


@given(small_patterns, small_lines)
def test_one_pass_is_sound(written: list[str], printed: list[str]) -> None:
    """What is too large to be aligned best is still told truly."""
    expected = patterns(*written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match, "_LARGEST_TABLE", 0)
        found = match_lines(expected, printed)
    assert_sound(expected, printed, found)
    assert found.complete == match_lines(expected, printed).complete


def test_a_long_output_that_ends_wrong() -> None:
    """Of half a million lines after ``...`` only the missing end is left over."""
    found = match_lines(patterns("start", "...", "end"), ["start", *["x"] * 500_000])
    assert found == Match(((0, 1), (1, 500_001), None), ())
