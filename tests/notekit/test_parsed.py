"""A note that has not changed is not read again, and one that has is."""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

import notekit.parse.note
from notekit import parsed
from notekit.model import Collection
from notekit.parse import read_collection
from notekit.parse.context import Context, NoteRead
from notekit.parse.files import Folder
from notekit.parsed import Parsed
from tests.notekit.parsing import CAPABILITIES, DIAGRAMS, HEAD, NAMES, write
from tests.notekit.test_parse_fuzz import TEXT

NOTE = (
    HEAD.replace("question", "related: [m]\nquestion")
    + """Text with a `span` and [[[ reach('a', unit='b') ]]].

<!-- a comment -->

```sh {#x file=f args="1 2" with=d timeout=3}
```

```output {of=x}
<int>
```

```walk {#w}
address: 0x1000
expect: {fault: 4}
```
"""
)
FILES = {"a/n/en.md": NOTE, "a/n/f": "echo 1\n", "a/n/d/e": "x", "a/m/en.md": HEAD}
_numbers = itertools.count()


class Read:
    """A folder of notes and what is kept of its readings; counts the notes that are read."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
        self.root, self.kept = root / "notes", root / "kept"
        self.read: list[str] = []
        original = notekit.parse.note.read_note

        def counting(slug: str, prefix: str, folder: Folder, context: Context) -> NoteRead:
            self.read.append(slug)
            return original(slug, prefix, folder, context)

        if monkeypatch:
            monkeypatch.setattr(notekit.parse.note, "read_note", counting)

    def again(self, **other: object) -> tuple[Collection, list[str]]:
        """The collection, and the slugs of the notes that were read for it."""
        self.read.clear()
        collection = self.collection(read_note=Parsed(self.kept), **other)
        return collection, list(self.read)

    def collection(self, **other: object) -> Collection:
        """The collection, read with what is given in place of the usual."""
        usual = {"languages": ("en",), "diagrams": DIAGRAMS, "names": NAMES, "capabilities": CAPABILITIES}
        return read_collection(self.root, **{**usual, **other})  # type: ignore[arg-type]  # of mixed types, by name


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Two notes that were read once."""
    found = Read(tmp_path, monkeypatch)
    write(found.root, FILES)
    collection, read = found.again()
    assert (collection.errors, sorted(read)) == ((), ["a/m", "a/n"])
    return found


def test_what_has_not_changed_is_not_read_again(notes: Read) -> None:
    """The second time nothing is read, and the collection is the same in every value."""
    first = notes.collection()
    assert notes.again() == (first, [])


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


@pytest.mark.parametrize(
    "change",
    [
        _write("a/n/en.md", NOTE.replace("Text", "Test")),
        _write("a/n/f", "echo 2\n"),
        _write("a/n/d/e", "y"),
        _write("a/n/d/new", "z"),
        lambda root: (root / "a/n/f").chmod(0o755),
        lambda root: (root / "a/n/d/e").rename(root / "a/n/d/g"),
    ],
)
def test_a_note_is_read_again_when_something_of_it_changed(notes: Read, change: Callable[[Path], object]) -> None:
    """A byte of the text or of a named file, its mode, a name in a named folder: that note is read, no other."""
    change(notes.root)
    collection, read = notes.again()
    assert read == ["a/n"]
    assert collection == notes.collection()


def test_a_note_is_read_again_when_a_file_it_names_is_gone(notes: Read) -> None:
    """The error is there at once, each time, and goes when the file is back."""
    (notes.root / "a/n/f").unlink()
    for _ in range(2):
        collection, read = notes.again()
        assert read == ["a/n"]
        assert [str(error) for error in collection.errors] == [str(error) for error in notes.collection().errors] != []
    write(notes.root, FILES)
    assert notes.again()[0].errors == ()


def test_a_note_is_read_again_when_a_related_one_comes_or_goes(notes: Read) -> None:
    """A second note of the related one's name makes the name ambiguous; without any it does not exist."""
    write(notes.root, {"b/m/en.md": HEAD, "b/area.yml": "title: {en: B}\norder: 2\n"})
    collection, read = notes.again()
    assert sorted(read) == ["a/n", "b/m"]
    assert [error.message for error in collection.errors] == ["several areas have a note m"]
    for folder in ("a/m", "b/m"):
        (notes.root / folder / "en.md").unlink()
        (notes.root / folder).rmdir()
    assert [error.message for error in notes.again()[0].errors] == ["the related note m does not exist"]


def test_a_note_in_another_place_is_another_note(notes: Read) -> None:
    """Places name the note's own file after its folder was renamed."""
    (notes.root / "a/n").rename(notes.root / "a/o")
    collection, read = notes.again()
    assert read == ["a/o"]
    assert {note.slug for note in collection.notes} == {"a/m", "a/o"}
    assert all(example.place.file == "a/o/en.md" for note in collection.notes for example in note.examples)


@pytest.mark.parametrize(
    "other",
    [
        {"capabilities": frozenset({"qemu"})},
        {"diagrams": {**DIAGRAMS, "more": {}}},
        {"names": {**NAMES, "now": inspect.Signature(), "then": inspect.Signature()}},
        {"languages": ("en", "zh")},
        {"base": Path("/")},
    ],
)
def test_all_are_read_again_under_other_settings(notes: Read, other: dict[str, object]) -> None:
    """Capabilities, diagrams, computed names, languages, and what places are relative to."""
    collection, read = notes.again(**other)
    assert sorted(read) == ["a/m", "a/n"]
    assert collection == notes.collection(**other)


def test_all_are_read_again_by_another_version(notes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other code, or another version of a library that reads."""
    monkeypatch.setattr(parsed, "_of_version", lambda: "another")
    assert sorted(notes.again()[1]) == ["a/m", "a/n"]


def test_the_version_is_that_of_all_that_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another with another Markdown parser."""
    before = parsed._of_version.__wrapped__()
    assert before == parsed._of_version.__wrapped__()
    monkeypatch.setattr(parsed, "version", lambda name: "0" if name == "markdown-it-py" else "1")
    assert parsed._of_version.__wrapped__() != before


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data.replace(b"echo", b"ohce"),
    ],
)
def test_a_damaged_entry_is_read_anew(notes: Read, harm: Callable[[bytes], bytes]) -> None:
    """An entry that is empty, cut short or changed gives no wrong note, and is mended."""
    for path in notes.kept.iterdir():
        path.write_bytes(harm(path.read_bytes()) if b"echo" in path.read_bytes() else path.read_bytes())
    collection, read = notes.again()
    assert (collection, read) == (notes.collection(), ["a/n"])
    assert notes.again() == (collection, [])


def test_what_is_whole_and_not_a_note_is_read_anew(notes: Read) -> None:
    """Another note's entry under this one's name, and a sealed entry of other types."""
    one, other = sorted(notes.kept.iterdir())
    one.write_bytes(other.read_bytes())
    assert len(notes.again()[1]) == 1
    data = parsed.msgspec.msgpack.encode({"identity": 1})
    one.write_bytes(parsed.hashlib.sha256(data).digest() + data)
    collection, read = notes.again()
    assert (collection, len(read)) == (notes.collection(), 1)


def test_where_nothing_can_be_kept_all_is_read(notes: Read) -> None:
    """A file in place of the folder costs time and nothing else."""
    for path in notes.kept.iterdir():
        path.unlink()
    notes.kept.rmdir()
    notes.kept.write_text("")
    for _ in range(2):
        collection, read = notes.again()
        assert (collection, sorted(read)) == (notes.collection(), ["a/m", "a/n"])


def test_what_is_kept_of_notes_that_are_gone_goes(notes: Read) -> None:
    """``forget_all_but`` leaves the readings of the notes that it names."""
    Parsed(notes.kept).forget_all_but({"a/n"})
    assert len(list(notes.kept.iterdir())) == 1
    assert notes.again()[1] == ["a/m"]


def test_a_note_with_large_files_is_not_kept(notes: Read) -> None:
    """What is kept stays small, whatever the examples bring along."""
    (notes.root / "a/n/d/e").write_bytes(os.urandom(2 << 20))
    assert [notes.again()[1] for _ in range(2)] == [["a/n"], ["a/n"]]
    assert sum(path.stat().st_size for path in notes.kept.iterdir()) < 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all notes of this module."""
    return tmp_path_factory.mktemp("notes")


@given(text=TEXT)
@settings(max_examples=60)
def test_what_is_kept_is_what_would_be_read(folder: Path, text: str) -> None:
    """Whatever a note says: read, kept and taken again it is the same, errors and warnings included."""
    notes = Read(folder / str(next(_numbers)))
    write(notes.root, {**FILES, "a/n/en.md": (HEAD + text).encode("utf-8", "surrogatepass")})
    fresh = notes.collection()
    assert notes.again()[0] == fresh
    taken, read = notes.again()
    assert taken == fresh
    # Tuples and lists are not equal, so equal values are of equal types down to what a computed call is given.
    assert not ({"a/n", "a/m"} & {note.slug for note in fresh.notes}) & set(read)
