"""`notes store` and `notes emit`, and whole builds that share a store, as the command line runs them."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notekit.store.contents import contents
from tests.notekit.parsing import HEAD, write

NOTES = {
    f"a/n{number}": f"## Words\n\n```console {{#one}}\n$ echo {number}; sleep 0.05\n{number}\n```\n\n"
    f"```python {{#two}}\nprint({number})\n```\n```output {{of=two}}\n{number}\n```\n\n"
    "[[[ reach('pd') ]]] `[[[ x ]]]`\n"
    for number in range(6)
}
RESULTS = 2 * len(NOTES)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six notes with two examples each."""
    for name in ("CI", "GITHUB_ACTIONS", "PAGEWALK_STORE"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path / "p/notes_src", {f"{slug}/en.md": HEAD + text for slug, text in NOTES.items()})
    (tmp_path / "p/mkdocs.yml").write_text("extra: {languages: [en]}\n")
    return tmp_path / "p"


def start(root: Path, *arguments: object) -> subprocess.Popen[str]:
    """A `notes` command, in a process of its own."""
    command = [sys.executable, "-m", "notekit", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def notes(root: Path, *arguments: object) -> tuple[int, str, str]:
    """A `notes` command to its end: status, standard output, standard error."""
    with start(root, *arguments) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_two_builds_at_once_share_a_store(project: Path) -> None:
    """Both pass, the store is whole, and a third has nothing left to run."""
    builds = [start(project, "check") for _ in range(2)]
    for build in builds:
        out, err = build.communicate(timeout=120)
        assert (build.returncode, err) == (0, "")
        assert f"{RESULTS} examples: {RESULTS} passed" in out
    found = contents(project / ".cache/results")
    assert (len(found.held), found.damaged, found.builds) == (RESULTS, (), 0)
    assert f"{RESULTS} passed ({RESULTS} cached)" in notes(project, "check")[1]


def test_a_build_killed_at_any_moment_leaves_the_next_one_green(project: Path) -> None:
    """SIGKILL at six moments between the start and the end: no result is half there, and the next build passes."""
    chance = random.Random(7)
    for _ in range(6):
        shutil.rmtree(project / ".cache", ignore_errors=True)
        with start(project, "check") as build:
            time.sleep(chance.uniform(0.05, 0.8))
            build.kill()
        assert contents(project / ".cache/results").damaged == ()
        status, out, err = notes(project, "check")
        assert (status, err) == (0, "")
        assert f"{RESULTS} examples: {RESULTS} passed" in out


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_entry_only_costs_a_run(project: Path, damage: str) -> None:
    """With one bit changed, the end missing, or nothing left, the build is green, one example ran again, and the entry
    is whole again."""
    assert notes(project, "check")[0] == 0
    path = min((project / ".cache/results").glob("??/*.json"))
    whole = path.read_bytes()
    flipped = bytes([*whole[:99], whole[99] ^ 1, *whole[100:]])
    path.write_bytes({"flip": flipped, "cut": whole[:-5], "empty": b""}[damage])
    assert f"{path}: damaged" in notes(project, "store")[1]
    status, out, _ = notes(project, "check")
    assert (status, f"{RESULTS} passed ({RESULTS - 1} cached)" in out) == (0, True)
    assert contents(project / ".cache/results").damaged == ()


def test_what_is_in_the_store_is_shown(project: Path) -> None:
    """A line for each result, with what it is of, and a line that sums them up."""
    assert notes(project, "store")[:2] == (
        0,
        f"{project}/.cache/results: 0 results, 0 bytes of 256 MiB; they took 0.0 s to make (all times UTC)\n",
    )
    notes(project, "check")
    status, out, err = notes(project, "store")
    assert (status, err) == (0, "")
    head, *lines, end = out.splitlines()
    assert head.split() == ["last", "used", "ran", "took", "size", "for"]
    assert sorted(line.split()[-1] for line in lines) == sorted(
        f"{slug}#{name}" for slug in NOTES for name in ("one", "two")
    )
    assert all(
        re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d  20\d\d-\d\d-\d\d \d\d:\d\d +0\.\d\d s +\d+ bytes  a/n", one)
        for one in lines
    )
    assert re.fullmatch(
        rf"/.*/p/\.cache/results: {RESULTS} results, .* KiB of 256 MiB; they took 0\.\d s to make .*", end
    )


def test_what_is_in_the_store_is_data_too(project: Path) -> None:
    """`--json -` on standard output: where, how much, and each entry."""
    notes(project, "check")
    status, out, _ = notes(project, "store", "--json", "-")
    found = json.loads(out)
    assert (status, found["bound"], len(found["entries"]), found["damaged"]) == (0, 256 << 20, RESULTS, [])
    assert found["size"] == sum(entry["size"] for entry in found["entries"])
    assert {name for entry in found["entries"] for name in entry["about"]} >= {"a/n0#one", "a/n5#two"}


def test_a_bound_that_is_too_small_is_told_of_and_breaks_nothing(project: Path) -> None:
    """What the build itself uses is kept beyond the bound, and it says so; the next one drops what it does not use."""
    (project / "pyproject.toml").write_text('[tool.pagewalk]\nstore_size = "1 KiB"\n')
    status, _, err = notes(project, "check")
    assert status == 0
    assert "bytes over store_size, all used by builds that run now" in err
    assert len(contents(project / ".cache/results").held) == RESULTS
    assert notes(project, "check", "a/n1")[0] == 0
    assert {held.about for held in contents(project / ".cache/results").held} == {("a/n1#one",), ("a/n1#two",)}


def test_pages_are_written_as_plain_markdown(project: Path, tmp_path: Path) -> None:
    """Computed text is in them, nothing is left that only mkdocs-macros understands, and what looks like it is text."""
    status, out, err = notes(project, "emit", tmp_path / "out")
    assert (status, out) == (0, "")
    assert f"{len(NOTES)} files in {tmp_path}/out" in err
    page = (tmp_path / "out/a/n3/en.md").read_text()
    assert "2 MiB `[[[ x ]]]`" in page
    assert "[[[ '" not in page


def test_nothing_is_written_of_notes_that_fail(project: Path, tmp_path: Path) -> None:
    """A page is not written beside one that is wrong."""
    write(project / "notes_src", {"a/n1/en.md": HEAD + "```console {#one}\n$ echo 1\n2\n```\n"})
    status, out, err = notes(project, "emit", tmp_path / "out")
    assert (status, out) == (1, "")
    assert "notes_src/a/n1/en.md:" in err
    assert not (tmp_path / "out").exists()
