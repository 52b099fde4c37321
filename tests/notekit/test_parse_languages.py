"""A note's languages, held against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import Collection
from tests.notekit.parsing import HEAD, collection, errors, pair_errors

PAIR = ("en", "zh")
EXAMPLE = "```sh {#x}\na\n```\n"
SHOWN = "```example {of=x}\n```\n"


def pair(root: Path, english: str, chinese: str) -> Collection:
    """The collection of one note with these texts below a head of four lines. Fails where it has errors."""
    read = collection(root, {"a/n/en.md": HEAD + english, "a/n/zh.md": HEAD + chinese}, languages=PAIR)
    assert [str(problem) for problem in read.errors] == []
    return read


def test_an_example_stands_in_one_language_and_is_named_in_the_other(tmp_path: Path) -> None:
    """The note has the example once; the other document has a region that names it."""
    (note,) = pair(tmp_path, EXAMPLE + "```output {of=x}\nb\n```\n", "文\n" + SHOWN).notes
    assert [(one.name, one.document) for one in note.examples] == [("x", "en")]
    regions = note.document("zh").regions
    assert [(one.kind, one.name, one.first, one.last) for one in regions] == [("translated", "x", 6, 7)]


def test_an_example_may_stand_in_the_translation(tmp_path: Path) -> None:
    """Each language may hold examples, and names those of the other."""
    (note,) = pair(tmp_path, SHOWN, EXAMPLE).notes
    assert [(one.name, one.document) for one in note.examples] == [("x", "zh")]


def test_a_diagram_is_named_as_an_example_is(tmp_path: Path) -> None:
    """``example`` stands for a diagram too."""
    (note,) = pair(tmp_path, "```walk {#x}\naddress: 1\n```\n", SHOWN).notes
    assert [diagram.name for diagram in note.diagrams] == ["x"]


def test_what_is_only_shown_stands_in_both(tmp_path: Path) -> None:
    """A listing needs no id and no counterpart."""
    (note,) = pair(tmp_path, "a\n```text\na\n```\n", "b\n").notes
    assert [len(document.regions) for document in note.documents] == [1, 0]


@pytest.mark.parametrize("code", ["```console\n$ a\n```\n", '```c {run=no because="x"}\na\n```\n', "```json\n1\n```\n"])
def test_in_several_languages_an_example_has_an_id(tmp_path: Path, code: str) -> None:
    """An example without an id is an error, also where it is left alone."""
    language = code[3:].split()[0]
    assert pair_errors(tmp_path, code, "文\n") == [
        f"en.md:5: a {language} block without an id; give it one, such as ```{language} {{#name}}, "
        "for the other language to name it by"
    ]


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        (EXAMPLE, "文\n", ["en.md:5: zh.md lacks the example x; put ```example {of=x} and ``` there, in its place"]),
        ("a\n", EXAMPLE, ["zh.md:5: en.md lacks the example x; put ```example {of=x} and ``` there, in its place"]),
        (
            "```walk {#x}\naddress: 1\n```\n",
            "文\n",
            ["en.md:5: zh.md lacks the diagram x; put ```example {of=x} and ``` there, in its place"],
        ),
        (
            EXAMPLE,
            EXAMPLE,
            [
                "en.md:5: zh.md lacks the example x; put ```example {of=x} and ``` there, in its place",
                "zh.md:5: the id x is there a second time, first in a/n/en.md:5; give each block its own id "
                "(in the other language an example is named by ```example {of=…})",
            ],
        ),
        (
            EXAMPLE,
            SHOWN + "```example {of=y}\n```\n",
            ["zh.md:7: of=y names nothing; name the id of a block of this note"],
        ),
        (
            EXAMPLE,
            "```example {of=x}\n\nb\n```\n",
            ["zh.md:7: a body in an example block; leave it empty: what it shows stands in the other language"],
        ),
        (
            EXAMPLE + SHOWN,
            SHOWN,
            ["en.md:8: the example x is in this file already, in line 5; take one of the two out"],
        ),
        (EXAMPLE, SHOWN + SHOWN, ["zh.md:7: the example x is shown a second time, first in line 5; show it once"]),
        ("```text {#x}\na\n```\n", SHOWN, ["zh.md:5: x in a/n/en.md:5 is no example; name an example or a diagram"]),
        (
            EXAMPLE,
            SHOWN + "```output {of=x}\n```\n",
            ["zh.md:7: the program x stands in a/n/en.md; state its output there"],
        ),
        (
            "```c {#x timeout=0}\na\n```\n",
            SHOWN,
            ["en.md:5: timeout=0 is no time limit; write seconds, more than 0 and at most 600"],
        ),
    ],
)
def test_what_one_language_lacks_is_reported_where_the_other_has_it(
    tmp_path: Path, english: str, chinese: str, expected: list[str]
) -> None:
    """Each example is in both languages, once, under one id."""
    assert pair_errors(tmp_path, english, chinese) == expected


def test_a_file_that_is_cut_short_is_not_said_to_lack_anything(tmp_path: Path) -> None:
    """Where an open fence swallows the rest, only the fence is an error."""
    (line,) = pair_errors(tmp_path, EXAMPLE + "## a\n", "```text\n" + SHOWN[:-4] + "\n## a\n")
    assert line.startswith("zh.md:5: the code block that begins here is not closed")


SAME = "write the same sections (level 2 and 3) in both: this is number 2"


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        (
            "## a\n\n## b\n",
            "## a\n",
            f"en.md:7: this file has 2 sections, zh.md has 1; {SAME}",
        ),
        (
            "a\n",
            "a\n## b\n### c\n",
            f"zh.md:6: this file has 3 sections, en.md has 1; {SAME}",
        ),
        (
            "a\n## b\n",
            "## b\n",
            f"en.md:6: this file has 2 sections, zh.md has 1; {SAME}",
        ),
    ],
)
def test_each_language_has_the_same_sections(tmp_path: Path, english: str, chinese: str, expected: str) -> None:
    """Another number of sections is an error at the first one that is too many."""
    assert pair_errors(tmp_path, english, chinese) == [expected]


def test_a_language_that_is_missing_is_reported_where_another_is(tmp_path: Path) -> None:
    """Each required language has its file."""
    assert errors(tmp_path, {"a/n/zh.md": HEAD}, languages=("en", "zh", "fr")) == [
        "a/n/zh.md:1: the note has no en.md; write en.md beside this file",
        "a/n/zh.md:1: the note has no fr.md; write fr.md beside this file",
    ]


def test_a_language_that_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    """A file in another language is no part of the collection."""
    assert errors(tmp_path, {"a/n/en.md": HEAD, "a/n/fr.md": "no head"}) == []


def original(root: Path, english: str, chinese: str) -> list[str]:
    """The errors of a note with these lines added to its heads."""
    heads = {
        f"a/n/{name}.md": f"---\ntitle: T\nquestion: Q\n{more}---\n"
        for name, more in (("en", english), ("zh", chinese))
    }
    return [line.removeprefix("a/n/") for line in errors(root, heads, languages=PAIR)]


@pytest.mark.parametrize(
    ("english", "chinese", "expected"),
    [
        ("", "", []),
        ("original: zh\n", "original: zh\n", []),
        ("", "original: en\n", []),
        (
            "original: zh\n",
            "",
            ["en.md:4: original is zh here and en in zh.md; write the same in every file of the note"],
        ),
        (
            "",
            "original: zh\n",
            ["zh.md:4: original is zh here and en in en.md; write the same in every file of the note"],
        ),
        (
            "original: en\n",
            "original: zh\n",
            ["zh.md:4: original is zh here and en in en.md; write the same in every file of the note"],
        ),
    ],
)
def test_every_head_says_the_same_original(tmp_path: Path, english: str, chinese: str, expected: list[str]) -> None:
    """``original`` may not differ; where it is not given it is the first language."""
    assert original(tmp_path, english, chinese) == expected


def test_the_original_may_be_any_language(tmp_path: Path) -> None:
    """The note tells its original; the translation is the other."""
    head = "---\ntitle: T\nquestion: Q\noriginal: zh\n---\na\n"
    read = collection(tmp_path, {"a/n/en.md": head, "a/n/zh.md": head}, languages=PAIR)
    assert read.notes[0].original == "zh"
    assert [warning.place.file for warning in read.warnings] == ["a/n/en.md"]
