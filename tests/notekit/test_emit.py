"""Documents and results to Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import jinja2
import pytest

from notekit import emit
from notekit.emit.state import tools_text
from notekit.model import (
    Command,
    ComputedCall,
    Document,
    Example,
    Expectation,
    Failure,
    Head,
    Note,
    Place,
    Problem,
    Region,
    Result,
    Section,
    Source,
)

HEAD = Head("Title", "Why?")
PLACE = Place("a/b/en.md", 5)


def example(**values: object) -> Example:
    """A console block that prints ``one``."""
    command = Command("echo one", 6, Expectation(("one",), 7, dialect="console"))
    made = Example("a/b", "x", "x", "console", PLACE, "en", "host", commands=(command,))
    return replace(made, **values)  # type: ignore[arg-type]


def result(**values: object) -> Result:
    """The console block's result, verified."""
    made = Result(
        "a/b", "x", "console", PLACE, "host", "passed", texts=(("one",),), exits=(0,),
        seconds=0.12, versions=(("bash", "5.2"),), finished="2026-01-02T03:04:05Z",
    )  # fmt: skip
    return replace(made, **values)  # type: ignore[arg-type]


def markdown(
    lines: tuple[str, ...],
    *,
    regions: tuple[Region, ...] = (),
    sections: tuple[Section, ...] = (),
    calls: tuple[ComputedCall, ...] = (),
    comments: tuple[tuple[int, int], ...] = (),
    head: Head = HEAD,
    language: str = "en",
    results: tuple[Result, ...] = (),
    examples: tuple[Example, ...] = (),
    related: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> str:
    """The Markdown of a document with these lines."""
    document = Document(language, f"a/b/{language}.md", head, lines, 1, regions, sections, calls, comments)
    note = Note("a/b", language, (document,), examples)
    findings = emit.Findings(
        {(one.note, one.name): one for one in results}, {}, {("c/d", "en"): "Other [x]"}, related=related
    )
    return emit.page(note, document, findings).markdown


def test_prose_is_kept_as_it_is() -> None:
    """Text that is no example comes out byte for byte, after the title and the question."""
    prose = ("Some *text*.", "", "- a", "    - b", "", "[^1]: note")
    assert markdown(prose).endswith("\n".join(prose) + "\n")
    assert markdown(prose).startswith("# Title\n\nWhy?\n{: .question }\n")


def test_a_console_shows_what_was_printed_and_its_state() -> None:
    """Prompt, output, end and state come from the example and its result."""
    text = markdown(
        ("```console {#x}", "$ echo one", "```"),
        regions=(Region(1, 3, 0, "example", "x"),),
        examples=(example(),),
        results=(result(exits=(3,)),),
    )
    assert '``` {.console .example .no-copy #x data-lines="1c1o1x"}\n$ echo one\none\n[exit 3]\n```\n' in text
    assert '<details class="example-state example-passed">\n<summary>Verified on 2026-01-02</summary>' in text


def test_tools_of_one_package_stand_together_without_debian_s_revision() -> None:
    """The page names tools as a reader knows them; a version without a revision, and a digest, stay whole."""
    versions = (("bash", "5.2.15-2+b8"), ("cmp", "1:3.8-4"), ("cp", "9.1-1"), ("mine", "sha256:ab"), ("stat", "9.1-1"))
    assert tools_text(versions) == "bash 5.2.15, cmp 3.8, cp/stat 9.1, mine sha256:ab"


def test_an_example_that_did_not_run_is_never_shown_as_verified() -> None:
    """Its state says why, and that the output is the recorded one."""
    text = markdown(
        ("```console {#x}", "```"),
        regions=(Region(1, 2, 0, "example", "x"),),
        examples=(example(),),
        results=(result(status="not-verified", reason="needs a *printer*", versions=(), finished=""),),
    )
    assert "Not verified: needs a &#42;printer&#42;. The output shown is the recorded one." in text
    assert "Verified" not in text


def test_the_other_language_shows_code_outputs_and_state_in_one_place() -> None:
    """`example {of=…}` becomes the whole example, in the language of the page."""
    program = example(
        language="python", commands=(), shown="print(1)\n", code="print(1)\n",
        expectations=(Expectation(("1",), 9),),
    )  # fmt: skip
    text = markdown(
        ("```example {of=x}", "```"),
        regions=(Region(1, 2, 0, "translated", "x"),),
        examples=(program,),
        results=(result(language="python", texts=(("1",), ())),),
        language="zh",
    )
    code, output, state = text.index("print(1)"), text.index("\n1\n"), text.index("已验证")
    assert code < output < state


def test_the_state_stands_once_after_the_last_block_of_a_program() -> None:
    """A program and its output, far apart, have one state line, below the output."""
    text = markdown(
        ("```python {#x}", "```", "between", "```output {of=x}", "```"),
        regions=(Region(1, 2, 0, "example", "x"), Region(4, 5, 0, "output", "x")),
        examples=(example(language="python", shown="print(1)\n"),),
        results=(result(language="python", texts=(("1",), ())),),
    )
    assert text.count("example-state") == 1
    assert text.index("between") < text.index("example-state")


def test_a_program_that_should_not_end_with_0_says_how_it_ends() -> None:
    """The end that the note demands, and that was seen, stands below the output."""
    text = markdown(
        ("```python {#x exit=SIGTERM}", "```"),
        regions=(Region(1, 2, 0, "example", "x"),),
        examples=(example(language="python", shown="raise SystemExit\n", exit=143),),
        results=(result(language="python", texts=((), ())),),
    )
    assert text.index("It came to: exit 143 (SIGTERM)") < text.index("Verified on")


def test_a_failure_is_shown_where_it_happened_with_its_diff() -> None:
    """`serve` shows place, message, diff, end and how it was run."""
    failure = Failure(Place("a/b/en.md", 7), "printed something else", "echo one", ("-two", "+one"), "exit 0", "bash")
    text = markdown(
        ("```console {#x}", "```"),
        regions=(Region(1, 2, 0, "example", "x"),),
        examples=(example(),),
        results=(result(status="failed", failures=(failure,)),),
    )
    assert '!!! failure "a/b/en.md&#58;7"' in text or '!!! failure "a/b/en.md:7"' in text
    assert "    -two\n    +one\n" in text


def test_every_delimiter_but_a_computed_call_is_quoted() -> None:
    """Expanded as mkdocs-macros does, the page holds the call's value and the text of everything else."""
    line = "a [[[ f(1) ]]] `[[[ g ]]]` [[[[ f(1) ]]] [[# x #]]"
    calls = (ComputedCall(1, 2, 14, "f", (1,)), ComputedCall(1, 28, 40, "f", (1,)))
    text = markdown((line,), calls=calls)
    environment = jinja2.Environment(
        variable_start_string="[[[", variable_end_string="]]]", block_start_string="[[%",
        block_end_string="%]]", comment_start_string="[[#", comment_end_string="#]]", undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    expanded = environment.from_string(text).render(f=lambda value: f"<{value}>")
    assert expanded.splitlines()[-1] == "a <1> `[[[ g ]]]` [<1> [[# x #]]"


def test_a_stale_section_says_so_below_its_heading() -> None:
    """The notice follows the heading, and the digest comment is gone."""
    text = markdown(
        ("start", "## H", "<!-- of: 00000000 -->", "body"),
        sections=(Section(1, 1, 0, "", "1"), Section(2, 4, 2, "H", "2", "00000000", 3, stale=True)),
        comments=((3, 3),),
    )
    assert "<!--" not in text
    assert re.search(r"## H \{#h\}\n\nThis section is behind.*\n\{: \.stale data-search-exclude=1 \}\n+body", text)


def two_languages(english: tuple[str, ...], chinese: tuple[str, ...], **more: tuple[Example, ...]) -> str:
    """The Chinese page of a note whose lines are all headings of sections, the last of them stale."""

    def document(language: str, lines: tuple[str, ...]) -> Document:
        found = [Section(number, number, 2, line.strip("# "), "1", "0") for number, line in enumerate(lines, 1)]
        sections = (*found[:-1], replace(found[-1], stale=language == "zh"))
        return Document(language, f"a/b/{language}.md", HEAD, lines, 1, (), sections)

    note = Note("a/b", "en", (document("en", english), document("zh", chinese)), **more)
    return emit.page(note, note.document("zh"), emit.Findings({}, {}, {})).markdown


def test_a_section_has_the_same_id_in_every_language() -> None:
    """It is made from the original's heading; no two are the same, and none is an example's."""
    english = ("## One `name`: *two*", "## x", "## One name two ##", "## ???", "### Sources")
    text = two_languages(english, ("## 一", "## 二 ##", "## 三", "## 四", "### 五"), examples=(example(),))
    assert re.findall(r"^##+ (\S+) \{#(.*)\}$", text, re.MULTILINE) == [
        ("一", "one-name-two"), ("二", "x-2"), ("三", "one-name-two-2"), ("四", "section"), ("五", "sources-2"),
    ]  # fmt: skip


def test_an_id_that_the_author_wrote_stays() -> None:
    """Braces with an id at the end of a heading are the author's word."""
    text = two_languages(("## A {#first}", "## B"), ("## 甲", "## 乙 {#own}"))
    assert "## 甲 {#first}\n" in text and "## 乙 {#own}\n" in text


def test_a_stale_section_leads_to_what_it_should_render() -> None:
    """The notice names the original's section and links to it, with its language."""
    text = two_languages(("## A", "## What *changed*"), ("## 甲", "## 乙"))
    assert "原文在翻译之后有改动：[What &#42;changed&#42;](en.md#what-changed){: lang=en }" in text


def test_a_section_whose_state_nobody_stated_says_just_that() -> None:
    """A translation without a digest is not said to be outdated; that is not known."""
    text = markdown(("start",), sections=(Section(1, 1, 0, "", "1", stale=True),))
    assert "Nobody has said yet" in text and "has changed since" not in text


def test_a_comment_with_a_fence_in_it_leaves_an_empty_line() -> None:
    """superfences would pair a fence in a comment with the next one, and the text between would be gone."""
    text = markdown(("<!--", "```", "-->", "kept", "<!--", "```", "-->"), comments=((1, 3), (5, 7)))
    assert "```" not in text and "\nkept\n" in text


def test_a_block_right_below_a_table_is_set_apart() -> None:
    """Without an empty line Python-Markdown would take the block for a row."""
    text = markdown(
        ("| a |", "|---|", "| b |", "```console {#x}", "```", "---"),
        regions=(Region(4, 5, 0, "example", "x"),),
        examples=(example(),),
        results=(result(),),
    )
    assert "| b |\n\n``` {.console" in text and "\n\n---\n" in text


def test_references_link_to_sources_and_related_notes() -> None:
    """Sources and related notes are listed; a related note is named by its title in that language."""
    head = Head("T", "Q?", sources=(Source("man 2 open"), Source("SDM", "https://example.org/a b")))
    text = markdown(("x",), head=head, related={"a/b": ("c/d",)})
    assert "- man 2 open\n- [SDM](<https://example.org/a b>)" in text
    assert "- [Other &#91;x&#93;](../../c/d/en.md)" in text


def test_a_block_in_a_list_stays_in_the_list() -> None:
    """All lines of the emitted block carry the fence's indentation."""
    text = markdown(
        ("- item", "", "    ```console {#x}", "    ```"),
        regions=(Region(3, 4, 4, "example", "x"),),
        examples=(example(),),
        results=(result(),),
    )
    assert '\n    ``` {.console .example .no-copy #x data-lines="1c1o"}\n    $ echo one\n    one\n    ```\n' in text
    assert '\n    <div class="example-bar" data-search-exclude>\n' in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unreadable_note_becomes_a_page_that_lists_its_errors(language: str) -> None:
    """Each error is there with its place and its remedy."""
    page = emit.problem_page("a/b", language, (Problem(PLACE, "it is wrong", "do this"),), "en")
    assert page.url == ("a/b/" if language == "en" else "zh/a/b/")
    assert "it is wrong; do this" in page.markdown and "a/b/en.md" in page.markdown
