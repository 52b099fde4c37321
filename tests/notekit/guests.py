"""Guests in the few words that a test needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from notekit import guest
from notekit.guest import Done
from notekit.model import PLAIN, Command, Example, Expectation, Machine, NamedFile, Output
from tests.notekit.units import example, run


def block(*commands: str, **options: Any) -> Example:
    """A console block in a guest; each command with its prompt. It has time: cores are shared with other tests."""
    options.setdefault("timeout", 300.0)
    found = tuple(Command(text[2:], 1, Expectation((), 1), root=text.startswith("# ")) for text in commands)
    return replace(example("console", runner="guest", **options), commands=found)


def printed(*commands: str, **options: Any) -> list[tuple[str, int | None]]:
    """What each command printed, and its status."""
    (output,) = run(block(*commands, **options))
    assert (output.broken, output.missing) == (None, None)
    return [(command.text.decode(), command.exit) for command in output.commands]


def outcome(*commands: str, **options: Any) -> Output:
    """The output of a block that may go wrong."""
    (output,) = run(block(*commands, **options))
    return output


def bash(script: str, machine: Machine = PLAIN, *, files: tuple[NamedFile, ...] = ()) -> Done:
    """A script of root's in a guest of its own."""
    with guest.borrowed(machine) as template:
        return guest.run(template, ["bash", "-c", script], files=files)


def qemus() -> set[int]:
    """The numbers of all QEMUs that run below this process."""
    children: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue
            number, parent = int(folder.name), int(text.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(number)
            names[number] = text[text.index("(") + 1 : text.rindex(")")]
    waiting, found = [os.getpid()], set()
    while waiting:
        for child in children.get(waiting.pop(), ()):
            waiting.append(child)
            found |= {child} if names[child].startswith("qemu") else set()
    return found


@contextmanager
def nothing_left(folder: Path | None = None) -> Iterator[None]:
    """No process is there afterwards that was not before, and nothing half-made in a folder of the test's own."""
    before = qemus()
    yield
    assert qemus() == before
    assert folder is None or not list(folder.rglob(".new-*"))
