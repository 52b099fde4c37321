"""Folders to a collection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notekit.parsing import AREA, HEAD, collection, errors, read_again, write

BROKEN = HEAD + "```c {x=1}\na\n```\n"


def area(order: object, title: str = "{en: A}") -> str:
    """An ``area.yml``."""
    return f"title: {title}\norder: {order}\n"


def test_areas_are_in_their_order(tmp_path: Path) -> None:
    """Areas go by ``order``, then by name; notes by name; titles by language."""
    files = {
        "a/area.yml": area(2), "c/area.yml": area(1), "b/area.yml": area(1, "{en: Bee, zh: 蜂}"),
        "a/y/en.md": HEAD, "a/x/en.md": HEAD, "b/z/en.md": HEAD,
    }  # fmt: skip
    read = collection(tmp_path, files)
    assert read.errors == ()
    assert [(one.slug, one.order) for one in read.areas] == [("b", 1), ("c", 1), ("a", 2)]
    assert [note.slug for note in read.notes] == ["b/z", "a/x", "a/y"]
    assert read.areas[0].title == {"en": "Bee"}


def test_errors_of_all_notes_are_told_at_once(tmp_path: Path) -> None:
    """They are sorted by file and line, and healthy notes are still there."""
    files = {
        "b/area.yml": area(0), "b/m/en.md": BROKEN + "\n[[[ x\n", "b/k/en.md": HEAD, "a/n/en.md": "no head",
        "a/m/en.md": HEAD + "\n" * 10 + "```c {x=1}\na\n```\n    code\n",
    }  # fmt: skip
    read = collection(tmp_path, files)
    assert [str(one.place) for one in read.errors] == [
        "a/m/en.md:15", "a/m/en.md:18", "a/n/en.md:1", "b/m/en.md:5", "b/m/en.md:9",
    ]  # fmt: skip
    assert [note.slug for note in read.notes] == ["b/k"]


def test_some_notes_can_be_read_alone(tmp_path: Path) -> None:
    """With ``only``, no other note is looked at, and related notes are known all the same."""
    related = "---\ntitle: T\nquestion: Q\nrelated: [m]\n---\n"
    write(tmp_path, {"a/n/en.md": related, "a/m/en.md": BROKEN, "b/area.yml": "broken: [", "b/k/en.md": HEAD})
    read = read_again(tmp_path, only={"a/n"})
    assert read.errors == ()
    assert [note.slug for note in read.notes] == ["a/n"]
    assert read.notes[0].documents[0].head.related == ("a/m",)


def test_files_are_named_from_the_base(tmp_path: Path) -> None:
    """Places and documents name files relative to another folder, with ``/``."""
    write(tmp_path / "notes_src", {"a/n/en.md": HEAD, "a/m/en.md": BROKEN})
    read = read_again(tmp_path / "notes_src", base=tmp_path)
    assert [str(one.place) for one in read.errors] == ["notes_src/a/m/en.md:5"]
    assert [note.documents[0].file for note in read.notes] == ["notes_src/a/n/en.md"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the area has no keys; write title: {en: …} and order: 1"),
        ("- a\n", "1: the area has no keys; write title: {en: …} and order: 1"),
        ("title: {en: A}\n", "1: the key order is missing; write title: {en: …} and order: 1"),
        ("order: 1\n", "1: the key title is missing; write title: {en: …} and order: 1"),
        ("title: A\norder: 1\n", "1: title is text; write a text for each language, such as {en: …, zh: …}"),
        ("order: 1\ntitle:\n  zh: A\n", "2: title has no text in en; add en: …"),
        ("title: {en: 1}\norder: 1\n", "1: en is the number 1; put it in quotes to make it text"),
        ("title: {en: A}\norder: x\n", "2: order is text; write a whole number"),
        ("title: {en: A}\norder: true\n", "2: order is the truth value true; write a whole number"),
        ("title: {en: A}\norder: 1\nx: 1\n", "3: the key x is unknown; an area has title and order"),
        (
            "title: {en: A}\norder: 1\norder: 1\n",
            "3: the key order stands here a second time, first in line 2; keep one of the two",
        ),
        ("title: {en: A}\norder: !x 1\n", "2: the tag !x; write the value alone: notes hold plain data"),
    ],
)
def test_what_is_wrong_with_an_area_is_said_at_its_line(tmp_path: Path, text: str, expected: str) -> None:
    """Each problem of ``area.yml`` has its key's line; the area's notes are there all the same."""
    read = collection(tmp_path, {"a/area.yml": text, "a/n/en.md": HEAD})
    assert [str(one) for one in read.errors] == [f"a/area.yml:{expected}"]
    assert [note.slug for note in read.notes] == ["a/n"]


def test_an_area_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    """The line of the first bad byte is named."""
    assert errors(tmp_path, {"a/area.yml": b"order: 1\n\xff\n", "a/n/en.md": HEAD}) == [
        "a/area.yml:2: the byte 0xff is not UTF-8; save the file as UTF-8"
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["b/n/en.md"], ["b/area.yml:1: the file does not exist; write title: {en: …} and order: 1 into it"]),
        (["b/area.yaml"], ["b/area.yml:1: the file does not exist; rename area.yaml"]),
        (["n.md"], ["n.md:1: no note is read here; move it to AREA/n/en.md: a note is a folder in an area"]),
        (["a/n.md"], ["a/n.md:1: no note is read here; move it to a/n/en.md: a note is a folder in an area"]),
        (["a/en.md"], ["a/en.md:1: no note is read here; move it to a/NOTE/en.md: a note is a folder in an area"]),
        (
            ["b/en.md"],
            [
                "b/area.yml:1: the file does not exist; write title: {en: …} and order: 1 into it",
                "b/en.md:1: no note is read here; move it to b/NOTE/en.md: a note is a folder in an area",
            ],
        ),
        (["a/n/notes.txt"], ["a/n/en.md:1: the file does not exist; write the note here, or take its folder away"]),
        (["a/n/english.md"], ["a/n/en.md:1: the file does not exist; write the note here, or take its folder away"]),
        (
            ["area.yml"],
            ["area.yml:1: this folder is an area, not a folder of areas; name the folder above it as the root"],
        ),
        (
            ["a/my note/en.md"],
            ["a/my note:1: the folder's name has other characters than letters, digits, - _ and .; rename it"],
        ),
        (["README.md", "a/README.md", "a/.hidden/x", ".git/x/en.md", "pictures/x/a.png", "a/x.png"], []),
        (["a/__pycache__/x.pyc", "node_modules/x/en.md"], []),
    ],
)
def test_what_lies_in_the_wrong_place_is_named(tmp_path: Path, files: list[str], expected: list[str]) -> None:
    """What a new author could get wrong is an error; what other tools leave is passed over."""
    assert errors(tmp_path, dict.fromkeys(files, HEAD)) == expected


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Areas and notes are folders themselves."""
    write(tmp_path, {"a/n/en.md": HEAD})
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "a/m").symlink_to("n")
    assert errors(tmp_path, {}) == [
        "a/m:1: this folder is a link; put the folder itself here",
        "b:1: this folder is a link; put the folder itself here",
    ]


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The folder is named."""
    read = read_again(tmp_path / "none", base=tmp_path)
    assert [str(one) for one in read.errors] == [
        "none:1: the folder of areas does not exist; name the folder that holds them"
    ]


def test_an_area_may_be_empty(tmp_path: Path) -> None:
    """An area without notes is one."""
    assert [one.slug for one in collection(tmp_path, {"a/area.yml": AREA}).areas] == ["a"]
