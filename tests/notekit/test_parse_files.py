"""Files that examples name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notekit.model import NamedFile
from notekit.parse import files
from tests.notekit.parsing import errors, example, text_errors, write


def test_files_and_folders_come_along(tmp_path: Path) -> None:
    """``with`` brings files, and folders with all that is in them, sorted, each once, with the executable bit."""
    write(tmp_path, {"a/n/exp/sub/b.txt": "b", "a/n/exp/a.sh": "a", "a/n/one": b"\xff", "a/n/not": ""})
    (tmp_path / "a/n/exp/a.sh").chmod(0o755)
    found = example(tmp_path, '```console {with="one exp ./exp/a.sh"}\n$ ls\n```\n')
    assert found.files == (
        NamedFile("exp/a.sh", b"a", True),
        NamedFile("exp/sub/b.txt", b"b"),
        NamedFile("one", b"\xff"),
    )


def test_a_name_with_a_space_is_quoted(tmp_path: Path) -> None:
    """Names in ``with`` are split as a shell splits words."""
    found = example(tmp_path, "```console {with=\"'a b'\"}\n$ ls\n```\n", **{"a b": "x"})
    assert [file.path for file in found.files] == ["a b"]


def test_a_path_may_wander_within_the_folder(tmp_path: Path) -> None:
    """``..`` that does not leave the folder is taken as it is meant."""
    write(tmp_path, {"a/n/exp/x": "x"})
    assert [file.path for file in example(tmp_path, "```console {with=exp/../exp//x}\n$ a\n```\n").files] == ["exp/x"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/etc/passwd", "/etc/passwd is an absolute path; write it relative to the note's folder"),
        ("../area.yml", "../area.yml leaves the note's folder; copy the file into the note's folder"),
        ("exp/../../area.yml", "exp/../../area.yml leaves the note's folder; copy the file into the note's folder"),
        (".", ". is the note's folder itself; name the files or folders in it that are needed"),
        ("exp/..", "exp/.. is the note's folder itself; name the files or folders in it that are needed"),
        ("nothing", "nothing does not exist; add it to the note's folder"),
        ("fil", "fil does not exist; did you mean file?"),
        ("exp/fil", "exp/fil does not exist; did you mean file?"),
        ("file/x", "file is no folder; name the file itself"),
        ("link", "link is a link; put the file itself into the note's folder"),
        ("linked/file", "linked is a link; put the file itself into the note's folder"),
        ("dangling", "dangling is a link; put the file itself into the note's folder"),
        ("pipe", "pipe is no ordinary file; use a file, not a device, pipe or socket"),
        ("empty", "the folder empty is empty; put files into it, for git does not keep it either"),
        ("bad", "bad/link is a link; put the file itself into the note's folder"),
        ("deep", f"deep{'/d' * 21} is nested too deeply; use at most 20 folders in one another"),
    ],
)
def test_a_file_that_cannot_come_along_is_named(tmp_path: Path, name: str, expected: str) -> None:
    """Nothing outside the note's folder is read, through no link anywhere, and nothing that is no file."""
    folder = tmp_path / "a/n"
    write(tmp_path, {"a/n/file": "", "a/n/exp/file": "", f"a/n/deep{'/d' * 22}/file": "", "a/n/bad/file": ""})
    (folder / "link").symlink_to("file")
    (folder / "linked").symlink_to("exp")
    (folder / "dangling").symlink_to("none")
    (folder / "bad/link").symlink_to("/etc/passwd")
    (folder / "empty").mkdir()
    os.mkfifo(folder / "pipe")
    assert text_errors(tmp_path, f'```console {{with="{name}"}}\n$ a\n```\n') == [f"en.md:5: with: {expected}"]


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("sh {file=exp}", "file: exp is a folder; name a file in it"),
        ("sh {file=link}", "file: link is a link; put the file itself into the note's folder"),
        ("json {schema=none.json}", "schema: none.json does not exist; add it to the note's folder"),
        ("json {schema=exp}", "schema: exp is a folder; name a file in it"),
    ],
)
def test_a_program_and_a_schema_are_files(tmp_path: Path, info: str, expected: str) -> None:
    """``file`` and ``schema`` name one ordinary file."""
    write(tmp_path, {"a/n/exp/file": ""})
    (tmp_path / "a/n/link").symlink_to("exp/file")
    body = "{}\n" if info.startswith("json") else ""
    assert text_errors(tmp_path, f"```{info}\n{body}```\n") == [f"en.md:5: {expected}"]


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a folder's bytes and a folder's number of files have limits."""
    monkeypatch.setattr(files, "LARGEST_FILE", 10)
    monkeypatch.setattr(files, "LARGEST_FOLDER", 15)
    monkeypatch.setattr(files, "MOST_FILES", 2)
    write(tmp_path, {"a/n/large": "x" * 11, "a/n/sum/a": "x" * 8, "a/n/sum/b": "x" * 8})
    write(tmp_path, {"a/n/many/a": "", "a/n/many/b": "", "a/n/many/c": ""})
    folder = files.Folder(tmp_path / "a/n")
    for name, message in [("large", "large is too large"), ("sum", "the folder sum"), ("many", "the folder many")]:
        with pytest.raises(files.FileError, match=message):
            folder.files(name)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A file of a copied folder whose name is no text is an error of the block."""
    write(tmp_path, {"a/n/exp/x": ""})
    Path(os.fsdecode(os.fsencode(tmp_path / "a/n/exp") + b"/\xff")).touch()
    assert text_errors(tmp_path, "```console {with=exp}\n$ a\n```\n") == [
        "en.md:5: with: the name exp/\N{REPLACEMENT CHARACTER} is not UTF-8; rename the file"
    ]


SCHEMA = "the schema refers to {}, outside its file; copy what is meant under $defs and refer to #/$defs/…"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ('{\n"properties": {"a": {"$ref": "http://x/y"}}}', "2: " + SCHEMA.format("http://x/y")),
        ('[\n{},\n{"$dynamicRef": "other.json"}]', "3: " + SCHEMA.format("other.json")),
        ("{\n", "2: not JSON: Expecting property name enclosed in double quotes; mend it"),
        ('{"type": "wrong"}', "1: not a JSON Schema: 'wrong' is not valid under any of the given schemas; mend it"),
        (
            "[" * 100_000,
            "1: not JSON: maximum recursion depth exceeded while decoding a JSON array from a unicode string; mend it",
        ),
    ],
)
def test_a_schema_is_whole_in_its_file(tmp_path: Path, schema: str, expected: str) -> None:
    """A schema that is none, or refers outside its file, is an error of the block that names it."""
    (line,) = text_errors(tmp_path, "```json {schema=s.json}\n{}\n```\n", s__json=schema)
    assert line.startswith("en.md:5: schema: s.json:")
    assert line.removeprefix("en.md:5: schema: s.json:")[:40] == expected[:40]


def test_a_schema_that_refers_to_itself_comes_along(tmp_path: Path) -> None:
    """References within the file, and data that only looks like one, are no error."""
    schema = '{"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a", "default": {"$ref": "http://x"}}'
    found = example(tmp_path, '```json {schema=s.json}\n"x"\n```\n', s__json=schema)
    assert found.schema == NamedFile("s.json", schema.encode())


def test_a_note_is_read_through_no_link(tmp_path: Path) -> None:
    """A document that is a link is an error, wherever it leads."""
    write(tmp_path, {"secret": "x", "a/n/zh.md": "---\ntitle: T\nquestion: Q\n---\n"})
    (tmp_path / "a/n/en.md").symlink_to("../../secret")
    assert errors(tmp_path, {}) == ["a/n/en.md:1: en.md is a link; put the file itself into the note's folder"]
