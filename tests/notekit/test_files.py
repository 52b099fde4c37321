"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notekit.files import write_whole


def test_a_write_replaces_the_file_and_keeps_its_mode(tmp_path: Path) -> None:
    """The new content is there, with the permissions that the file had, and nothing else in the folder."""
    path = tmp_path / "a.md"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new\n")
    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full at the last moment, the old content stays and no temporary file is left."""
    path = tmp_path / "a.md"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.md"]
