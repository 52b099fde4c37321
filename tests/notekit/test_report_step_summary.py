"""The summary of a step, rendered as GitHub renders Markdown."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from notekit.match import visible
from notekit.report.step_summary import markdown
from tests.notekit.samples_of_reports import HOSTILE, failure, problem, report, result

ATTACKS = st.sampled_from(
    [
        HOSTILE,
        "<!--",
        "</pre>",
        "</details>",
        "\\|",
        "![x](http://x)",
        "```",
        "\n\n# h\n",
        "| a |",
        "*_~`",
        "&lt;",
        "---",
    ]
)


class Seen(HTMLParser):
    """The elements of a page, and the texts of its table's ``code`` and of its ``pre``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, list[str]] = {"code": [], "pre": []}
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begins a text where a ``code`` or a ``pre`` begins."""
        self.tags.append(tag)
        if tag in self.texts:
            self._inside = tag
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        """Ends the text."""
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        """Adds to the text."""
        if self._inside:
            self.texts[self._inside][-1] += data


def seen(text: str) -> Seen:
    """The summary as a page."""
    return Seen(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_every_failure_and_why_something_is_not_verified_is_in_the_table() -> None:
    """A row each, and the whole of a failure below; what passed is only counted."""
    found = report(
        result(),
        result("failed", failure(diff=("-a", "+b")), name="bad"),
        result("not-verified", reason="no gcc", name="unknown"),
        problems=(problem(),),
        warnings=(problem("stale", 3),),
    )
    page = seen(markdown(found))
    assert page.tags.count("tr") == 5
    assert [page.texts["code"][row : row + 3] for row in range(0, 12, 3)] == [
        ["notes_src/a/b/en.md:1", "notes_src/a/b/en.md", "no head; write one"],
        ["notes_src/a/b/en.md:12", "a/b#bad", "wrong"],
        ["notes_src/a/b/en.md:10", "a/b#unknown", "no gcc"],
        ["notes_src/a/b/en.md:3", "notes_src/a/b/en.md", "stale; write one"],
    ]
    assert page.texts["pre"][1].strip() == "notes_src/a/b/en.md:12: wrong\n    -a\n    +b"


def test_where_all_passed_there_is_only_the_count() -> None:
    """No table without rows."""
    assert markdown(report(result())) == "### Notes: 1 example: 1 passed\n\n0 blocks say run=no\n"


@given(st.lists(st.text() | ATTACKS, min_size=1, max_size=3).map("".join))
def test_nothing_that_an_example_prints_is_markdown(hostile: str) -> None:
    """Whatever is printed comes out as itself, and no element more is there than for harmless text."""
    harmless = seen(markdown(report(result("failed", failure("x", diff=("-x", "    ", "+x"))))))
    wrong = failure(hostile, diff=(f"-{hostile}", hostile, f"+{hostile}"))
    page = seen(markdown(report(result("failed", wrong))))
    assert page.tags == harmless.tags
    shown = visible(hostile)
    if len(shown) <= 300:
        assert page.texts["code"][2].strip() == shown.replace("\t", " ").strip()
    assert f"    -{shown}\n    {shown}\n    +{shown}" in page.texts["pre"][0]


@given(st.integers(-10, 12000))
def test_it_has_room(room: int) -> None:
    """It is never larger than what is allowed, and counts what it leaves out."""
    found = report(*(result("failed", failure("é" * 50, diff=("-é",)), name=f"x{number}") for number in range(20)))
    whole = markdown(found)
    text = markdown(found, room)
    assert len(text.encode()) <= max(room, 0)
    if text and text != whole:
        rows, blocks = text.count("| failed |"), text.count("<details>")
        said = [f"{20 - rows} rows of the table"] * (rows < 20) + [f"{20 - blocks} failures in full"] * (blocks < 20)
        assert " and ".join(said) + " left out: GitHub shows at most 1 MiB" in text
