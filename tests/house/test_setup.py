"""Set-up on systems that lack something. Each has a PATH of its own, with real tools and a few false ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.project_files import ROOT

NAME = f"python3.{sys.version_info.minor}"
PYTHONS = {"python3", "python3.11", "python3.12", "python3.13"}
REAL = Path(sys.executable).resolve()
OPTIONAL = {
    "fish": "fish",
    "qemu-system-x86_64": "qemu-system-x86",
    "gdb": "gdb",
    "nasm": "nasm",
    "jq": "jq",
    "linux.uml": "user-mode-linux",
}
REASON = "bubblewrap cannot make a namespace (why); sudo cure"
LINE = f'set-up: {REASON}; or, for pages that say "not verified", make site NOT_VERIFIED=1'


@dataclass(frozen=True)
class System:
    """A checkout, an empty home, and the folder that is all of PATH."""

    root: Path

    def without(self, *names: str) -> System:
        """Takes tools away."""
        for name in names:
            (self.root / "bin" / name).unlink(missing_ok=True)
        return self

    def tool(self, name: str, script: str) -> System:
        """Puts a shell script in a tool's place."""
        path = self.without(name).root / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return self

    def unconfined(self) -> System:
        """Lets the sandbox's probe find that this system cannot confine."""
        probe = f"def probe():\n    return {REASON!r}\n"
        (self.root / "a checkout/hooks/notekit").mkdir()
        (self.root / "a checkout/hooks/notekit/sandbox.py").write_text(probe, encoding="utf-8")
        return self

    def set_up(self, kind: str = "site", **environment: str) -> list[str]:
        """The lines that set-up prints; it must fail, and must leave no file anywhere."""
        before = self.files()
        result = subprocess.run(
            ["/bin/sh", "hooks/setup/setup.sh", kind],
            cwd=self.root / "a checkout",
            env={
                "PATH": str(self.root / "bin"),
                "HOME": str(self.root / "home"),
                "TMPDIR": str(self.root / "tmp"),
                "APT_LOG": str(self.root / "apt.log"),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 1, result
        assert result.stdout == ""
        assert self.files() == before
        return result.stderr.splitlines()

    def files(self) -> set[Path]:
        """All files but the tools and what the false apt-get did."""
        return {path for name in ("a checkout", "home", "tmp") for path in (self.root / name).rglob("*")}


@pytest.fixture
def system(tmp_path: Path) -> System:
    """Debian with all that set-up needs, for a user who is not root."""
    for name in ("bin", "home", "tmp", "a checkout/hooks"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copytree(ROOT / "hooks/setup", tmp_path / "a checkout/hooks/setup")
    for folder in ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"):
        for tool in os.scandir(folder):
            link = tmp_path / "bin" / tool.name
            if tool.name not in PYTHONS and not os.path.lexists(link):
                link.symlink_to(tool.path)
    for name in {"python3", NAME}:
        (tmp_path / "bin" / name).symlink_to(REAL)
    made = System(tmp_path).tool("id", "echo 1000").tool("apt-get", 'echo "$*" >>"$APT_LOG"')
    for optional in OPTIONAL:
        made.tool(optional, "")
    return made.tool("apt-cache", 'for name; do :; done; [ "$name" = python3 ] && echo "Version: 3.11.2-1"')


@pytest.mark.parametrize(
    ("tool", "packages", "kind"),
    [
        ("bwrap", "bubblewrap", "site"),
        ("gcc", "gcc libc6-dev", "site"),
        ("git", "git", "site"),
        ("make", "make", "site"),
        ("chromium", "chromium", "test"),
        ("node", "nodejs npm", "test"),
        ("npm", "npm", "test"),
    ],
)
def test_one_line_says_what_to_type_for_a_missing_tool(system: System, tool: str, packages: str, kind: str) -> None:
    """A user who is not root reads one line with the command that installs the tool."""
    said = system.without(tool).set_up(kind)
    assert said == [f"set-up: this system lacks {packages}; type: sudo apt-get install {packages}"]


def test_all_that_is_missing_is_on_one_line(system: System) -> None:
    """Several missing tools are reported at once."""
    said = system.without("gcc", "bwrap", *PYTHONS).set_up()
    packages = "gcc libc6-dev python3 python3-venv python3-dev bubblewrap"
    assert said == [f"set-up: this system lacks {packages}; type: sudo apt-get install {packages}"]


def test_a_system_without_apt_is_told_the_names(system: System) -> None:
    """Where there is no apt-get the line does not say to type it."""
    said = system.without("bwrap", "apt-get").set_up()
    assert said == [
        "set-up: this system lacks what Debian calls bubblewrap; install it with the system's package manager"
    ]


def test_a_tool_that_does_not_work_is_missing(system: System) -> None:
    """A gcc that compiles nothing counts as none."""
    said = system.tool("gcc", "exit 1").set_up()
    assert said == ["set-up: this system lacks gcc libc6-dev; type: sudo apt-get install gcc libc6-dev"]


def test_a_python3_of_another_version_does_not_matter(system: System) -> None:
    """A Python 3.11 to 3.13 is found by its own name where python3 is another."""
    said = system.tool("python3", "exit 1").without("bwrap").set_up()
    assert said == ["set-up: this system lacks bubblewrap; type: sudo apt-get install bubblewrap"]


def test_a_python_that_apt_has_under_another_name_is_asked_for(system: System) -> None:
    """Where the system's python3 is too old, the newest fitting package is named."""
    versions = 'python3) echo "Version: 3.10.6-1";; python3.11) echo "Version: 3.11.0~rc1-1";;'
    old = f"for name; do :; done; case $name in {versions} esac"
    said = system.without(*PYTHONS).tool("apt-cache", old).set_up()
    packages = "python3.11 python3.11-venv python3.11-dev"
    assert said == [f"set-up: this system lacks {packages}; type: sudo apt-get install {packages}"]


@pytest.mark.parametrize(
    ("module", "code", "package"),
    [
        ("ensurepip", "raise ImportError", "venv"),
        ("sitecustomize", "import sysconfig; sysconfig.get_path = lambda name: '/nonexistent'", "dev"),
    ],
)
def test_an_unfinished_python_is_found_out(system: System, module: str, code: str, package: str) -> None:
    """A Python without ensurepip or without its headers leads to the package that has them."""
    (system.root / f"{module}.py").write_text(code + "\n", encoding="utf-8")
    unfinished = f'PYTHONPATH={system.root} PYTHONDONTWRITEBYTECODE=1 exec {REAL} "$@"'
    said = system.without("python3").tool(NAME, unfinished).set_up()
    assert said == [f"set-up: this system lacks {NAME}-{package}; type: sudo apt-get install {NAME}-{package}"]


def test_a_named_python_must_fit(system: System) -> None:
    """PYTHON that is no Python 3.11 to 3.13 is an error, not a hint."""
    said = system.set_up(PYTHON="python2")
    assert said == ["set-up: PYTHON=python2 is no Python 3.11 to 3.13; name one that is"]


def test_bubblewrap_without_namespaces_stops_set_up(system: System) -> None:
    """Where bubblewrap is there and cannot confine, one line says what the sandbox found and what cures it."""
    assert system.unconfined().set_up() == [LINE]


def test_root_on_debian_gets_it_installed(system: System) -> None:
    """For root apt-get installs all that is missing, after fresh lists and without a question."""
    bwrap = system.root / "bin/bwrap"
    install = f'echo "$DEBIAN_FRONTEND $*" >>"$APT_LOG"; [ "$1" != install ] || ln -s {bwrap.resolve()} {bwrap}'
    said = system.unconfined().without("bwrap").tool("id", "echo 0").tool("apt-get", install).set_up()
    assert (system.root / "apt.log").read_text(encoding="utf-8").splitlines() == [
        "noninteractive update -qq",
        "noninteractive install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 bubblewrap",
    ]
    assert said == ["set-up: apt-get install bubblewrap", LINE]


@pytest.mark.parametrize(("tool", "package"), OPTIONAL.items())
def test_what_only_some_examples_call_does_not_stop_set_up(system: System, tool: str, package: str) -> None:
    """Without an optional tool set-up says what that means, and goes on to its next question."""
    assert system.unconfined().without(tool).set_up() == [
        f"set-up: without {package} some examples will be shown as not verified: notes doctor says which",
        LINE,
    ]


def test_an_optional_tool_is_installed_for_root_once(system: System) -> None:
    """For root apt-get is asked for an optional tool until set-up has ended, and not on every later run."""
    system.unconfined().without("fish").tool("id", "echo 0").set_up()
    log = system.root / "apt.log"
    assert [line.split()[-1] for line in log.read_text(encoding="utf-8").splitlines()] == ["-qq", "fish"]
    log.unlink()
    stamps = system.root / "a checkout/.venv/pagewalk-setup"
    stamps.mkdir(parents=True)
    (stamps / "own").write_text("the key", encoding="utf-8")
    system.set_up()
    assert not log.exists()


def test_an_optional_package_that_does_not_exist_keeps_no_other_away(system: System) -> None:
    """Where apt-get refuses all of them together, each is asked for by itself."""
    refuses = 'echo "$*" >>"$APT_LOG"; case "$*" in *user-mode-linux*) exit 100 ;; esac'
    system.unconfined().without(*OPTIONAL).tool("id", "echo 0").tool("apt-get", refuses).set_up()
    log = (system.root / "apt.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[-1] for line in log[2:]] == list(OPTIONAL.values())


def test_what_apt_could_not_cure_is_named(system: System) -> None:
    """Where something does not work after its installation, set-up says so and stops."""
    said = system.without("git").tool("id", "echo 0").set_up()
    assert said == [
        "set-up: apt-get install git",
        "set-up: apt-get installed what was missing, but this still does not work: git",
    ]


STEP = """
set -eu
say() { echo "$@"; }
. hooks/setup/steps.sh
key() { cat input; }
work() { echo working; WORK; }
step made/stamp key Work work
"""


def run_step(root: Path, work: str = "true") -> tuple[int, str]:
    """Status and output of one step whose key is the content of the file ``input``."""
    script = STEP.replace("hooks/setup", f"'{ROOT}/hooks/setup'").replace("WORK", work)
    result = subprocess.run(["/bin/sh", "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    return result.returncode, result.stdout


def test_a_step_is_done_again_only_when_its_key_changes(tmp_path: Path) -> None:
    """A step runs once for each content of what it depends on."""
    (tmp_path / "input").write_text("one", encoding="utf-8")
    assert run_step(tmp_path) == (0, "Work\nworking\n")
    assert run_step(tmp_path) == (0, "")
    (tmp_path / "input").write_text("two", encoding="utf-8")
    assert run_step(tmp_path) == (0, "Work\nworking\n")


def test_a_step_that_fails_is_not_done(tmp_path: Path) -> None:
    """A failing step ends set-up, and runs again the next time."""
    (tmp_path / "input").write_text("one", encoding="utf-8")
    assert run_step(tmp_path, "false")[0] != 0
    assert run_step(tmp_path) == (0, "Work\nworking\n")
