"""Checks without a run: a note on disk, and outputs that a test makes up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from notekit import accept
from notekit.model import CommandOutput, Output
from notekit.pipeline import Checked
from notekit.verify import verify
from tests.notekit.parsing import HEAD, read_again, write

FILE = "a/n/en.md"


def checked(root: Path, outputs: Mapping[str, Output]) -> Checked:
    """The note below ``root``, held against the outputs of its examples by their names. Fails where it has errors."""
    collection = read_again(root)
    assert [str(problem) for problem in collection.errors] == []
    (note,) = collection.notes
    results = tuple(verify(example, outputs[example.name]) for example in note.examples)
    return Checked(collection, results, (), (), {(note.slug, name): output for name, output in outputs.items()})


def accepted(root: Path, text: str | bytes, **outputs: Output) -> str:
    """The text below the head of a note after its outputs, by the examples' names, are accepted.

    Fails unless all then passes and accepting once more changes nothing.
    """
    data = text if isinstance(text, bytes) else (HEAD + text).encode()
    write(root, {FILE: data})
    plan = accept.plan(root, checked(root, outputs))
    assert plan.refused == ()
    for change in plan.changes:
        accept.write(root, change)
    again = checked(root, outputs)
    assert again.failed == ()
    assert accept.plan(root, again) == accept.Plan((), ())
    return (root / FILE).read_bytes().decode().removeprefix(HEAD)


def refused(root: Path, text: str, **outputs: Output) -> list[str]:
    """Why nothing is accepted, as it is printed; ``a/n/`` is left out."""
    write(root, {FILE: HEAD + text})
    plan = accept.plan(root, checked(root, outputs))
    assert plan.changes == ()
    return [str(problem).removeprefix("a/n/") for problem in plan.refused]


def ran(*commands: tuple[str | bytes, int | None] | str) -> Output:
    """What the commands of a console printed, and their ends (0 where only a text is given)."""
    pairs = [(one, 0) if isinstance(one, str) else one for one in commands]
    return Output(
        commands=tuple(
            CommandOutput(text.encode() if isinstance(text, str) else text, status) for text, status in pairs
        )
    )


def printed(stdout: str = "", stderr: str = "", status: int | None = 0) -> Output:
    """What a program printed, and its end."""
    return Output(stdout=stdout.encode(), stderr=stderr.encode(), exit=status)
