"""What changed in an original since its translation was made, as git's history tells it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from notekit import pipeline, translated
from notekit.store import Store
from tests.notekit.parsing import HEAD, write

ENGLISH = "First.\n\n## Sizes\n\nOne.\n\n```text\nkept\n```\n\n## Ends\n\nTwo.\n\nThree.\n"
CHINESE = "第一段。\n\n## 大小\n\n一。\n\n```text\nkept\n```\n\n## 结尾\n\n二。\n\n三。\n"


def git(root: Path, *arguments: str) -> None:
    """Runs git as somebody, with no configuration of the machine's."""
    who = {f"GIT_{role}_{what}": "x@y" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env={**os.environ, **who, **nowhere})


def commit(root: Path) -> None:
    """Commits all of it."""
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a note whose translation is up to date."""
    write(tmp_path / "notes_src", {"a/b/en.md": HEAD + ENGLISH, "a/b/zh.md": HEAD + CHINESE})
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en, zh]}\n")
    translated.write(tmp_path, pipeline.read(tmp_path), "a/b")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def edit(root: Path, old: str, new: str) -> None:
    """Changes the original."""
    path = root / "notes_src/a/b/en.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def changes(root: Path) -> dict[int, tuple[str, ...]]:
    """What a check finds, by the number of the section."""
    with Store(root / "store") as kept:
        found = pipeline.check(root, kept).changes
    assert all(name[:2] == ("a/b", "zh") for name in found)
    return {number: lines for (_, _, number), lines in found.items()}


def test_nothing_changed(root: Path) -> None:
    """A translation that is up to date has no changes."""
    assert changes(root) == {}


def test_a_change_is_told_before_it_is_committed_and_after(root: Path) -> None:
    """The section as it was when it was translated against the section as it is in the working tree."""
    edit(root, "Two.", "Two or three.")
    expected = {2: (" ", "-Two.", "+Two or three.", " ")}
    assert changes(root) == expected
    commit(root)
    assert changes(root) == expected


def test_several_changes_count_from_the_state_that_was_translated(root: Path) -> None:
    """However many commits lie between."""
    for old, new in (("One.", "One and a half."), ("One and a half.", "Nearly two."), ("First.", "At first.")):
        edit(root, old, new)
        commit(root)
    found = changes(root)
    assert found.keys() == {0, 1}
    assert [line for line in found[1] if line[0] in "-+"] == ["-One.", "+Nearly two."]


def test_a_state_that_is_in_no_commit_is_not_told(root: Path) -> None:
    """The translation was made of a text that was never committed."""
    edit(root, "Two.", "Two or three.")
    translated.write(root, pipeline.read(root), "a/b")
    edit(root, "Two or three.", "Four.")
    assert changes(root) == {}


def test_without_a_repository_there_is_no_history(tmp_path: Path) -> None:
    """The section is stale all the same, and nothing is said of what changed."""
    write(tmp_path / "notes_src", {"a/b/en.md": HEAD + ENGLISH, "a/b/zh.md": HEAD + CHINESE})
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en, zh]}\n")
    translated.write(tmp_path, pipeline.read(tmp_path), "a/b")
    edit(tmp_path, "Two.", "Two or three.")
    assert len(pipeline.read(tmp_path).warnings) == 1
    assert changes(tmp_path) == {}


def test_the_page_shows_what_changed(root: Path) -> None:
    """Behind the notice, as a diff in which nothing of the text is markup."""
    edit(root, "Two.", "Two `[[[ x ]]]` <b>.")
    with Store(root / "store") as kept:
        checked = pipeline.check(root, kept)
    (page,) = (page for page in pipeline.pages(checked) if page.path == "a/b/zh.md")
    notice = page.markdown.partition("{: .stale")[2]
    assert '??? stale-changes "原文的改动"' in notice
    assert "    ``` {.diff}\n" in notice
    assert "    +Two `[[[ '[[' ]]][ x ]]]` <b>.\n" in notice
