"""The workflows: what actionlint and zizmor say of them, offline, and what neither of the two can know."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.project_files import ROOT, relative

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CI = ROOT / ".github/workflows/ci.yml"
ACTIONLINT = ROOT / "tests/workflows/actionlint.mjs"
#: What a step may run; the guide for maintainers, or the README, explains each.
COMMANDS = (
    r"make (?:test|site|fuzz(?: MINUTES=\d+)?|lock NEWEST=1(?: >>\"\$GITHUB_STEP_SUMMARY\")?)",
    r"sh hooks/setup/setup\.sh (?:site|test)",
    r"sh \.github/permit-namespaces\.sh",
    r"\.venv/bin/notes check(?: --[a-z]+ [a-z.,]+)*",
)
ON_MAIN = "github.event_name == 'push' && github.ref == 'refs/heads/main'"


def actionlint(*paths: Path) -> list[str]:
    """actionlint's errors."""
    ran = subprocess.run(
        ["node", str(ACTIONLINT), *map(str, paths)], capture_output=True, text=True, check=True, timeout=120
    )
    return ran.stdout.splitlines()


def zizmor(path: Path) -> tuple[int, str]:
    """zizmor's status and report, with all of its audits that need no network."""
    program = Path(sys.executable).with_name("zizmor")
    command = [str(program), "--offline", "--no-config", "--no-progress", "--persona=auditor", "--color=never"]
    ran = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, timeout=120)
    return ran.returncode, ran.stdout + ran.stderr


def load(path: Path) -> dict[str, Any]:
    """A workflow; every value is a string, since YAML's ``on`` would be true."""
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return loaded


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every job of every workflow, as ``ci.yml: site`` and its content."""
    for path in WORKFLOWS:
        for name, job in load(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step, with the name of its job."""
    for name, job in jobs():
        for step in job["steps"]:
            yield name, step


def test_there_are_workflows() -> None:
    """The tests below look at a workflow for every change and at a weekly one."""
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "weekly.yml"]


def test_actionlint_finds_nothing() -> None:
    """Every workflow is one that GitHub would accept, and its expressions have the types that they need."""
    assert actionlint(*WORKFLOWS) == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=relative)
def test_zizmor_finds_nothing(path: Path) -> None:
    """No workflow has a hole that zizmor knows of, even to its strictest persona."""
    status, report = zizmor(path)
    assert status == 0, report


BROKEN = [
    ("runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04", "actionlint", "unexpected key"),
    ("needs: [test, site]", "needs: [test, sight]", "actionlint", "sight"),
    ("github.event_name == 'pull_request'", "github.event_nane == 'pull_request'", "actionlint", "event_nane"),
    ("run: make test", 'run: echo "${{ github.head_ref }}"', "actionlint", "untrusted"),
    ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "zizmor", "unpinned-uses"),
    ("permissions: {}", "permissions: write-all", "zizmor", "excessive-permissions"),
    ("          persist-credentials: false", "          fetch-depth: 1", "zizmor", "artipacked"),
    ("  pull_request:\n", "  pull_request_target:\n", "zizmor", "dangerous-triggers"),
    ("run: make test", 'run: echo "${{ github.head_ref }}"', "zizmor", "template-injection"),
]


@pytest.mark.parametrize(("right", "wrong", "tool", "finding"), BROKEN)
def test_a_broken_workflow_is_refused(right: str, wrong: str, tool: str, finding: str, tmp_path: Path) -> None:
    """A workflow that is broken, or opened to strangers, on purpose is refused with the finding's name."""
    text = CI.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / ".github/workflows/ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    status, report = zizmor(path) if tool == "zizmor" else (1, "\n".join(actionlint(path)))
    assert status != 0 and finding in report, report


def test_a_pinned_action_says_which_version_it_is() -> None:
    """Behind the commit of each action stands the version, for people and for the tools that raise it."""
    lines = [line for path in WORKFLOWS for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    pinned = re.compile(r"\s*(?:- )?uses: [\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_a_run_of_a_stranger_s_code_gets_nothing_to_write_with() -> None:
    """All permissions are off at the top; a job that runs the project's code may read its source, and no more."""
    assert all(load(path)["permissions"] == {} for path in WORKFLOWS)
    powers = {name: job["permissions"] for name, job in jobs()}
    allowed = {
        "ci.yml: publish": {"pages": "write", "id-token": "write"},
        "weekly.yml: report": {"issues": "write"},
    }
    assert powers == {name: allowed.get(name, {"contents": "read"}) for name in powers}
    assert not [name for name, step in steps() if name in allowed and "checkout" in step.get("uses", "")]
    risky = {"pull_request_target", "workflow_run", "issue_comment"}
    assert all(not risky & set(load(path)["on"]) for path in WORKFLOWS)


def test_nothing_of_a_pull_request_reaches_what_is_published() -> None:
    """Results are kept and pages uploaded by pushes to main alone, and only pull requests restore kept results."""
    conditions: dict[str, set[str]] = {}
    for _, step in steps():
        action = step.get("uses", "").partition("@")[0]
        conditions.setdefault(action, set()).add(step.get("if", ""))
    assert conditions["actions/cache/save"] == conditions["actions/upload-pages-artifact"] == {ON_MAIN}
    assert conditions["actions/cache/restore"] == {"github.event_name == 'pull_request'"}
    assert load(CI)["jobs"]["publish"]["if"] == ON_MAIN
    # These three would save at the end of the job, whatever its trigger.
    assert not {"actions/cache", "actions/setup-python", "actions/setup-node"} & set(conditions)


def test_every_job_ends() -> None:
    """Each job has a limit of its own below GitHub's six hours."""
    assert [name for name, job in jobs() if not 1 <= int(job.get("timeout-minutes", 0)) <= 240] == []


def test_steps_only_call_what_a_person_would() -> None:
    """A job runs make and notes as the guides have them, so that what fails there can be repeated anywhere."""
    known = re.compile("|".join(COMMANDS))
    ran = [(name, " ".join(step["run"].split())) for name, step in steps() if "run" in step]
    assert [(name, command) for name, command in ran if not known.fullmatch(command)] == [
        (name, command) for name, command in ran if name == "weekly.yml: report"
    ]


def test_the_helper_of_the_workflows_parses() -> None:
    """The script that permits namespaces is POSIX shell."""
    assert subprocess.run(["sh", "-n", str(ROOT / ".github/permit-namespaces.sh")], check=False).returncode == 0
