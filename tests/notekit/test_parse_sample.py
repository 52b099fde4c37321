"""A note in two languages with most of what a note can have, read whole."""

from __future__ import annotations

from pathlib import Path

from notekit.model import Collection, Note
from tests.notekit.parsing import read_again

SAMPLE = Path(__file__).parents[1] / "samples" / "whole"


def read() -> Collection:
    """The collection of the one note."""
    return read_again(SAMPLE, languages=("en", "zh"))


def note() -> Note:
    """The note. Fails where it has errors."""
    found = read()
    assert [str(problem) for problem in found.errors] == []
    return found.notes[0]


def test_everything_that_runs_is_there_once() -> None:
    """Examples and diagrams are in the order of the original, whatever stands around them."""
    found = note()
    assert [(one.name, one.language, one.place.line, one.session) for one in found.examples] == [
        ("empty", "console", 16, "shell"),
        ("missing", "console", 24, "shell"),
        ("scan", "c", 32, None),
    ]
    assert [(one.name, one.place.line, one.expect) for one in found.diagrams] == [("walk", 40, {"fault": 4})]


def test_both_documents_show_the_same() -> None:
    """Region by region, outputs aside, the translation names what the original holds."""
    english, chinese = note().documents
    shown = [(one.name, one.indent) for one in english.regions if one.kind != "output"]
    assert shown == [(one.name, one.indent) for one in chinese.regions]
    assert shown == [("empty", 4), ("missing", 4), ("scan", 0), ("walk", 0), ("", 0)]


def test_text_is_computed_in_both() -> None:
    """A call stands in each language's prose."""
    assert [[call.line for call in document.calls] for document in note().documents] == [[10], [8]]


def test_the_translation_is_behind() -> None:
    """Its first section renders an earlier state, the others say nothing."""
    assert [(warning.place.file, warning.place.line) for warning in read().warnings] == [
        ("files/holes/zh.md", 6),
        ("files/holes/zh.md", 10),
        ("files/holes/zh.md", 22),
    ]


def test_an_example_has_its_files_and_its_output() -> None:
    """The program is the file, a folder comes along, and what it prints is stated below it."""
    scan = note().examples[2]
    assert scan.shown.startswith("off_t hole") and scan.shown.endswith("hole);\n")
    assert [file.path for file in scan.files] == ["data/small"]
    assert scan.expectations[0].lines == ("data ends at <int>",)
    assert str(scan.shown_place) == "files/holes/scan.c:9"
