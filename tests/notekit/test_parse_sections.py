"""Sections, digests, and translations that fell behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.model import Section
from tests.notekit.parsing import HEAD, collection, document

TEXT = "Intro.\n\n## One\n\nText.\n\n```sh {#x}\na\n```\n\n```output {of=x}\nb\n```\n\nTwo\n---\n\n```text\nc\n```\n"


def sections(root: Path, text: str) -> tuple[Section, ...]:
    """The sections of a document whose text begins at line 5."""
    return document(root, text).sections


def digests(root: Path, text: str) -> list[str]:
    """The digests of a document's sections."""
    return [section.digest for section in sections(root, text)]


def test_a_section_goes_from_heading_to_heading(tmp_path: Path) -> None:
    """Headings of level 2 and 3 begin sections, however they are written; text before the first is one too."""
    found = sections(tmp_path, TEXT + "\n# not\n#### this\n> ## nor this\n\n### Three `x` ###\n")
    assert [(one.first, one.last, one.level, one.heading) for one in found] == [
        (5, 6, 0, ""),
        (7, 18, 2, "One"),
        (19, 29, 2, "Two"),
        (30, 30, 3, "Three `x`"),
    ]


@pytest.mark.parametrize("before", ["", "\n\n", "<!-- a -->\n\n"])
def test_nothing_before_the_first_heading_is_no_section(tmp_path: Path, before: str) -> None:
    """Blank lines and comments alone make no section."""
    assert [one.heading for one in sections(tmp_path, before + "## One\n")] == ["One"]


def test_no_text_has_no_sections(tmp_path: Path) -> None:
    """A document that is a head only has none."""
    assert sections(tmp_path, "") == ()


def test_a_digest_is_what_its_recipe_says(tmp_path: Path) -> None:
    """Eight hexadecimal digits of the SHA-256 of the items that the recipe lists."""
    import hashlib

    recipe = "|## One\n\n|Text.\n\n`x\n"
    assert digests(tmp_path, TEXT)[1] == hashlib.sha256(recipe.encode()).hexdigest()[:8]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n```", "changed\n```"),
        ("b\n```", "changed\n```"),
        ("```output {of=x}\nb\n```\n", ""),
        ("Text.\n", "Text.  \n\n\n\n"),
        ("Text.\n", "Text.\n\n<!-- of: 12345678 -->\n"),
        ("```sh {#x}", "````sh {timeout=3 #x}"),
        ("```text", "````text"),
    ],
)
def test_what_a_translator_need_not_see_leaves_digests_alone(tmp_path: Path, old: str, new: str) -> None:
    """Bodies of examples, outputs, comments, blank lines and white space at line ends do not count."""
    text = TEXT.replace(old, new, 1)
    if new.startswith("````"):
        text = text.replace("a\n```", "a\n````", 1) if "sh" in new else text.replace("c\n```", "c\n````", 1)
    assert text != TEXT
    assert digests(tmp_path / "a", text) == digests(tmp_path / "b", TEXT)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("Intro", "intro", 0),
        ("## One", "## one", 1),
        ("## One", "### One", 1),
        ("Text.", "Text!", 1),
        ("{#x}", "{#y}", 1),
        ("c\n```", "d\n```", 2),
        ("```text", "```rust", 2),
        ("Two\n---", "Twо\n---", 2),
    ],
)
def test_what_a_translator_must_see_changes_one_digest(tmp_path: Path, old: str, new: str, changed: int) -> None:
    """Headings, prose, ids of examples and what is only shown count, each for its own section."""
    text = TEXT.replace(old, new, 1).replace("{of=x}", "{of=y}" if "#y" in new else "{of=x}")
    before, after = digests(tmp_path / "a", TEXT), digests(tmp_path / "b", text)
    assert [number for number in range(3) if before[number] != after[number]] == [changed]


@given(st.lists(st.sampled_from(["a", "", "  b", "## h", "- c", "x  ", "中"]), max_size=8), st.booleans())
def test_line_ends_and_blank_lines_never_count(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], crlf: bool
) -> None:
    """Doubling blank lines, trailing spaces and CRLF leave every digest as it was."""
    end = " \r\n" if crlf else "  \n"
    loose = "".join(line + end if line else end * 2 for line in lines)
    plain = "".join(f"{line}\n" for line in lines)
    root = tmp_path_factory.mktemp("note")
    assert digests(root / "a", plain) == digests(root / "b", loose)


def pair(root: Path, english: str, chinese: str) -> tuple[tuple[Section, ...], list[str]]:
    """The translation's sections and the warnings."""
    read = collection(root, {"a/n/en.md": HEAD + english, "a/n/zh.md": HEAD + chinese}, languages=("en", "zh"))
    assert read.errors == ()
    return read.notes[0].document("zh").sections, [str(warning) for warning in read.warnings]


def test_a_translation_says_what_it_renders(tmp_path: Path) -> None:
    """A comment right below the head or a heading has the digest of the original's section."""
    english = "a\n\n## b\n\nc\n---\n"
    first, second, third = digests(tmp_path / "en", english)
    chinese = f"<!-- of: {first} -->\n甲\n\n## 乙\n<!-- of: {second.upper()} -->\n\n丙\n---\n\n<!--of:{third}-->\n"
    found, warnings = pair(tmp_path / "both", english, chinese)
    assert [(one.of_line, one.stale) for one in found] == [(5, False), (9, False), (14, False)]
    assert warnings == []


def test_a_section_that_fell_behind_is_a_warning(tmp_path: Path) -> None:
    """Another digest, or none, is stale: said at the comment, or where the section begins."""
    found, warnings = pair(tmp_path, "a\n## b\n## c\n", "甲\n## 乙\n<!-- of: 00000000 -->\n## 丙\n文\n<!-- of: x -->\n")
    assert [one.stale for one in found] == [True, True, True]
    end = "bring it up to date with en.md, then run: notes translated a/n"
    assert warnings == [
        f"a/n/zh.md:5: the text before the first heading does not say which state of en.md it renders; {end}",
        f"a/n/zh.md:7: the section 乙 renders an earlier state of en.md; {end}",
        f"a/n/zh.md:8: the section 丙 does not say which state of en.md it renders; {end}",
    ]


def test_the_original_is_never_stale(tmp_path: Path) -> None:
    """What the original says in such comments is a comment."""
    read = collection(tmp_path, {"a/n/en.md": HEAD + "<!-- of: 00000000 -->\na\n"})
    assert (read.errors, read.warnings) == ((), ())
