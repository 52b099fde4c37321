"""The pages that are made from all notes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notekit import emit
from notekit.emit.home import Home
from notekit.emit.texts import TEXTS
from notekit.model import Area, Collection, Diagram, Document, Example, Head, Note, Page, Place, Result, Term
from notekit.names import ArgumentError

PLACE = Place("a/b/en.md", 5)


def note(slug: str, *, tags: tuple[str, ...] = (), related: tuple[str, ...] = (), title: str = "") -> Note:
    """A note with one program and one diagram."""
    heads = [
        (language, Head(f"{title or slug} {language}", f"Why {slug}?", tags, related)) for language in ("en", "zh")
    ]
    return Note(
        slug,
        "en",
        tuple(Document(language, f"{slug}/{language}.md", head, (), 1) for language, head in heads),
        (Example(slug, "x", "x", "python", PLACE, "en", "host"),),
        (Diagram(slug, "d", "d", "page-walk", PLACE, "en", {}, expect={"a": 1}),),
    )


def findings(collection: Collection, **values: Result) -> emit.Findings:
    """What is known: all passed, but for the results of programs given by the last part of their note's name."""
    results: dict[tuple[str, str], Result] = {}
    for one in collection.notes:
        ran = Result(
            one.slug, "x", "python", PLACE, "host", "passed",
            versions=(("python3", "3.11.2-1"),), finished="2026-01-02T03:04:05Z",
        )  # fmt: skip
        results[one.slug, "x"] = values.get(one.slug.split("/")[1], ran)
        results[one.slug, "d"] = Result(one.slug, "d", "page-walk", PLACE, "vmsim", "passed")
    return emit.Findings(
        results=results,
        drawings={},
        titles={(one.slug, text.language): text.head.title for one in collection.notes for text in one.documents},
        capabilities={(one.slug, "x"): ("python",) for one in collection.notes},
        related=emit.related(collection),
        tag_ids=emit.tag_ids(collection),
        tools={"python": "python3"},
        terms=collection.terms,
    )


def collection(*notes: Note, terms: tuple[Term, ...] = ()) -> Collection:
    """A collection with one area and an empty one."""
    area = Area("a", {"en": "Area *a*", "zh": "领域a"}, 1, notes)
    return Collection(("en", "zh"), (area, Area("z", {"en": "Z", "zh": "Z"}, 2)), terms=terms)


def pages(found: Collection, known: emit.Findings) -> dict[str, Page]:
    """The pages by their paths."""
    return {page.path: page for page in emit.overviews(found, known)}


MISSING = Result(
    "a/bad", "x", "python", PLACE, "host", "not-verified",
    reason="fish is not installed; apt-get install fish", finished="2027-01-01T00:00:00Z",
)  # fmt: skip


def test_related_notes_are_related_both_ways() -> None:
    """A note that is named shows who names it, after those it names itself; none is there twice, nor itself."""
    one, two, three = note("a/1", related=("a/2",)), note("a/2", related=("a/1", "a/2")), note("a/3", related=("a/1",))
    assert emit.related(collection(one, two, three)) == {"a/1": ("a/2", "a/3"), "a/2": ("a/1",), "a/3": ("a/1",)}


def test_every_example_is_listed_by_state_runner_and_capability() -> None:
    """Each group has its total, how many of it are verified, and a link to each of its examples."""
    found = collection(note("a/ok"), note("a/bad"))
    text = pages(found, findings(found, bad=MISSING))["examples.md"].markdown
    assert "4 examples, 3 verified, 1 not." in text
    for total in (
        "| [Verified](#state-passed) | 1 | 1 |",
        "| [Computed and checked](#state-checked) | 2 | 2 |",
        "| [Not verified](#state-not-verified) | 1 | 0 |",
        "| [<code>python (host)</code>](#runner-python-host) | 2 | 1 |",
        "| [<code>python</code>](#capability-python) | 2 | 1 |",
    ):
        assert total in text
    assert text.count("[x](a/ok/en.md#x)") == text.count("[x](a/bad/en.md#x)") == 3
    assert text.count("[d](a/ok/en.md#d)") == 2


def test_what_is_not_verified_is_listed_with_reason_and_cure() -> None:
    """The page says why, what helps, and leads to the example; where all is verified it says so."""
    found = collection(note("a/ok"), note("a/bad"))
    text = pages(found, findings(found, bad=MISSING))["zh/examples/not-verified.md"].markdown
    assert '未验证：<span lang="en">fish is not installed</span>' in text
    assert '验证的办法：<span lang="en">apt-get install fish</span>' in text
    assert "[查看该示例](../../a/bad/zh.md#x)" in text and "a/ok" not in text
    none = pages(found, findings(found))["examples/not-verified.md"].markdown
    assert "Nothing: every example of every note is verified." in none


def test_a_diagram_without_a_stated_outcome_is_not_counted_as_verified() -> None:
    """Nothing was compared, so it is listed as computed only."""
    plain = note("a/b")
    found = collection(replace(plain, diagrams=(replace(plain.diagrams[0], expect=None),)))
    made = pages(found, findings(found))
    assert "2 examples, 1 verified, 1 not." in made["examples.md"].markdown
    assert "Computed: the note states no outcome" in made["examples/not-verified.md"].markdown


def test_an_area_opens_with_its_notes_and_their_questions() -> None:
    """The page of an area lists them in each language; an area without notes has none."""
    found = collection(note("a/b"))
    made = pages(found, findings(found))
    assert "**[a/b zh](../../a/b/zh.md)**\n\n    Why a/b?" in made["zh/a/index.md"].markdown
    assert made["a/index.md"].markdown.startswith("# Area &#42;a&#42;\n\n1 note, 2 examples, all verified")
    assert (made["a/index.md"].kind, made["a/index.md"].url) == ("area", "a/")
    assert not any(path.startswith(("z/", "zh/z/")) for path in made)


def test_each_tag_lists_its_notes_under_an_anchor_of_its_own() -> None:
    """Tags that differ in signs only have different anchors; capitals are not sorted apart."""
    found = collection(note("a/1", tags=("C", "zoo", "分页")), note("a/2", tags=("C++", "Big")))
    text = pages(found, findings(found))["tags.md"].markdown
    headings = [line for line in text.split("\n") if line.startswith("## ")]
    assert headings == [
        "## Big {: #big }",
        "## C {: #c }",
        "## C++ {: #c-2 }",
        "## zoo {: #zoo }",
        "## 分页 {: #分页 }",
    ]
    page = emit.page(found.notes[1], found.notes[1].documents[0], findings(found))
    assert "[C++](../../tags.md#c-2) [Big](../../tags.md#big)" in page.markdown


def test_chinese_names_are_in_the_order_of_their_sounds() -> None:
    """Latin names come first, then Chinese ones by pinyin: 分页 fen, 内核 nei, 虚拟化 xu."""
    found = collection(note("a/1", tags=("虚拟化", "内核", "分页", "x86")))
    text = pages(found, findings(found))["zh/tags.md"].markdown
    order = [text.index(f"## {tag} ") for tag in ("x86", "分页", "内核", "虚拟化")]
    assert order == sorted(order)


def test_the_glossary_has_an_anchor_for_each_term_and_prose_leads_there() -> None:
    """The page defines each term; the first use in a note is a link that says what the term means."""
    term = Term("ept", {"en": "EPT", "zh": "EPT"}, {"en": 'A "table".', "zh": "表"}, {"en": ("extended tables",)})
    text = replace(note("a/b").documents[0], lines=("An EPT, an EPT.",))
    found = collection(replace(note("a/b"), documents=(text, note("a/b").documents[1])), terms=(term,))
    known = findings(found)
    assert (
        "EPT {: #ept }\n:   A &#34;table&#34;.\n\n    Also: extended tables"
        in pages(found, known)["glossary.md"].markdown
    )
    prose = emit.page(found.notes[0], text, known).markdown
    assert 'An [EPT](../../glossary.md#ept "A &#34;table&#34;."), an EPT.' in prose
    assert "glossary.md" not in pages(collection(note("a/b")), findings(collection(note("a/b"))))


def test_a_page_computes_the_numbers_of_the_build() -> None:
    """Counts, tools and the day of the newest result that is shown come from the results."""
    found = collection(note("a/ok"), note("a/bad"))
    home = Home(found, findings(found, bad=MISSING), "zh/index.md", "zh")
    text = '[[[ count("verified") ]]] of [[[ count("examples") ]]], `[[[ code ]]]`: [[[ tools() ]]]'
    shown, problems = home.filled(text, f"---\ncomputed: true\n---\n{text}")
    assert (shown.strip(), problems) == ("3 of 4, `[[[ code ]]]`: python3 3.11.2", ())
    assert home.last_run() == "2026-01-02"
    numbers = home.numbers()
    assert '<dt>未验证</dt><dd><a href="examples/not-verified/">1</a></dd>' in numbers
    assert "**[领域a](a/index.md)**" in home.areas() and "[a/ok zh](../a/ok/zh.md)" in home.areas()


def test_a_wrong_call_of_a_page_is_told_with_its_line() -> None:
    """All wrong calls of a page are problems at their lines in the file, and calls in fences are text."""
    home = Home(collection(note("a/b")), findings(collection(note("a/b"))), "index.md", "en")
    source = '---\nx: 1\n---\n[[[ count("x") ]]]\n```\n[[[ y() ]]]\n```\n[[[ y() ]]]\n[[[ example("a/b", "n") ]]]\n'
    shown, problems = home.filled(source.split("---\n")[2], source)
    told = [str(problem) for problem in problems]
    assert told[0] == (
        "docs/index.md:4: [[[ count(…) ]]]: what is 'x'; it is one of areas, notes, examples, verified, not-verified"
    )
    assert told[1].startswith("docs/index.md:8: the computed name y is unknown")
    assert told[2] == "docs/index.md:9: [[[ example(…) ]]]: name is 'n'; it is one of x"
    assert "!!! failure" in shown and "```\n[[[ y() ]]]\n```" in shown


def test_an_example_that_is_named_must_exist() -> None:
    """A note that is not there is refused with what would be right."""
    home = Home(collection(note("a/b")), findings(collection(note("a/b"))), "index.md", "en")
    with pytest.raises(ArgumentError, match="note is 'b'; name one as area/slug"):
        home.example("b", "x")


def test_every_text_is_there_in_each_language() -> None:
    """The tables of languages have the same keys, and the same values to fill in."""
    keys = {language: sorted(table) for language, table in TEXTS.items()}
    assert keys["zh"] == keys["en"]
