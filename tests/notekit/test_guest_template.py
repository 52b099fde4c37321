"""Templates: booted once, for all builds; one that is damaged is made anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from notekit.guest import GuestError, here, talk, template
from notekit.guest.template import Template
from notekit.model import PLAIN, Machine
from tests.notekit.guests import nothing_left


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for templates that has the one of the plain machine, linked file by file."""
    with here.borrowed(PLAIN):
        pass
    name = template.key(PLAIN, here.image("cloud"), here.qemu_version())
    place = tmp_path / "templates" / name
    place.mkdir(parents=True)
    for path in (here.folder() / "templates" / name).iterdir():
        subprocess.run(["cp", "--sparse=always", path, place], check=True)
    with nothing_left(tmp_path):
        yield tmp_path


def load(folder: Path, said: list[str], machine: Machine = PLAIN) -> Template:
    """The template of a machine; what was said of it goes into a list."""
    return template.load(folder, machine, here.image("cloud"), here.qemu_version(), said.append)


def runs(found: Template) -> bool:
    """Whether a clone of it does; its descriptors are closed."""
    done = talk.run(found, ["true"])
    os.close(found.memory)
    os.close(found.state)
    return done.exit == 0


def test_a_template_is_booted_once(folder: Path) -> None:
    """One that is there is loaded, without a boot."""
    said: list[str] = []
    assert runs(load(folder, said))
    assert said == []


@pytest.mark.parametrize("how", ["one byte", "cut short", "gone"])
@pytest.mark.parametrize("name", ["memory", "state"])
def test_a_damaged_template_is_made_anew(folder: Path, name: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a byte of it is another, it is shorter, or a file is gone, it is made anew, and runs."""
    (path,) = folder.glob(f"templates/*/{name}")
    whole = path.parent
    if how == "one byte":
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
    elif how == "cut short":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.unlink()
    made: list[Path] = []

    def make(place: Path, *_: object) -> None:
        made.append(place)
        subprocess.run(["cp", "--sparse=always", "-rT", here.folder() / "templates" / whole.name, place], check=True)

    monkeypatch.setattr(template, "_make", make)
    said: list[str] = []
    assert runs(load(folder, said))
    assert made == [whole]
    assert said == ["booting a guest once, for all that start from it"]


_LOAD = """
import sys
from pathlib import Path
from notekit.guest import here, template
from notekit.model import Machine
here.settle(Path(sys.argv[1]))
found = template.load(Path(sys.argv[2]), Machine(memory=260), here.image("cloud"), here.qemu_version(), print)
print("loaded")
"""


def test_of_two_builds_one_makes_it(tmp_path: Path) -> None:
    """Two builds that want the same template at once boot one guest between them, and both get it."""
    here.image("cloud")
    argv = [sys.executable, "-c", _LOAD, str(here.folder()), str(tmp_path)]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=300)[0] for process in both)
    assert said == ["booting a guest once, for all that start from it\nloaded\n", "loaded\n"]
    assert len(list(tmp_path.glob("templates/*/memory"))) == 1


def test_a_template_that_cannot_be_saved_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room for it, one line says so, and nothing of it is left."""

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(template, "_write", full)
    with pytest.raises(
        GuestError, match=r"templates/\w+: the guest cannot be saved there \(No space left on device\)$"
    ):
        load(folder, [], replace(PLAIN, memory=257))
    assert len(list(folder.glob("templates/*/memory"))) == 1


def test_templates_leave_memory_when_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more templates stay in memory than a number, but for those in use."""
    monkeypatch.setattr(here, "KEPT", 1)
    with here.borrowed(PLAIN) as one, here.borrowed(replace(PLAIN, memory=260)) as other:
        assert os.fstat(one.memory).st_size < os.fstat(other.memory).st_size
        assert len(here._state.loaded) == 2
    assert len(here._state.loaded) == 1


def test_a_guest_that_does_not_boot_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's own panic is the reason."""
    image = here.image("cloud")
    monkeypatch.setattr(type(image), "initramfs", property(lambda one: one.kernel))
    with pytest.raises(GuestError, match=r"^the guest does not boot: the guest's kernel panicked: .*init"):
        load(folder, [], replace(PLAIN, memory=258))
