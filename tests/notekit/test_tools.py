"""The programs of the sandbox, and which version each of them is."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from notekit.sandbox import packages, tools
from tests.notekit.confinement import bash


def owner_of(path: str) -> str:
    """The version of the package that owns a file, asked for one by one, under each name it may have."""
    for name in (path, path.removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            package = found.stdout.split(":")[0]
            asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
            return asked.stdout
    return "sha256:" + hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize("word", ["bash", "sh", "gcc", "cat", "awk", "python3", "git"])
def test_a_word_means_what_it_means_in_the_sandbox(word: str) -> None:
    """A command resolves to the file that the sandbox runs, with the version of the package that owns it."""
    inside = bash(f"realpath $(type -P {word})").stdout.decode().strip()
    assert tools.resolve(word) == inside
    assert tools.version_of(word) == owner_of(inside)


def test_the_builder_s_path_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program on the builder's PATH alone is not there for an example."""
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert tools.resolve("mine") is None


@pytest.mark.parametrize("word", ["", ".", "..", "cd", "no-such-command", "./cat", "/usr/bin/cat", "a\0b", "x" * 5000])
def test_other_words_resolve_to_nothing(word: str) -> None:
    """A builtin, a path, a folder and nonsense are no programs."""
    assert tools.resolve(word) is None


def test_a_library_has_a_version() -> None:
    """The C library, whose name is no command, is found and has a version."""
    path = tools.resolve("libc.so.6")
    assert path is not None
    assert tools.version_of("libc.so.6") == owner_of(path)


def test_a_file_of_no_package_has_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that no package owns is known by its content, and a change of it shows."""
    program = tmp_path / "own"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(tools, "SEARCH_PATH", (str(tmp_path),))
    monkeypatch.setattr(tools, "_MOUNTED", (f"{tmp_path}/",))
    assert tools.version_of("own") == "sha256:" + hashlib.sha256(b"#!/bin/sh\n").hexdigest()[:16]
    program.write_bytes(b"#!/bin/bash\n")
    os.utime(program, ns=(1, 1))
    assert tools.version_of("own") == "sha256:" + hashlib.sha256(b"#!/bin/bash\n").hexdigest()[:16]


def test_a_program_outside_what_is_mounted_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link of the PATH that leads out of /usr leads nowhere in the sandbox."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "link").symlink_to(program)
    monkeypatch.setattr(tools, "SEARCH_PATH", (str(tmp_path),))
    assert tools.resolve("link") is None


def test_versions_are_sorted_and_leave_out_what_is_not_there() -> None:
    """Each word that is a program comes once, in order, with its version."""
    found = tools.versions(["sh", "bash", "cd", "sh", "no-such-command"])
    assert [word for word, _ in found] == ["bash", "sh"]
    assert all(version for _, version in found)


def test_what_dpkg_says_is_kept_until_its_database_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a folder to keep it in dpkg is asked once, and again after something was installed."""
    asked: list[str] = []
    original = packages._dpkg
    monkeypatch.setattr(packages, "_dpkg", lambda *words: asked.append(words[0]) or original(*words))
    first = packages.by_path((), tmp_path)
    assert packages.by_path((), tmp_path) == first != {}
    assert asked == ["-S", "-W"]
    monkeypatch.setattr(packages, "_DATABASE", (*packages._DATABASE, str(tmp_path)))
    assert packages.by_path((), tmp_path) == first
    assert asked == ["-S", "-W", "-S", "-W"]


@pytest.mark.parametrize("harm", [b"", b"[]", b"\xff"])
def test_what_was_kept_of_dpkg_and_damaged_is_asked_anew(tmp_path: Path, harm: bytes) -> None:
    """No damage gives another version."""
    first = packages.by_path((), tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for content in (harm, whole[:-2], whole.replace(b'"12', b'"13', 1), whole[: len(whole) // 2] + harm):
        kept.write_bytes(content)
        assert packages.by_path((), tmp_path) == first
