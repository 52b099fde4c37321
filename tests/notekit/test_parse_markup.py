"""Code that a page would show: either a region, or an error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notekit.parsing import document, text_errors

GOOD = {
    "a list": "- a\n- b\n  over two lines\n    - c\n\n        More.\n\n    ```text\n    x\n    ```\n\n    More.\n",
    "a numbered list": "1. a\n\n    b\n\n    ```text\n    x\n    ```\n\n2. c\n",
    "a tight list": "- a\n    ```text\n    x\n    ```\n- b\n\n    c\n",
    "an admonition": '!!! note "Title"\n\n    a\n\n    ```text\n    x\n    ```\n\n    - b\n        - c\n\nd\n',
    "an admonition at once": "!!! note\n    ```text\n    x\n    ```\n",
    "an admonition in a list": "- a\n\n    !!! note\n\n        ```text\n        x\n        ```\n",
    "details": '??? tip\n    a\n\n    ```text\n    x\n    ```\n\n???+ "Title"\n    b\n',
    "tabs": '=== "A"\n\n    ```text\n    x\n    ```\n\n=== "B"\n\n    ```text\n    y\n    ```\n',
    "a definition": "Term\n:   Text\n    over two lines.\n\n    More.\n",
    "a footnote": "a[^1]\n\n[^1]: b\n\n    c\n",
    "a table": "| a | b |\n|---|:-:|\n| `x|y` | z |\n",
    "a quotation": "> a\n> b\n>\n> - c\n>\n>     d\n",
    "headings": "# a\n## b\n\nc\n---\n\nd\n===\n\n***\n",
    "HTML": '<p title="a markdown text">a</p>\n\n<pre-x>\n\n<figure>\n<img src="x">\n</figure>\n\n<br>\n',
    "comments": "<!-- a -->\n\n<!--\n```c\n    x\n-->\n\nb <!-- c --> d\n",
    "inline code": "```x``` at the start, `<pre>`, `` a ` b `` and `<!--`\n",
    "a hanging indentation": "A line\n    that goes on.\n",
    "no fence": "\\`\\`\\` no fence\n",
    "a fence below its paragraph": "a:\n```text\nx\n```\nb:\n```text\ny\n```\n## c\n```text\nz\n```\n",
    "tabs as indentation": "- a\n\n\t```text\n\tx\n\t```\n",
    "Chinese": "　　缩进的段落。\n\n- 项目\n\n    ```text\n    输出\n    ```\n",
    "a deep list": "1. a\n    1. b\n        1. c\n\n            ```text\n            x\n            ```\n",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_every_reader_reads_alike_is_no_error(tmp_path: Path, text: str) -> None:
    """Fences stand at the margin, or indented by 4 for each list item, admonition or tab around them."""
    assert text_errors(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "first", "last", "indent", "body"),
    [
        ("a\n\n```text\n  x\n\n```\n", 7, 10, 0, ("  x", "")),
        ("- a\n\n    ```text\n    x\n      y\n\n    z\n    ```\n", 7, 12, 4, ("x", "  y", "", "z")),
        ("- a\n\n    ```text\n    \tx\n    ```\n", 7, 9, 4, ("\tx",)),
        ("- a\n\n\t```text\n\t\tx\n\t```\n", 7, 9, 4, ("\tx",)),
        ('=== "A"\n\n    !!! note\n\n        ```text\n        x\n        ```\n', 9, 11, 8, ("x",)),
        ("```\n```\n", 5, 6, 0, ()),
    ],
)
def test_a_region_has_its_lines_and_its_body(
    tmp_path: Path, text: str, first: int, last: int, indent: int, body: tuple[str, ...]
) -> None:
    """Indentation of the fence is taken off the body, and nothing else."""
    (region,) = document(tmp_path, text).regions
    assert (region.first, region.last, region.indent, region.body) == (first, last, indent, body)


def test_comments_are_told_by_their_lines(tmp_path: Path) -> None:
    """A comment that stands by itself is known to whoever makes a page, for a fence may be in it."""
    assert document(tmp_path, "a\n\n<!-- b -->\n<!--\n```c\n-->\nc <!-- d -->\n").comments == ((7, 7), (8, 10))


MARGIN = "begin it at the margin (a list before it needs an empty line above it)"
ALONE = "begin it with ``` on a line of its own, at the margin or indented by 4 for each list item around it"
UNSEEN = "a code block that the page would show, but that is not read where it stands, indented by {}"
INDENTED = "text indented by {} is shown as code, and nothing runs it; write code between ``` lines, and {}"
NOT_CLOSED = (
    "the code block that begins here is not closed: {}; end it with ``` on a line of its own, indented as this line is"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~~~c\nx\n~~~\n", ["5: a code block between ~~~; write ``` before and after it"]),
        ("a\n    ~~~c\n    x\n    ~~~\n", ["6: a code block between ~~~; write ``` before and after it"]),
        ("    code\n    more\n", ["5: " + INDENTED.format(4, "begin text at the margin")]),
        ("\tcode\n", ["5: " + INDENTED.format(4, "begin text at the margin")]),
        ("# a\n    code\n", ["6: " + INDENTED.format(4, "begin text at the margin")]),
        ("- a\n\n        code\n", ["7: " + INDENTED.format(8, "indent text by at most 4 here")]),
        ("- a\n\n      code\n", ["7: " + INDENTED.format(6, "indent text by at most 4 here")]),
        ("100. a\n\n        code\n", ["7: " + INDENTED.format(8, "indent text by at most 4 here")]),
        ("!!! note\n\n        code\n", ["7: " + INDENTED.format(8, "indent text by at most 4 here")]),
        ('=== "A"\n\n        code\n', ["7: " + INDENTED.format(8, "indent text by at most 4 here")]),
        (">     code\n", ["5: " + INDENTED.format(4, "begin text at the margin")]),
        ("<hr>\n    code\n", ["6: " + INDENTED.format(4, "begin text at the margin")]),
        ("    ```c\n    x\n    ```\n", [f"5: {UNSEEN.format(4)}; {ALONE}"]),
        ("a\n    ```c\n    x\n    ```\n", [f"6: {UNSEEN.format(4)}; {ALONE}"]),
        ("- a\n\n        ```c\n        x\n        ```\n", [f"7: {UNSEEN.format(8)}; {ALONE}"]),
        ("!!! note\n\n        ```c\n        x\n        ```\n", [f"7: {UNSEEN.format(8)}; {ALONE}"]),
        ("<div>\n```c\nx\n```\n</div>\n", [f"6: {UNSEEN.format(0)}; {ALONE}"]),
        (
            "1. a\n\n   ```text\n   x\n   ```\n",
            ["7: the code block is indented by 3; indent it by 4, or begin it at the margin"],
        ),
        (
            "- a\n\n  ```text\n  x\n  ```\n",
            ["7: the code block is indented by 2; indent it by 4, or begin it at the margin"],
        ),
        (
            "  ```text\n  x\n  ```\n",
            [f"5: the code block is indented by 2; {MARGIN}"],
        ),
        (
            "a\n- b\n\n    ```text\n    x\n    ```\n",
            [f"8: the code block is indented by 4; {MARGIN}"],
        ),
        ("[^1]: a\n\n    ```text\n    x\n    ```\n", ["7: a code block in a footnote; put it into the text"]),
        ("> ```c\n> x\n> ```\n", ["5: a code block in a quotation; take it out of the quotation"]),
        ("- ```c\n  x\n  ```\n", [f"5: a code block that begins behind a list mark; {ALONE}"]),
        ("- a\n- ```c\nx\n", [f"6: a code block that begins behind a list mark; {ALONE}"]),
        ("a <pre>x</pre>\n", ["5: a code block in HTML (<pre>); write ``` before and after the code"]),
        ("<PRE\nclass=x>\n", ["5: a code block in HTML (<pre>); write ``` before and after the code"]),
        (
            "<div markdown>\nx\n</div>\n",
            ["5: HTML with the attribute markdown; write it without HTML, or without the attribute"],
        ),
        (
            '--8<-- "x"\n',
            ["5: a snippet, which would bring in text unread; write the text here, or name the file in a block"],
        ),
        ("```text\nx\n", ["5: " + NOT_CLOSED.format("the file ends first")]),
        (
            "- a\n\n    ```text\n    x\n y\n    ```\n",
            ["7: " + NOT_CLOSED.format("line 9 is indented less than the block"), f"10: {UNSEEN.format(4)}; {ALONE}"],
        ),
        (
            '```c {because="`a`"}\nx\n```\n',
            ["5: a backtick behind the ``` that begin a code block; write what stands there without backticks"],
        ),
        ("<!--\n```c\nx\n```\n", ["5: the comment that begins here is not closed; end it with -->"]),
        ("<!-- a\n--> b\n", ["6: text behind a comment, on the line where it ends; put it on a line of its own"]),
        ("<!-->\n\na -->\n", ["5: a comment that some readers end earlier than others; write it as <!-- text -->"]),
        (
            "a <!-- b\n\n```text\n```\n-->\n",
            ["5: a comment of several lines that begins within a line; begin it on a line of its own"],
        ),
        (
            "a\n\n[^1]: b\n\n[^1]: c\n",
            ["9: the footnote [^1] is defined a second time; give each footnote its own label"],
        ),
        ("- a\n\n    [^1]: b\n", ["7: the footnote [^1] is defined inside something else; define it at the margin"]),
        ("a\x02b\n", ["5: a control character (U+0002) in the text; take it out"]),
        ("a\r    b\n", ["5: code behind a carriage return that ends no line; end lines with LF or CRLF"]),
        ("> " * 70 + "a\n", ["5: lists and quotations are nested too deeply here; write it flatter"]),
    ],
)
def test_code_that_is_not_read_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Whatever the page would show as code, and is no region, is an error at the line where it begins."""
    assert text_errors(tmp_path, text) == [f"en.md:{line}" for line in expected]
