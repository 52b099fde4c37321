"""What a project sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit import settings


def test_without_a_setting_notes_are_in_english_and_chinese(tmp_path: Path) -> None:
    """The default holds with no mkdocs.yml, and with one that says nothing of it."""
    assert settings.languages(tmp_path) == ("en", "zh")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nx: !ENV HOME\ny: !!python/name:os.system\n")
    assert settings.languages(tmp_path) == ("en", "zh")


def test_the_languages_are_a_setting(tmp_path: Path) -> None:
    """`extra.languages` says which documents a note must have."""
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [de]}\n")
    assert settings.languages(tmp_path) == ("de",)


@pytest.mark.parametrize("setting", ["en", "[]", "[1]", "{en: 1}"])
def test_a_setting_of_another_kind_is_refused(tmp_path: Path, setting: str) -> None:
    """The message says what the setting takes."""
    (tmp_path / "mkdocs.yml").write_text(f"extra: {{languages: {setting}}}\n")
    with pytest.raises(settings.SettingError, match=r"takes a list of languages such as \[en, zh\]"):
        settings.languages(tmp_path)


def test_a_file_that_is_not_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    """The line is that of the mistake."""
    (tmp_path / "mkdocs.yml").write_text("a: 1\nb: [\n")
    with pytest.raises(settings.SettingError, match=r"mkdocs\.yml:3: not YAML"):
        settings.languages(tmp_path)


def test_the_root_is_found_from_a_folder_inside(tmp_path: Path) -> None:
    """`notes` works from a note's folder as from the project's."""
    inside = tmp_path / "notes_src" / "area" / "note"
    inside.mkdir(parents=True)
    assert settings.find_root(inside) == tmp_path


def test_a_project_has_its_notes_in_notes_src(tmp_path: Path) -> None:
    """A folder without mkdocs.yml is the collection itself; a project without notes_src is told what is missing."""
    assert settings.notes_folder(tmp_path) == tmp_path
    (tmp_path / "mkdocs.yml").write_text("")
    with pytest.raises(settings.SettingError, match=r"there is no such folder beside mkdocs\.yml; make it"):
        settings.notes_folder(tmp_path)
    (tmp_path / "notes_src").mkdir()
    assert settings.notes_folder(tmp_path) == tmp_path / "notes_src"
