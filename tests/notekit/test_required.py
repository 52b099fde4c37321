"""What must be on this machine: `--require`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notekit import required, sandbox
from notekit.model import Area, Collection, Document, Example, Head, Note, Output, Unit
from notekit.pipeline import Checked
from notekit.settings import SettingError
from notekit.verify import verify
from tests.notekit.parsing import write
from tests.notekit.units import example

ABSENT = "git>=99"


def checked(*examples: Example) -> Checked:
    """A check of one note, in which nothing could run."""
    document = Document("en", "a/b/en.md", Head("T", "Q?"), (), 1)
    note = Note("a/b", "en", (document,), examples)
    results = tuple(verify(one, Output(missing="it is not here; bring it")) for one in examples)
    return Checked(Collection(("en",), (Area("a", {"en": "A"}, 1, (note,)),)), results, (), ())


def lacking(language: str = "console", **options: Any) -> frozenset[str]:
    """What one example needs and this machine lacks."""
    return required.lacking(Unit((example(language, **options),)))


def test_names() -> None:
    """Names stand between commas, in one option or in several."""
    assert required.names(["host, gcc", "git"]) == {"host", "gcc", "git"}
    assert required.names([]) == frozenset()


@pytest.mark.parametrize("given", ["hots", "host,", "git>=2", ""])
def test_an_unknown_name_is_refused_with_those_that_are_known(given: str) -> None:
    """The message names every runner and capability."""
    with pytest.raises(SettingError, match=r"^--require: there is no '.*'; name some of bash, .*git, guest, host, jq"):
        required.names([given])


def test_what_is_not_verified_for_want_of_something_required_fails() -> None:
    """The failure stands at the block, and says what was required and why it did not run."""
    (found,) = required.demand(checked(example("console", needs=(ABSENT,))), frozenset({"git"})).results
    assert (found.status, str(found.failures[0].place), found.failures[0].message) == (
        "failed",
        "a/b/en.md:1",
        "not verified, although --require says git: it is not here; bring it",
    )


@pytest.mark.parametrize("names", [{"host"}, {"bash", "gcc"}, set()])
def test_what_is_here_or_is_not_required_changes_nothing(names: set[str]) -> None:
    """An example that lacks something else stays not verified."""
    before = checked(example("console", needs=(ABSENT, "bash")))
    assert required.demand(before, frozenset(names)) == before


def test_run_no_wants_nothing() -> None:
    """A block that says `run=no` stays not verified, whatever is required."""
    before = checked(example("console", run="no", because="it reboots", needs=(ABSENT,), runner="guest"))
    assert required.demand(before, required.KNOWN) == before


def test_a_session_is_one_unit() -> None:
    """What one block of a session lacks, all of its blocks lack."""
    first = example("console", session="s", needs=(ABSENT,))
    second = example("console", session="s", id="y")
    after = required.demand(checked(first, second), frozenset({"git"}))
    assert [found.status for found in after.results] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, set()),
        ({"needs": ("bash>=3",)}, set()),
        ({"needs": ("bash>=3", ABSENT)}, {"git"}),
        ({"needs": ("kvm",)}, {"kvm"}),
        ({"runner": "machine", "language": "python", "needs": ("bash", "kvm")}, {"machine", "bash", "kvm"}),
        ({"language": "cobol"}, {"host"}),
        ({"runner": "guest", "needs": ("bash>=5", "root", "kmod", "qemu>=7", "kvm", "git")}, {"kvm", "git"}),
        ({"runner": "guest", "needs": ("bash>=99",)}, {"bash"}),
    ],
    ids=[
        *("nothing", "here", "too old", "never on the host", "no such runner", "no runner of the language"),
        *("never in a guest", "too old in a guest"),
    ],
)
def test_lacking(options: dict[str, Any], names: set[str]) -> None:
    """A need is lacking that the sandbox does not meet, and all of them where the runner itself is missing."""
    assert lacking(**options) == names


def test_without_a_sandbox_everything_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be confined, the host, the runner's tools and the needs are all missing."""
    monkeypatch.setattr(sandbox, "probe", lambda: "bubblewrap cannot make a namespace")
    assert lacking("c", needs=("git>=2",)) == {"host", "gcc", "git"}


_NOTE = """---
title: T
question: Q?
---
```console {#x runner=guest}
# true
```
"""


@pytest.mark.parametrize(("required", "status"), [((), 0), (("--require", "guest,kmod"), 1)])
def test_a_guest_that_cannot_be_had_may_be_required(tmp_path: Path, required: tuple[str, ...], status: int) -> None:
    """Without a way to Debian's archive a guest's example is not verified, and says why; required, it has failed."""
    write(tmp_path, {"a/n/en.md": _NOTE})
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    (tmp_path / "notes_src").mkdir()
    (tmp_path / "a").rename(tmp_path / "notes_src/a")
    environment = {**os.environ, "PAGEWALK_GUEST": str(tmp_path / "guest"), "PAGEWALK_DEBIAN": "http://127.0.0.1:9"}
    argv = [sys.executable, "-m", "notekit", "check", "--root", str(tmp_path), *required]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    assert "Debian's packages cannot be fetched: apt-get: " in done.stdout
    assert ("although --require says guest" in done.stdout) == bool(required)
