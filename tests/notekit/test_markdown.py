"""Text made safe for a page that mkdocs-macros expands and Python-Markdown renders."""

from __future__ import annotations

import html
import re

import jinja2
import markdown
from hypothesis import given
from hypothesis import strategies as st

from notekit.emit.markdown import attributes, fence, indented, plain, without_delimiters

# As in mkdocs.yml; tests/site/test_settings.py holds the two together.
JINJA = jinja2.Environment(
    variable_start_string="[[[",
    variable_end_string="]]]",
    block_start_string="[[%",
    block_end_string="%]]",
    comment_start_string="[[#",
    comment_end_string="#]]",
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
)

hostile_text = st.lists(
    st.sampled_from(
        ["[", "]", "[[", "]]", "[[[", "]]]", "[[%", "%]]", "[[#", "#]]", "%", "#", "'", "x", " ", "\n", "{{", "}}"]
    ),
    max_size=12,
).map("".join)


@given(hostile_text)
def test_no_delimiter_is_expanded(text: str) -> None:
    """Whatever brackets a text holds, mkdocs-macros hands on just that text."""
    assert JINJA.from_string(without_delimiters(text)).render() == text


def test_an_expression_of_an_example_comes_out_as_text() -> None:
    """An expression that would read a file of the builder's is shown, not run."""
    attack = "[[[ self.__init__.__globals__.__builtins__.open('/etc/passwd').read() ]]]"
    assert JINJA.from_string(without_delimiters(attack)).render() == attack


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40))
def test_plain_text_stays_plain(text: str) -> None:
    """Plain text, rendered as Markdown, shows the same words and no mark-up of its own."""
    rendered = markdown.markdown(f"x {plain(text)} y")
    shown = html.unescape(re.sub(r"</?p>", "", rendered))
    assert " ".join(shown.split()) == " ".join(f"x {text} y".split())


def test_a_fence_is_longer_than_any_run_of_backticks_inside() -> None:
    """No line inside a block can close it."""
    assert fence(("````", "x"), "{.text}") == ["````` {.text}", "````", "x", "`````"]


def test_attributes_leave_out_a_title_that_would_end_them() -> None:
    """A file name with quotes or braces cannot add attributes."""
    assert attributes(classes=("c", "example"), identifier="a", title='x" onclick="y') == "{.c .example #a}"
    assert attributes(classes=("c",), title="storm.c") == '{.c title="storm.c"}'


def test_indentation_leaves_empty_lines_empty() -> None:
    """A block in a list keeps its empty lines without trailing spaces."""
    assert indented(["a", "", "b"], 4) == ["    a", "", "    b"]
