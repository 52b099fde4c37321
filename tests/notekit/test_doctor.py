"""`notes doctor`: what is there is found out by using it, and one command brings the rest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from notekit import doctor, runners, sandbox
from notekit.cli import main
from notekit.doctor import Finding
from notekit.model import Example
from notekit.sandbox import tools
from tests.notekit.parsing import HEAD, write
from tests.notekit.units import example


def found(*examples: Example) -> dict[tuple[str, str], Finding]:
    """What is found on this machine, by kind and name."""
    return {(finding.kind, finding.name): finding for finding in doctor.examine(examples)}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Takes tools away from the machine, as far as notekit can see."""
    resolve = tools.resolve

    def take(*names: str) -> None:
        monkeypatch.setattr(tools, "resolve", lambda word: None if word in names else resolve(word))

    return take


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is not root and has apt-get."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")


def test_all_that_notes_may_use_is_tried() -> None:
    """The sandbox comes first, then the guest and the bare machine, each language of a runner, each capability."""
    findings = list(found())
    languages = [("language", name) for name in sorted(runners.by_language())]
    capabilities = [("capability", name) for name in sorted(runners.CAPABILITIES)]
    assert findings == [("sandbox", "sandbox"), ("guest", "guest"), ("machine", "machine"), *languages, *capabilities]


def test_what_works_says_its_version() -> None:
    """What every machine that tests has works here, with the tool and its version, and no reason or package."""
    findings = found()
    for kind, name, tool in (
        ("sandbox", "sandbox", "bwrap"),
        ("language", "c", "gcc"),
        ("language", "console", "bash"),
        ("language", "python", "python3"),
        ("language", "sh", "sh"),
        ("capability", "git", "git"),
    ):
        finding = findings[kind, name]
        assert finding.works, finding
        assert finding.version == f"{tool} {tools.version_of(tool)}"
        assert (finding.reason, finding.packages) == ("", ())


def test_what_is_missing_has_its_package(without: Callable[..., None], as_user: None) -> None:
    """One command names the package of each missing tool once, though several things need it."""
    without("fish", "qemu-system-x86_64")
    findings = found()
    assert findings["language", "fish"].reason == "fish is not installed"
    assert findings["capability", "qemu"].reason == "qemu-system-x86_64 is not installed"
    missing = doctor.packages([*findings.values(), *findings.values()])
    assert [package for package in missing if package in ("fish", "qemu-system-x86")] == ["fish", "qemu-system-x86"]
    assert doctor.install(("fish", "qemu-system-x86")) == "sudo apt-get install fish qemu-system-x86"


def test_a_compiler_is_missing_with_its_headers(without: Callable[..., None]) -> None:
    """What Debian keeps apart from gcc comes with it."""
    without("gcc")
    assert found()["language", "c"].packages == ("gcc", "libc6-dev")


def test_a_compiler_without_headers_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """gcc alone is not enough: a program that includes a header must compile."""
    monkeypatch.setitem(doctor._PROGRAMS, "c", "#include <missing.h>\nint main(void) { }\n")  # type: ignore[arg-type]
    finding = found()["language", "c"]
    assert (finding.works, finding.packages) == (False, ("libc6-dev",))
    assert "missing.h: No such file or directory" in finding.reason


def test_what_is_there_and_does_not_run_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file on the PATH is not enough; no package is named, since one would not help."""
    monkeypatch.setitem(runners.TOOL_OF, "jq", "false")  # type: ignore[arg-type]
    finding = found()["capability", "jq"]
    assert (finding.works, finding.reason, finding.packages) == (False, "false does not run here", ())


def test_what_the_host_never_has_needs_no_package() -> None:
    """A device that no example finds is not missing but impossible here."""
    finding = found()["capability", "kvm"]
    reason = "/dev/kvm needs runner=guest or runner=machine"
    assert (finding.works, finding.reason, finding.packages) == (False, reason, ())


def test_without_a_sandbox_nothing_works_but_what_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason and its cure stand with the sandbox; tools that are there are not asked for again."""
    monkeypatch.setattr(sandbox, "probe", lambda: "it is forbidden; sudo cure")
    findings = found()
    assert findings["sandbox", "sandbox"].reason == "it is forbidden; sudo cure"
    assert [name for (_, name), finding in findings.items() if finding.works] == ["json"]
    assert findings["language", "c"] == Finding(
        "language", "c", False, f"gcc {tools.version_of('gcc')}", "the sandbox does not work"
    )


def test_each_thing_says_how_many_examples_use_it() -> None:
    """Examples that do not run are not counted, needs with a version are."""
    findings = found(
        example("c", needs=("git>=2.0", "root")),
        example("c", run="no", because="…"),
        example("bash", runner="guest"),
    )
    counts = {key: finding.examples for key, finding in findings.items() if finding.examples}
    assert counts == {
        ("sandbox", "sandbox"): 1,
        ("guest", "guest"): 1,
        ("language", "c"): 1,
        ("capability", "git"): 1,
        ("capability", "root"): 1,
    }


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch, as_user: None) -> None:
    """The command is what the caller can type."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert doctor.install(("fish",)) == "apt-get install fish"
    assert doctor.install(()) == ""


def test_without_apt_there_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that the machine does not have is not told."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert doctor.install(("fish",)) == ""


def test_the_report_has_what_the_text_has(tmp_path: Path, without: Callable[..., None], as_user: None) -> None:
    """With ``--json -`` the report alone is on standard output, and the text on standard error."""
    without("nasm")
    write(
        tmp_path, {"a/n/en.md": f"{HEAD}```sh {{#one}}\ntrue\n```\n", "a/n/zh.md": HEAD + "```example {of=one}\n```\n"}
    )
    done = CliRunner().invoke(main, ["doctor", "--root", str(tmp_path), "--json", "-"])
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    assert "nasm" in report["packages"]
    assert report["command"] == f"sudo apt-get install {' '.join(report['packages'])}"
    assert done.stderr.endswith(f"\nto have all of it: {report['command']}\n")
    assert "  nasm      missing  nasm is not installed\n" in done.stderr
    by_name = {(one["kind"], one["name"]): one for one in report["findings"]}
    assert by_name["language", "sh"]["examples"] == 1
    assert by_name["capability", "nasm"]["works"] is False


def test_a_machine_that_cannot_confine_is_told_by_the_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a sandbox the status is 1, and the report is written all the same."""
    monkeypatch.setattr(sandbox, "probe", lambda: "it is forbidden; sudo cure")
    done = CliRunner().invoke(main, ["doctor", "--root", str(tmp_path), "--json", str(tmp_path / "report")])
    assert done.exit_code == 1
    assert done.stdout.startswith("sandbox     no       it is forbidden; sudo cure\n")
    assert json.loads((tmp_path / "report").read_text())["findings"][0]["works"] is False


def test_a_guest_is_tried_by_running_one() -> None:
    """It works with QEMU's version and the kernel's; root works in it, and a module is built and loaded."""
    findings = found()
    assert findings["guest", "guest"].works
    assert "linux-image-6.1.0-" in findings["guest", "guest"].version
    assert [findings["capability", name].works for name in ("kmod", "root")] == [True, True]


def test_without_qemu_there_is_no_guest(without: Callable[..., None]) -> None:
    """What is missing is named with its package, and what only a guest has does not work either."""
    without("qemu-system-x86_64")
    findings = found()
    assert findings["guest", "guest"].reason == "qemu-system-x86_64 is not installed"
    assert findings["guest", "guest"].packages == ("qemu-system-x86",)
    assert [findings["capability", name].reason for name in ("kmod", "root")] == ["no guest runs here"] * 2
