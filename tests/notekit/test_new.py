"""`notes new`: a note that passes as it is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from notekit import new_note
from notekit.cli import main
from tests.notekit.parsing import read_again


def notes(root: Path, *words: str) -> Result:
    """The outcome of ``notes`` for a collection; results are kept beside it."""
    command, *rest = words
    environment = {"PAGEWALK_STORE": str(root / ".store"), "CI": None}
    return CliRunner().invoke(main, [command, "--root", str(root), *rest], env=environment)


def project(root: Path, languages: str) -> Path:
    """A project with these languages."""
    (root / "notes_src").mkdir()
    (root / "mkdocs.yml").write_text(f"extra: {{languages: {languages}}}\n")
    return root


@pytest.mark.parametrize("languages", ["[en, zh]", "[zh, en]", "[en]", "[de, fr, zh]"])
def test_a_new_note_passes(tmp_path: Path, languages: str) -> None:
    """Its example runs and is what the note states, in each language, with no warning."""
    root = project(tmp_path, languages)
    made = notes(root, "new", "shell/first-words")
    assert made.exit_code == 0
    names = yaml.safe_load(languages)
    assert made.stdout.splitlines() == [
        "notes_src/shell/area.yml",
        *(f"notes_src/shell/first-words/{name}.md" for name in names),
    ]
    checked = notes(root, "check", "--json", "-", "shell/first-words")
    report = json.loads(checked.stdout)
    assert [one["status"] for one in report["examples"]] == ["passed"]
    assert (checked.exit_code, report["errors"], report["warnings"]) == (0, [], [])


def test_an_area_that_is_there_stays(tmp_path: Path) -> None:
    """A second note leaves area.yml alone, and a new area comes after the others."""
    root = project(tmp_path, "[en]")
    notes(root, "new", "one/a")
    (root / "notes_src/one/area.yml").write_text("title: {en: One}\norder: 7\n")
    assert notes(root, "new", "one/b").stdout == "notes_src/one/b/en.md\n"
    assert (root / "notes_src/one/area.yml").read_text() == "title: {en: One}\norder: 7\n"
    notes(root, "new", "two/a")
    assert yaml.safe_load((root / "notes_src/two/area.yml").read_text()) == {"title": {"en": "Two"}, "order": 8}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A note that is there, or anything else of its name, is left as it is, and refused with 2."""
    root = project(tmp_path, "[en]")
    notes(root, "new", "a/n")
    (root / "notes_src/a/n/en.md").write_text("mine")
    os.symlink("nowhere", root / "notes_src/a/link")
    for name in ("a/n", "a/link"):
        refused = notes(root, "new", name)
        assert refused.exit_code == 2
        assert refused.stderr == f"{name} is there already; choose another name, or edit it\n"
    assert (root / "notes_src/a/n/en.md").read_text() == "mine"
    assert sorted(os.listdir(root / "notes_src/a")) == ["area.yml", "link", "n"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("n", "'n' names no note; write AREA/NAME, such as git/empty-directories"),
        ("/n", "'/n' names no note; write AREA/NAME, such as git/empty-directories"),
        ("a/b/n", "'a/b/n' names no note; write AREA/NAME, such as git/empty-directories"),
        ("a/N", "'N' cannot be part of an address; use a-z and 0-9, with - between words"),
        ("../n", "'..' cannot be part of an address; use a-z and 0-9, with - between words"),
        ("a/..", "'..' cannot be part of an address; use a-z and 0-9, with - between words"),
        ("a/x_y", "'x_y' cannot be part of an address; use a-z and 0-9, with - between words"),
        ("a/n\n", "'n\\n' cannot be part of an address; use a-z and 0-9, with - between words"),
        ("zh/n", "the site has its pages in zh at /zh/; choose another name for the area"),
        ("guides/n", "docs/guides has hand-written pages at the same address; choose another name for the area"),
    ],
)
def test_a_name_that_cannot_be_an_address_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """The message says what would be right, and nothing is made."""
    root = project(tmp_path, "[en, zh]")
    (root / "docs/guides").mkdir(parents=True)
    refused = notes(root, "new", name)
    assert (refused.exit_code, refused.stderr) == (2, f"{said}\n")
    assert list((root / "notes_src").iterdir()) == []


def test_an_area_keeps_its_name(tmp_path: Path) -> None:
    """An area that is there already need not be named as a new one."""
    root = project(tmp_path, "[en]")
    (root / "notes_src/C_files").mkdir()
    (root / "notes_src/C_files/area.yml").write_text("title: {en: C}\norder: 1\n")
    assert notes(root, "new", "C_files/n").exit_code == 0


@pytest.mark.parametrize("name", ["on", "null", "2024", "1e3"])
def test_a_name_that_yaml_reads_otherwise_is_text(tmp_path: Path, name: str) -> None:
    """Title and area are text, whatever the name looks like."""
    new_note.create(tmp_path, f"{name}/{name}", ("en",), 1)
    assert [str(problem) for problem in read_again(tmp_path).errors] == []


def test_a_note_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file cannot be written, nothing of the note is left."""
    write_whole = new_note.write_whole

    def full(path: Path, data: str | bytes) -> None:
        if path.name == "zh.md":
            raise OSError(28, "No space left on device", str(path))
        write_whole(path, data)

    monkeypatch.setattr(new_note, "write_whole", full)
    refused = notes(project(tmp_path, "[en, zh]"), "new", "a/n")
    assert refused.exit_code == 2
    assert refused.stderr.endswith("cannot be written (No space left on device); make it writable\n")
    assert os.listdir(tmp_path / "notes_src/a") == ["area.yml"]


def test_a_new_folder_is_as_open_as_its_area(tmp_path: Path) -> None:
    """The note's folder has the permissions of the area's."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    new_note.create(tmp_path, "a/n", ("en",), 1)
    assert stat.S_IMODE((tmp_path / "a/n").stat().st_mode) == 0o750
