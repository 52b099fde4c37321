"""Marking translations as up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit import translated
from notekit.model import Collection
from tests.notekit.parsing import read_again, write

HEAD = "---\ntitle: T\nquestion: Q\n---\n"
ENGLISH = HEAD + "Intro.\n\n## One\n\nText.\n\n## Two\nEnd.\n"
PAIR = ("en", "zh")


def read(root: Path, english: str | bytes, chinese: str | bytes, languages: tuple[str, ...] = PAIR) -> Collection:
    """The collection of one note with these texts. Fails where it has errors."""
    write(root, {"a/n/en.md": english, "a/n/zh.md": chinese})
    found = read_again(root, languages=languages)
    assert [str(problem) for problem in found.errors] == []
    return found


def digests(collection: Collection) -> list[str]:
    """The digests of the original's sections."""
    return [section.digest for section in collection.notes[0].document("en").sections]


def test_each_section_says_what_it_renders(tmp_path: Path) -> None:
    """The comment is the first line below the head or the heading, whichever way that is written."""
    found = read(tmp_path, ENGLISH, HEAD + "\n文\n\n## 一\n文\n\n二\n---\n文\n")
    one, two, three = digests(found)
    assert translated.mark(found, "a/n") == {
        "a/n/zh.md": HEAD
        + f"<!-- of: {one} -->\n\n文\n\n## 一\n<!-- of: {two} -->\n文\n\n二\n---\n<!-- of: {three} -->\n文\n"
    }


def test_a_comment_that_is_there_is_renewed_in_place(tmp_path: Path) -> None:
    """An earlier digest, or one that is none, gives way to the right one; a right one stays as it is."""
    found = read(tmp_path, ENGLISH, HEAD + "文\n## 一\n## 二\n")
    one, two, three = digests(found)
    chinese = HEAD + f"<!-- of: 00000000 -->\n文\n## 一\n\n<!--of: {two.upper()}-->\n## 二\n<!-- of: ? -->\n"
    found = read(tmp_path, ENGLISH, chinese)
    expected = chinese.replace("00000000", one).replace("?", three)
    assert translated.mark(found, "a/n") == {"a/n/zh.md": expected}


def test_marking_again_changes_nothing(tmp_path: Path) -> None:
    """After writing there is no warning, nothing more to mark, and the file stays as it is."""
    found = read(tmp_path, ENGLISH, HEAD + "文\n## 一\n## 二\n")
    assert len(found.warnings) == 3
    assert translated.write(tmp_path, found, "a/n") == ("a/n/zh.md",)
    again = read_again(tmp_path, languages=PAIR)
    assert again.warnings == ()
    assert translated.mark(again, "a/n") == {}
    before = (tmp_path / "a/n/zh.md").stat()
    assert translated.write(tmp_path, again, "a/n") == ()
    assert (tmp_path / "a/n/zh.md").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"END"])
def test_not_one_other_byte_changes(tmp_path: Path, start: bytes, end: bytes, last: bytes) -> None:
    """Line ends, a byte-order mark, white space, and a missing end of the last line stay."""
    text = (HEAD + "文  \n\t\n## 一\n<!-- of: 00000000 -->\n文\u2028\rx\n## 二\n").encode().replace(b"\n", end)
    text = start + (text.removesuffix(end) if last else text)
    found = read(tmp_path, ENGLISH, text)
    translated.write(tmp_path, found, "a/n")
    one, two, three = (f"<!-- of: {digest} -->".encode() for digest in digests(found))
    expected = text.replace(b"<!-- of: 00000000 -->", two)
    expected = expected.replace("文  ".encode(), one + end + "文  ".encode(), 1)
    expected += end + three if last else three + end
    assert (tmp_path / "a/n/zh.md").read_bytes() == expected
    assert read_again(tmp_path, languages=PAIR).warnings == ()


def test_only_translations_are_written(tmp_path: Path) -> None:
    """The original keeps its bytes, whichever language it is in."""
    head = "---\ntitle: T\nquestion: Q\noriginal: zh\n---\n"
    found = read(tmp_path, head + "a\n", head + "文\n")
    assert translated.write(tmp_path, found, "a/n") == ("a/n/en.md",)
    assert (tmp_path / "a/n/zh.md").read_text(encoding="utf-8") == head + "文\n"


def test_a_change_to_the_original_is_stale_until_marked(tmp_path: Path) -> None:
    """The one section whose original changed is a warning, and only its comment is renewed."""
    translated.write(tmp_path, read(tmp_path, ENGLISH, HEAD + "文\n## 一\n## 二\n"), "a/n")
    chinese = (tmp_path / "a/n/zh.md").read_bytes()
    found = read(tmp_path, ENGLISH.replace("Text.", "Other."), chinese)
    assert [warning.place.line for warning in found.warnings] == [8]
    (text,) = translated.mark(found, "a/n").values()
    changed = [
        number
        for number, (old, new) in enumerate(zip(chinese.decode().split("\n"), text.split("\n"), strict=True), 1)
        if old != new
    ]
    assert changed == [8]


def test_a_note_that_cannot_be_read_is_not_marked(tmp_path: Path) -> None:
    """A slug without a readable note is a KeyError."""
    write(tmp_path, {"a/n/en.md": "no head"})
    with pytest.raises(KeyError):
        translated.mark(read_again(tmp_path), "a/n")


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """What was written since the note was read is not lost."""
    found = read(tmp_path, ENGLISH, HEAD + "文\n## 一\n## 二\n")
    (tmp_path / "a/n/zh.md").write_text("other", encoding="utf-8")
    with pytest.raises(
        translated.ChangedError, match=r"^a/n/zh\.md:1: the file changed while it was read; run the command again$"
    ):
        translated.write(tmp_path, found, "a/n")
    assert (tmp_path / "a/n/zh.md").read_text(encoding="utf-8") == "other"
