"""Where prose first uses a term of the glossary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.emit.terms import uses
from notekit.model import Document, Head, Region, Term

TERMS = (
    Term("page-table", {"en": "page table", "zh": "页表"}, {"en": "m", "zh": "m"}, {}),
    Term("ept", {"en": "EPT", "zh": "EPT"}, {"en": "m", "zh": "m"}, {"zh": ("扩展页表",)}),
    Term("ept-violation", {"en": "EPT violation", "zh": "EPT violation"}, {"en": "m", "zh": "m"}, {}),
    Term("a-flag", {"en": "accessed flag", "zh": "A位"}, {"en": "m", "zh": "m"}, {"en": ("A flag",)}),
)


def found(text: str, language: str = "en", regions: tuple[Region, ...] = ()) -> list[tuple[str, str]]:
    """(the words, the id of the term) of each use."""
    lines = tuple(text.split("\n"))
    document = Document(language, "a/b/en.md", Head("t", "q"), lines, 1, regions)
    return [(lines[use.line - 1][use.start : use.end], use.term.id) for use in uses(document, TERMS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An EPT and an EPT.", ["EPT"]),
        ("Page tables, then a page table.", ["Page tables"]),
        ("EPTs hold it.", ["EPTs"]),
        ("an EPT violation, not EPT alone", ["EPT violation", "EPT"]),
        ("an *EPT*", ["EPT"]),
        ("| a | EPT |", ["EPT"]),
        ("- `a`\n- EPT", ["EPT"]),
        ("EPTP, non-EPT, EPT-like, EPT_X, xEPT and ept", []),
        ("`EPT` and ``a ` EPT``", []),
        ("[EPT](x.md), [x](EPT/a_(EPT).md \"EPT\"), ![EPT][a], [EPT]", []),
        ("<b title='EPT'>, {: .EPT }, https://x.org/EPT", []),
        ("# EPT\n## EPT ##\nEPT\n===\nEPT\n---", []),
        ("[^1]: EPT", []),
        ("[[[ reach(\"EPT\") ]]]", []),
        ("`code\nEPT code`", []),
        ("A flag is set", []),
    ],
)  # fmt: skip
def test_a_term_is_found_in_prose_once_and_nowhere_else(text: str, expected: list[str]) -> None:
    """The first use counts, its plural and a capital at the beginning too; code, links, headings and marks do not."""
    assert [words for words, _ in found(text)] == expected


@given(
    st.lists(
        st.sampled_from([*" \n`[]()<>{}|#-*:.X使", "x86", "X86", "EPT", "es", "s", "Page table", "page"]), max_size=20
    )
)
def test_whatever_is_found_is_a_name(pieces: list[str]) -> None:
    """In any text, what counts as a use reads as a name of its term, a plural and the first letter's case aside."""
    terms = (*TERMS, Term("x86", {"en": "x86"}, {"en": "m"}, {}))
    lines = tuple("".join(pieces).split("\n"))
    for use in uses(Document("en", "a/b/en.md", Head("t", "q"), lines, 1), terms):
        words = lines[use.line - 1][use.start : use.end]
        names = [name.casefold() for name in use.term.names("en")]
        assert words.casefold() in {*names, *(f"{name}s" for name in names)}


def test_a_chinese_term_needs_no_spaces_and_the_longest_name_counts() -> None:
    """A Chinese name is found within a sentence, a Latin one beside Chinese characters."""
    assert found("使用EPT时，页表由扩展页表转换。", "zh") == [("EPT", "ept"), ("页表", "page-table")]
    assert found("扩展页表", "zh") == [("扩展页表", "ept")]


def test_nothing_is_found_in_a_block() -> None:
    """The lines of an example are not prose."""
    assert found("```c\nEPT\n```\nEPT here", regions=(Region(1, 3, 0, "listing"),)) == [("EPT", "ept")]
