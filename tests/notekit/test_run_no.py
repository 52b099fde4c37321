"""How many blocks may say `run=no`."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import Collection
from notekit.run_no import allowed, excess
from notekit.settings import SettingError
from tests.notekit import parsing

BLOCK = '```console {{#{} run=no because="it reboots"}}\n$ reboot\n```\n'


def note(root: Path, *ids: str) -> Collection:
    """A note whose blocks all say `run=no`."""
    return parsing.collection(root, {"a/b/en.md": parsing.HEAD + "".join(BLOCK.format(one) for one in ids)})


@pytest.mark.parametrize("text", [None, "", "[tool]\n", "[tool.pagewalk]\n"])
def test_without_a_number_there_is_no_limit(tmp_path: Path, text: str | None) -> None:
    """A project without pyproject.toml, or whose file does not say it, may have as many as it likes."""
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert allowed(tmp_path) is None
    assert excess(note(tmp_path, "one", "two"), None) == ()


def test_more_than_the_number_is_a_complaint(tmp_path: Path) -> None:
    """It stands at the number's line and names the blocks; as many as allowed are none."""
    (tmp_path / "pyproject.toml").write_text("# run_no\n[tool.pagewalk]\nrun_no = 1\n")
    limit = allowed(tmp_path)
    assert excess(note(tmp_path, "one"), limit) == ()
    assert [str(complaint) for complaint in excess(note(tmp_path, "one", "two"), limit)] == [
        "pyproject.toml:3: 2 blocks say run=no where run_no allows 1: a/b#one at a/b/en.md:5, a/b#two at a/b/en.md:8; "
        "let one of them run, or raise run_no"
    ]


def test_of_many_three_are_named(tmp_path: Path) -> None:
    """The others are counted."""
    (tmp_path / "pyproject.toml").write_text("tool.pagewalk.run_no = 0\n")
    (complaint,) = excess(note(tmp_path, "one", "two", "three", "four", "five"), allowed(tmp_path))
    assert complaint.message.endswith("a/b#three at a/b/en.md:11, and 2 more")


@pytest.mark.parametrize("value", ["-1", "true", "'2'", "1.0"])
def test_a_number_of_another_kind_is_refused(tmp_path: Path, value: str) -> None:
    """The message says what it takes."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.pagewalk]\nrun_no = {value}\n")
    with pytest.raises(SettingError, match=r"^pyproject\.toml:2: run_no is .*; it takes a whole number from 0"):
        allowed(tmp_path)


@pytest.mark.parametrize(("content", "line"), [(b"a = 1\nb =\n", 2), (b"a = '\xff'\n", 1)])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, line: int) -> None:
    """The line is that of the mistake, where it has one."""
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(SettingError, match=rf"^pyproject\.toml:{line}: not TOML"):
        allowed(tmp_path)
