"""`notes check`, called as the command line calls it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from notekit.commands.check import check
from notekit.settings import SettingError
from tests.notekit.parsing import HEAD, write

GOOD = "```console {#good}\n$ echo one\none\n```\n"
BAD = "```console {#bad}\n$ echo '::error::harm'; echo '##[add-mask]harm'\nnothing\n```\n"
LACKING = '```console {#lacking needs="git>=99"}\n$ git\n```\n'
LEFT_ALONE = '```console {#alone run=no because="it reboots"}\n$ reboot\n```\n'


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A store of its own, and no CI."""
    monkeypatch.setenv("PAGEWALK_STORE", str(tmp_path / "store"))
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


def project(root: Path, *blocks: str) -> Path:
    """A project with one note in one language."""
    write(root / "notes_src", {"a/b/en.md": HEAD + "\n".join(blocks)})
    (root / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    return root


def run(root: Path, **options: Any) -> int:
    """The exit status of a check."""
    given = {"json_file": None, "junit_file": None, "require": (), "quiet": False, "plain": False, **options}
    return check(root, (), **given)


def test_all_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, and what was counted, on standard output."""
    assert run(project(tmp_path, GOOD)) == 0
    assert capsys.readouterr() == ("1 example: 1 passed\n0 blocks say run=no\n", "")


def test_reports_are_written_beside_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text, JSON and JUnit tell of the same examples."""
    json_file, junit_file = tmp_path / "r.json", tmp_path / "r.xml"
    root = project(tmp_path, GOOD, BAD, LEFT_ALONE)
    assert run(root, json_file=str(json_file), junit_file=junit_file) == 1
    assert capsys.readouterr().out.startswith("notes_src/a/b/en.md:12: printed")
    summary = json.loads(json_file.read_text(encoding="utf-8"))["summary"]
    assert (summary["passed"], summary["failed"], summary["not_verified"], summary["run_no"]) == (1, 1, 1, 1)
    cases = {case.attrib["name"]: [one.tag for one in case] for case in ElementTree.parse(junit_file).iter("testcase")}
    assert cases == {"good": [], "bad": ["failure"], "alone": ["skipped"]}


def test_a_report_that_cannot_be_written_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and a line for each; nothing is left in the folder."""
    root = project(tmp_path, GOOD)
    assert run(root, json_file=str(tmp_path / "no/r.json"), junit_file=tmp_path / "no/r.xml") == 2
    assert re.findall(r"no/(r\.\w+): cannot be written", capsys.readouterr().err) == ["r.json", "r.xml"]
    assert not (tmp_path / "no").exists()


def test_what_is_required_and_missing_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same note has status 0 without `--require`, or where what is required is here, and 1 with it."""
    root = project(tmp_path, GOOD, LACKING)
    assert (run(root), run(root, require=("host,bash",)), run(root, require=("host", "git"))) == (0, 0, 1)
    assert "notes_src/a/b/en.md:10: not verified, although --require says git: " in capsys.readouterr().out


def test_an_unknown_requirement_stops_before_anything_runs(tmp_path: Path) -> None:
    """Not a single result is kept."""
    with pytest.raises(SettingError, match="--require: there is no 'gti'"):
        run(project(tmp_path, GOOD), require=("gti",))
    assert not (tmp_path / "store").exists()


def test_more_blocks_left_alone_than_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, the number's place in the text, and an error in the JSON."""
    root = project(tmp_path, GOOD, LEFT_ALONE)
    (root / "pyproject.toml").write_text("[tool.pagewalk]\nrun_no = 0\n")
    assert run(root, json_file="-") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["errors"][0]["file"] == "pyproject.toml"
    assert err.startswith("pyproject.toml:2: 1 block says run=no where run_no allows 0: ")
    assert err.endswith("\n1 block says run=no\n")


def test_on_github(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The text stands where nothing is a command, then come the annotations; the summary is appended to."""
    summary = tmp_path / "summary.md"
    summary.write_text("before")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert run(project(tmp_path / "site", BAD)) == 1
    lines = capsys.readouterr().out.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    end = lines.index(f"::{word}::")
    assert any("##[add-mask]harm" in line for line in lines[1:end])
    assert [line[:70] for line in lines[end + 1 :]] == [
        "::error file=site/notes_src/a/b/en.md,line=7,title=a/b#bad failed::not"
    ]
    assert summary.read_text().startswith("before\n### Notes: 1 example: 0 passed, 1 failed\n")


def test_a_step_summary_that_cannot_be_written_changes_no_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and the check goes on."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert run(project(tmp_path, GOOD)) == 0
    assert "cannot be written (Is a directory); the summary is missing" in capsys.readouterr().err


def test_json_on_github_holds_no_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output is JSON and nothing else, and no line of it is taken for a command."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run(project(tmp_path, BAD), json_file="-")
    out, err = capsys.readouterr()
    assert "+##[add-mask]harm" in json.loads(out)["examples"][0]["failures"][0]["diff"]
    assert not re.search(r"^\s*::|##\[", out, re.MULTILINE)
    assert "::error file=" in err


class Terminal(io.StringIO):
    """What is printed on a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize(
    ("options", "environment", "has_colours"),
    [
        ({}, {}, True),
        ({"plain": True}, {}, False),
        ({}, {"NO_COLOR": "1"}, False),
        ({}, {"NO_COLOR": ""}, True),
        ({}, {"TERM": "dumb"}, False),
    ],
    ids=["terminal", "--no-color", "NO_COLOR", "NO_COLOR empty", "TERM=dumb"],
)
def test_colours(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, bool],
    environment: dict[str, str],
    has_colours: bool,
) -> None:
    """A terminal gets colours unless it, or its user, wants none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert run(project(tmp_path, BAD), **options) == 1
    assert ("\x1b[1mnotes_src/a/b/en.md:7\x1b[0m: " in terminal.getvalue()) == has_colours
    assert ("\x1b" in terminal.getvalue()) == has_colours


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--require", "gti"], 2), (["--junit", "."], 2), (["--require", "git"], 1), (["--junit", "r.xml"], 0)],
    ids=["unknown requirement", "folder for a report", "missing requirement", "report"],
)
def test_the_command(tmp_path: Path, arguments: list[str], status: int) -> None:
    """`notes check` takes the options, and ends with 2 for wrong usage."""
    command = [sys.executable, "-m", "notekit", "check", *arguments]
    done = subprocess.run(command, cwd=project(tmp_path, LACKING), capture_output=True, timeout=240, check=False)
    assert done.returncode == status
    assert (tmp_path / "r.xml").exists() == ("r.xml" in arguments)
