"""The head of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import Source
from tests.notekit.parsing import collection, errors

FULL = """\
---
title: Sparse files
question: Can a file be larger than its disk?
tags: [filesystem, c]
related: [m, b/n]
sources:
  - {text: lseek(2), url: "https://example.org/lseek"}
  - text: a book
original: en
---
"""


def head_errors(root: Path, text: str) -> list[str]:
    """The errors of a note with only this text, without its path."""
    return [line.removeprefix("a/n/en.md:") for line in errors(root, {"a/n/en.md": text})]


def test_a_whole_head_is_read(tmp_path: Path) -> None:
    """Every key of a head arrives; related notes by their whole slugs."""
    other = "---\ntitle: T\nquestion: Q\n---\n"
    area = "title: {en: B}\norder: 2\n"
    files = {"a/n/en.md": FULL, "a/m/en.md": other, "b/n/en.md": other, "b/area.yml": area}
    read = collection(tmp_path, files)
    assert read.errors == ()
    document = next(note for note in read.notes if note.slug == "a/n").documents[0]
    head = document.head
    assert (head.title, head.question, head.tags) == (
        "Sparse files",
        "Can a file be larger than its disk?",
        ("filesystem", "c"),
    )
    assert head.related == ("a/m", "b/n")
    assert head.sources == (Source("lseek(2)", "https://example.org/lseek"), Source("a book"))
    assert (head.original, document.body_first) == ("en", 11)


def test_only_title_and_question_are_required(tmp_path: Path) -> None:
    """A head of two keys is enough."""
    read = collection(tmp_path, {"a/n/en.md": "---\ntitle: T\nquestion: Q\n---\n"})
    assert read.errors == ()
    assert read.notes[0].documents[0].head.original is None


MISSING = "1: the head is missing; begin the file with a line ---, title: …, question: … and a second line ---"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [MISSING]),
        ("text\n---\n", [MISSING]),
        (
            "\n---\ntitle: a\nquestion: b\n---\n",
            ["1: the head is not the first thing in the file; take out the empty lines above it"],
        ),
        ("---\ntitle: a\n", ["1: the head that begins here is not closed; end it with a line ---"]),
        ("---\n---\n", ["1: the head has no keys; write title: … and question: …"]),
        ("---\n\n- a\n---\n", ["3: the head has no keys; write title: … and question: …"]),
        (
            "---\ntitle: a\n---\n",
            ["1: the key question is missing; add question: … with the question that the note answers"],
        ),
        (
            "---\nquestion: c\ntitel: a\n---\n",
            [
                "1: the key title is missing; add title: … with the note's name",
                "3: the key titel is unknown; did you mean title?",
            ],
        ),
        (
            "---\ntitle: a\nquestion: c\nx: a\n---\n",
            ["4: the key x is unknown; a head has title, question, tags, related, sources and original"],
        ),
        (
            "---\ntitle: a\nquestion: c\ntitle: b\n---\n",
            ["4: the key title stands here a second time, first in line 2; keep one of the two"],
        ),
        (
            "---\ntitle: 42\nquestion: yes\ntags: a\n---\n",
            [
                "2: title is the number 42; put it in quotes to make it text",
                "3: question is the truth value true; put it in quotes to make it text",
                "4: tags is text; write a list of texts, such as [a, b]",
            ],
        ),
        (
            "---\ntitle:\nquestion: [a]\ntags: [a, 1, {b: c}]\n---\n",
            [
                "2: title is empty; write text",
                "3: question is a list; write text",
                "4: an item of tags is a mapping; write text",
                "4: an item of tags is the number 1; put it in quotes to make it text",
            ],
        ),
        (
            "---\ntitle: a\nquestion: b\nsources:\n- y\n- {url: 'http://x'}\n- {text: a, z: 1}\n- {text: 1}\n---\n",
            [
                "5: an item of sources is text; write {text: …, url: …}",
                "6: a source without text; add text: … with what a reader would look up",
                "7: the key z is unknown; a source has text and url",
                "8: text is the number 1; put it in quotes to make it text",
            ],
        ),
        (
            "---\ntitle: a\nquestion: b\nsources: [{text: a, url: 'javascript:x'}]\n---\n",
            ["4: url is javascript:x; write an address that begins with https://"],
        ),
        ("---\ntitle: a\nquestion: b\nsources: x\n---\n", ["4: sources is text; write a list of {text: …, url: …}"]),
        ("---\ntitle: a\nquestion: b\noriginal: fr\n---\n", ["4: original is fr; write en"]),
        (
            "---\ntitle: a\nquestion: b\nrelated: [m, a/nn, 7]\n---\n",
            ["4: an item of related is the number 7; put it in quotes to make it text"],
        ),
        (
            "---\ntitle: a\nquestion: b\nrelated:\n- m\n- a/nn\n---\n",
            [
                "5: the related note m does not exist; name a note as area/name",
                "6: the related note a/nn does not exist; did you mean a/n?",
            ],
        ),
        (
            "---\ntitle: !!python/object/apply:os.system [ls]\nquestion: b\n---\n",
            ["2: the tag !!python/object/apply:os.system; write the value alone: notes hold plain data"],
        ),
        (
            "---\ntitle: a\nquestion: b: c\n---\n",
            [
                "3: not YAML: mapping values are not allowed here; "
                "mend it, with quotes around text that holds : # or brackets"
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_head_is_said_at_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Each problem names its key's line and what would be right."""
    assert head_errors(tmp_path, text) == expected


def test_a_name_that_several_areas_have_must_be_whole(tmp_path: Path) -> None:
    """``related`` by name alone is an error where two areas have such a note."""
    head = "---\ntitle: T\nquestion: Q\n---\n"
    related = "---\ntitle: T\nquestion: Q\nrelated: [m]\n---\n"
    area = "title: {en: B}\norder: 2\n"
    files = {"a/n/en.md": related, "a/m/en.md": head, "b/m/en.md": head, "b/area.yml": area}
    assert errors(tmp_path, files) == ["a/n/en.md:4: several areas have a note m; name it as area/name"]


def test_a_broken_head_hides_no_error_below_it(tmp_path: Path) -> None:
    """The text below a head with a problem is read all the same."""
    assert [line[0] for line in head_errors(tmp_path, "---\ntitle: a\n---\n```c {x=1}\n```\n")] == ["1", "4"]
