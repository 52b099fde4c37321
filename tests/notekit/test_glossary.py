"""The table of terms."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from notekit import pipeline
from notekit.glossary import FILE, read_glossary
from notekit.model import Term
from notekit.parse.report import Report

ROOT = Path(__file__).parents[2]
EPT = """\
    ept:
      term: {en: EPT, zh: EPT}
      also: {zh: [扩展页表]}
      means: {en: Extended page tables., zh: 扩展页表。}
"""


def read(text: str) -> tuple[tuple[Term, ...], list[str]]:
    """The terms of a table in English and Chinese, and what is wrong with it."""
    report = Report("glossary.yml")
    terms = read_glossary(textwrap.dedent(text).encode(), ("en", "zh"), report)
    return terms, [str(problem) for problem in report.found]


def test_a_term_has_its_names_and_its_meaning_in_each_language() -> None:
    """A term keeps its id, its text and other names by language, and what it means."""
    (term,), problems = read(EPT)
    assert problems == []
    assert term.id == "ept"
    assert term.names("en") == ("EPT",)
    assert term.names("zh") == ("EPT", "扩展页表")
    assert term.means == {"en": "Extended page tables.", "zh": "扩展页表。"}


def test_nothing_is_a_table_without_terms() -> None:
    """An empty file, or one of comments, has no terms and no problems."""
    assert read("# nothing yet\n") == ((), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "glossary.yml:1: the glossary has no terms; write them as id: {term: {…}, means: {…}}"),
        ("a: [\n", "glossary.yml:1: not YAML"),
        ("A b:\n  term: {en: x, zh: y}\n  means: {en: x, zh: y}\n", "glossary.yml:1: A b is no id of a term"),
        ("a: 1\n", "glossary.yml:1: the term a has no keys"),
        ("a:\n  term: {en: x, zh: y}\n", "glossary.yml:1: the key means is missing; add means: {en: …, zh: …}"),
        ("a:\n  term: {en: x}\n  means: {en: x, zh: y}\n", "glossary.yml:2: term has no text in zh; add zh: …"),
        ("a:\n  term: {en: x, zh: 1}\n  means: {en: x, zh: y}\n", "glossary.yml:2: zh is the number 1; put it in"),
        ("a:\n  term: {en: x, zh: y}\n  mean: {en: x, zh: y}\n", "glossary.yml:3: the key mean is unknown"),
        (
            "a:\n  term: {en: x, zh: y}\n  also: {zh: z}\n  means: {en: x, zh: y}\n",
            "glossary.yml:3: zh is text; write a list of texts",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_line(text: str, said: str) -> None:
    """Each error has its line and its remedy, and the term is left out."""
    terms, problems = read(text)
    assert terms == ()
    assert any(problem.startswith(said) for problem in problems), problems


def test_all_problems_are_told_at_once() -> None:
    """A table with errors in two terms names both; the sound term is there."""
    terms, problems = read("a: {}\nb: {}\n" + textwrap.dedent(EPT))
    assert [problem.split(": ")[0] for problem in problems] == ["glossary.yml:1"] * 2 + ["glossary.yml:2"] * 2
    assert [term.id for term in terms] == ["ept"]


def test_a_name_means_one_thing_in_a_language() -> None:
    """A second term with the same name is reported where it says it, whatever its case."""
    second = "    other:\n      term: {en: ept, zh: 别的}\n      means: {en: x, zh: y}\n"
    _, problems = read(EPT + second)
    assert problems == ["glossary.yml:6: ept already names a term in en; keep it at one of the two; ept has it too"]


def test_bytes_that_are_not_utf8_are_reported() -> None:
    """A damaged file names the line of its first bad byte."""
    report = Report("glossary.yml")
    assert read_glossary(b"a:\n\xff", ("en",), report) == ()
    assert str(report.found[0]).startswith("glossary.yml:2: the byte 0xff is not UTF-8")


def test_the_table_of_this_project_is_sound() -> None:
    """The project's own glossary has no problem in either language."""
    report = Report("notes_src/glossary.yml")
    terms = read_glossary((ROOT / "notes_src" / FILE).read_bytes(), ("en", "zh"), report)
    assert report.found == []
    assert len(terms) >= 40


def test_a_project_reads_its_table_and_its_errors(tmp_path: Path) -> None:
    """Reading a project gives its terms; a wrong one is an error as any of a note's."""
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    (tmp_path / "notes_src").mkdir()
    assert pipeline.read(tmp_path).terms == ()
    table = tmp_path / "notes_src" / FILE
    table.write_text(textwrap.dedent(EPT) + "vmx: {}\n", encoding="utf-8")
    collection = pipeline.read(tmp_path)
    assert [term.id for term in collection.terms] == ["ept"]
    assert [str(problem.place) for problem in collection.errors] == ["notes_src/glossary.yml:5"] * 2
