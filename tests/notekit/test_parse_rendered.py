"""The parser held against Python-Markdown and pymdown-extensions, as the site renders.

Documents are drawn from lines that open, close and continue every kind of block, mostly nonsense. Those without an
error are rendered; each region must come out as one code block, in its order, and nothing else as code.
"""

from __future__ import annotations

import html
import re

import markdown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notekit.parse.context import Context
from notekit.parse.document import Draft, read_draft
from notekit.parse.report import Report
from tests.notekit.parsing import BODY, HEAD

EXTENSIONS = [
    "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables", "pymdownx.details",
    "pymdownx.highlight", "pymdownx.inlinehilite", "pymdownx.keys", "pymdownx.superfences", "pymdownx.tabbed",
    "pymdownx.tilde",
]  # fmt: skip
CONFIGURATION = {
    "pymdownx.highlight": {"use_pygments": False},
    "pymdownx.superfences": {"preserve_tabs": True},
    "pymdownx.tabbed": {"alternate_style": True},
}
CONTEXT = Context(("en",), {}, {}, frozenset(), {})

STARTS = [
    "text", "word `code` x", "- a", "* b", "+ c", "1. a", "100. a", "-   a", "- - a", "1) a", "- # h", "- > q",
    "!!! note", '!!! note "t"', "??? tip", "???+ tip", '=== "A"', "[^1]: foot", "[^2]:", "[a]: url", "*[A]: b",
    ":   def", ": x", "Term", "> q", ">     qc", "> - q", "# h", "## h", "#h", "---", "***", "===", "-", "\\",
    "<!-- c -->", "<!--", "-->", "text <!-- c -->", "<div>", "</div>", "<hr>", "<br>", "<p>x</p>", "<span>",
    "<div markdown>", "<details>", "</details>", "<ul>", "| a | b |", "|---|---|", "```text", "```", "````", "~~~",
    "- ```text", "x = `a",
]  # fmt: skip
INDENTS = ["", "", "", "", "    ", "    ", "        ", "  ", "   ", "\t", "      ", "            ", "     "]


def _region(indent: str) -> list[str]:
    return [f"{indent}```text", f"{indent}body", f"{indent}```"]


LINES = st.one_of(
    st.just([""]),
    st.builds(lambda indent, start: [indent + start], st.sampled_from(INDENTS), st.sampled_from(STARTS)),
    st.builds(_region, st.sampled_from(INDENTS)),
)
DOCUMENTS = st.lists(LINES, min_size=1, max_size=12).map(lambda parts: [line for part in parts for line in part])
# Most of what is drawn above has an error; here blocks nest as they should, and none has.
LEAVES = [["text"], ["- a"], ["1. a"], ["| a |", "|---|"], _region(""), ["## h"], ["text", "over", "lines"]]
NESTED = st.recursive(
    st.sampled_from(LEAVES).map(lambda lines: [*lines, ""]),
    lambda inner: st.builds(
        lambda start, blocks: [start, "", *(f"    {line}" if line else "" for block in blocks for line in block)],
        st.sampled_from(["- a", "1. a", "!!! note", "??? tip", '=== "A"']),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)  # fmt: skip


def read(lines: list[str]) -> tuple[Draft, Report]:
    """The draft of a document with these lines, and what was reported."""
    report = Report("f")
    draft = read_draft((HEAD + "".join(f"{line}\n" for line in lines)).encode(), "en", CONTEXT, report)
    assert draft is not None
    return draft, report


def page(draft: Draft) -> tuple[str, list[str]]:
    """The document with each region's body replaced by its number and without comments; and those numbers."""
    lines = list(draft.lines)
    for first, last in draft.comments:
        lines[first - 1 : last] = [""] * (last - first + 1)
    names = [f"REGION-{number}" for number in range(len(draft.blocks))]
    for block, name in reversed(list(zip(draft.blocks, names, strict=True))):
        space = " " * block.indent
        lines[block.first - 1 : block.last] = [f"{space}``` {{.text}}", f"{space}{name}", f"{space}```"]
    return "\n".join(lines[BODY - 1 :]), names


def code_blocks(text: str) -> list[str]:
    """The text of each code block of the page."""
    shown = markdown.markdown(text, extensions=EXTENSIONS, extension_configs=CONFIGURATION)
    found = re.findall(r"<pre\b[^>]*>(.*?)</pre>", shown, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", block)).strip() for block in found]


def test_the_page_of_a_plain_document_has_its_regions() -> None:
    """The way of comparing finds both a region and indented code."""
    draft, _ = read(["- a", "", "    ```text", "    x", "    ```"])
    text, names = page(draft)
    assert code_blocks(text) == names == ["REGION-0"]
    assert code_blocks("a\n\n    code\n\n" + text) == ["code", "REGION-0"]


@settings(max_examples=1500, derandomize=True, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS)
def test_no_code_block_is_shown_unread(lines: list[str]) -> None:
    """A document has an error, or what the page shows as code are its regions."""
    draft, report = read(lines)
    if not report.found:
        text, names = page(draft)
        assert code_blocks(text) == names


@settings(max_examples=300, derandomize=True)
@given(st.lists(NESTED, min_size=1, max_size=4).map(lambda blocks: [line for block in blocks for line in block]))
def test_well_nested_blocks_are_shown_as_they_are_read(lines: list[str]) -> None:
    """Fences in lists, admonitions, details and tabs, nested as they should be, come out once each."""
    draft, report = read(lines)
    assert report.found == []
    text, names = page(draft)
    assert code_blocks(text) == names
