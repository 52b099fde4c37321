"""Computed text in prose."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import ComputedCall
from tests.notekit.parsing import document, text_errors


def calls(root: Path, text: str) -> tuple[ComputedCall, ...]:
    """The calls of a document whose text begins at line 5."""
    return document(root, text).calls


def test_a_call_is_read_with_its_place_and_arguments(tmp_path: Path) -> None:
    """Line and columns are those of the whole call, brackets included."""
    assert calls(tmp_path, "A [[[ reach(\"pd\", unit='x') ]]] and [[[now()]]].\n") == (
        ComputedCall(5, 2, 31, "reach", ("pd",), (("unit", "x"),)),
        ComputedCall(5, 36, 47, "now"),
    )


@pytest.mark.parametrize("literal", ["1", "-1", "0x1f", "1.5", "-1.5", "'a'", '"b"', "True", "None", "'é\\n'"])
def test_arguments_are_literals(tmp_path: Path, literal: str) -> None:
    """Numbers, texts, True, False and None are what they say."""
    (call,) = calls(tmp_path, f"[[[ reach({literal}) ]]]\n")
    assert call.args == (eval(literal),)


@pytest.mark.parametrize(
    "text",
    [
        "`[[[ x ]]]`",
        "``a ` [[[ x``",
        "`over\n[[[ lines`",
        "```text\n[[[ x ]]]\n```",
        "```console\n$ echo '[[[ x ]]]'\n[[[ x ]]]\n```",
        "<!-- [[[ x -->",
        "<!--\n[[[ x ]]]\n-->",
        "[[ x ]] and ]]]",
    ],
)
def test_code_and_comments_hold_no_calls(tmp_path: Path, text: str) -> None:
    """Nothing is computed in code, in what an example prints, or in a comment."""
    assert calls(tmp_path, text + "\n") == ()


def test_a_head_holds_no_calls(tmp_path: Path) -> None:
    """The head is passed over."""
    assert text_errors(tmp_path, "") == []
    head = "---\ntitle: '[[[ x'\nquestion: Q\n---\n"
    (tmp_path / "a/n/en.md").write_text(head, encoding="utf-8")
    assert calls(tmp_path, "text\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "## [[[ now() ]]]",
        "- [[[ now() ]]]",
        "> [[[ now() ]]]",
        "| a |\n|---|\n| [[[ now() ]]] |",
        "<div>[[[ now() ]]]</div>",
        "[^1]: [[[ now() ]]]",
        "[[[[ now() ]]]](x)",
        "\\` [[[ now() ]]] `",
        "a ` b\n\n[[[ now() ]]] `",
        "[a]: x '[[[ now() ]]]'",
    ],
)
def test_prose_is_wherever_no_code_is(tmp_path: Path, text: str) -> None:
    """Headings, lists, tables, quotations, footnotes and HTML are prose; an open backtick hides nothing."""
    assert [call.name for call in calls(tmp_path, text + "\n")] == ["now"]


LITERAL = "write a number, a text in quotes, True, False or None"
NO_CALL = "write one of now or reach with its arguments in parentheses"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[[ now()", "[[[ is not closed; end the call with ]]] on this line, or write the brackets as code: `[[[`"),
        ("[[[ now( ]]", "[[[ is not closed; end the call with ]]] on this line, or write the brackets as code: `[[[`"),
        ("[[[ ]]]", f"[[[  ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ now ]]]", f"[[[ now ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ now().x ]]]", f"[[[ now().x ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ now() + now() ]]]", f"[[[ now() + now() ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ now()() ]]]", f"[[[ now()() ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ now( ]]]", f"[[[ now( ]]] is no call of a computed name; {NO_CALL}"),
        ("[[[ rech(1) ]]]", "the computed name rech is unknown; did you mean reach?"),
        ("[[[ __import__('os') ]]]", "the computed name __import__ is unknown; known: now and reach"),
        ("[[[ reach() ]]]", "reach: missing a required argument: 'level'; call it as reach(level, unit)"),
        ("[[[ now(1) ]]]", "now: too many positional arguments; call it as now()"),
        ("[[[ reach(x=1) ]]]", "reach: missing a required argument: 'level'; call it as reach(level, unit)"),
        ("[[[ reach(level=1, level=2) ]]]", "reach with an argument twice; give each argument once"),
        ("[[[ reach(x) ]]]", f"an argument of reach is no literal: x; {LITERAL}"),
        ("[[[ reach([1]) ]]]", f"an argument of reach is no literal: [1]; {LITERAL}"),
        ("[[[ reach(b'x') ]]]", f"an argument of reach is no literal: b'x'; {LITERAL}"),
        ("[[[ reach(f'x') ]]]", f"an argument of reach is no literal: f'x'; {LITERAL}"),
        ("[[[ reach(1e999) ]]]", f"an argument of reach is no literal: 1e999; {LITERAL}"),
        ("[[[ reach('\\ud800') ]]]", f"an argument of reach is no literal: '\\ud800'; {LITERAL}"),
        ("[[[ reach(-True) ]]]", f"an argument of reach is no literal: -True; {LITERAL}"),
        ("[[[ reach(*'a') ]]]", f"an argument of reach is no literal: *'a'; {LITERAL}"),
        ("[[[ reach(**{}) ]]]", "reach with **; write each argument out"),
        (f"[[[ reach({'(' * 900}) ]]]", f"[[[ reach({'(' * 53}… ]]] is no call of a computed name; {NO_CALL}"),
        (f"[[[ reach({'-' * 900}1) ]]]", None),
    ],
)
def test_anything_else_in_brackets_is_an_error(tmp_path: Path, text: str, expected: str | None) -> None:
    """Only registered names with literal arguments that fit are computed."""
    found = text_errors(tmp_path, f"text\n{text}\n")
    assert found == [f"en.md:6: {expected}"] if expected else len(found) == 1
