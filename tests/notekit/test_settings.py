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


def own(root: Path, *lines: str) -> None:
    (root / "pyproject.toml").write_text("\n".join(["[tool.pagewalk]", *lines]) + "\n")


def test_the_store_is_in_the_project_or_elsewhere_by_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.cache/results`; a path in pyproject.toml; the environment before both."""
    monkeypatch.delenv("PAGEWALK_STORE", raising=False)
    assert settings.store_folder(tmp_path) == tmp_path / ".cache/results"
    own(tmp_path, 'store = "../shared"')
    assert settings.store_folder(tmp_path) == tmp_path / "../shared"
    monkeypatch.setenv("PAGEWALK_STORE", str(tmp_path / "given"))
    assert settings.store_folder(tmp_path) == tmp_path / "given"


@pytest.mark.parametrize(
    ("text", "size"),
    [("64 KiB", 65536), ("512MiB", 512 << 20), ("2 GiB", 2 << 30), (None, settings.DEFAULT_STORE_SIZE)],
)
def test_the_size_of_the_store_is_a_setting(tmp_path: Path, text: str | None, size: int) -> None:
    """A number of KiB, MiB or GiB; without one, 256 MiB."""
    own(tmp_path, *([f'store_size = "{text}"'] if text else []))
    assert settings.store_size(tmp_path) == size


@pytest.mark.parametrize("value", ["5", '"5"', '"5 MB"', '"-1 MiB"', "true", '""'])
def test_a_size_of_another_kind_is_refused(tmp_path: Path, value: str) -> None:
    """The message has the line of the setting and says what it takes."""
    own(tmp_path, 'store = "x"', f"store_size = {value}")
    with pytest.raises(settings.SettingError, match=r"^pyproject\.toml:3: store_size is .*; it takes a size in KiB"):
        settings.store_size(tmp_path)


@pytest.mark.parametrize("value", ["5", '""', "[]"])
def test_a_store_that_is_no_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The message has the line of the setting and says what it takes."""
    monkeypatch.delenv("PAGEWALK_STORE", raising=False)
    own(tmp_path, f"store = {value}")
    with pytest.raises(settings.SettingError, match=r"^pyproject\.toml:2: store is .*; it takes the path of a folder"):
        settings.store_folder(tmp_path)


def test_a_table_of_another_kind_sets_nothing(tmp_path: Path) -> None:
    """A `tool` that is no table is somebody else's mistake."""
    (tmp_path / "pyproject.toml").write_text("tool = 3\n")
    assert settings.store_size(tmp_path) == settings.DEFAULT_STORE_SIZE
