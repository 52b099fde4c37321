"""An interactive shell where an example runs: its sandbox, its files, at the point before it runs."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from notekit import guest, runners, sandbox
from notekit.model import Collection, Example, Unit
from notekit.runners import Opening
from notekit.units import units_of

# The start-up script comes in arguments, one a line, and from there through a descriptor: a file would be one more
# than the example finds, and a single argument has at most 128 KiB (execve(2)).
_BASH = ("bash", "--norc", "--noprofile", "-c")
_START = "IFS=$'\\n'; exec bash --noprofile --init-file /dev/fd/98 -i 98<<<\"$*\""
# What came before prints into a file without a name, and that is shown after each command: a terminal would bring
# pagers and colours, and a pipe would stay open as long as what still runs in the background.
_OPEN = "exec 98<&- 99>>/tmp/.before; /bin/rm /tmp/.before"
_SHOW = "/bin/cat /proc/$$/fd/99; : >/proc/$$/fd/99"
_CLOSE = "exec 99>&-; (builtin exit $s)"


class UnknownError(Exception):
    """No example can be opened under that name; its text says why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Place:
    """An example that a shell can be opened for, and the moment before it runs."""

    example: Example
    opening: Opening


def find(collection: Collection, name: str) -> tuple[Unit, Example]:
    """The example ``area/note#id``, and what runs together with it.

    Raises UnknownError, also for an example whose note could not be read.
    """
    slug, _, identifier = name.partition("#")
    note = next((note for note in collection.notes if note.slug == slug), None)
    if note is None:
        raise UnknownError(f"{slug}: there is no such note; name one as area/slug")
    example = next((one for one in note.examples if identifier in (one.id, one.name)), None)
    if example is None:
        known = ", ".join(one.name for one in note.examples) or "none"
        raise UnknownError(f"{name}: there is no such example; this note has {known}")
    for unit in units_of(note.examples):
        if example in unit.examples:
            return unit, example
    return Unit((example,)), example


def place(collection: Collection, name: str) -> Place:
    """The example of that name with the moment before it runs.

    Raises UnknownError, and SandboxError as ``sandbox.execute`` does (a C program is compiled for it).
    """
    unit, example = find(collection, name)
    found = runners.for_example(example).opening(unit, example)
    if found is None:
        what = example.language if example.runner == "host" else f"runner={example.runner}"
        raise UnknownError(f"{name}: {what} runs no process in the sandbox; there is nothing to open")
    return Place(example, found)


def command(before: tuple[str, ...]) -> tuple[str, ...]:
    """The interactive shell. What ran before runs in it first, so that its variables and its directory are there.

    Each command is shown, has an empty standard input and no terminal, and finds the status of the one before.
    """
    if not before:
        return (*_BASH, _START, "bash", "exec 98<&-")
    steps = [
        f"builtin eval \"$({{ s=$?; {_SHOW}; builtin printf '%s\\n' {shlex.quote(_typed(text))}; }} >&2; "
        f'builtin printf %s {shlex.quote(text)}; builtin exit "$s")" </dev/null >&99 2>&99 99>&-'
        for text in before
    ]
    last = f'builtin eval "$({{ s=$?; {_SHOW}; }} >&2; builtin printf %s "{_CLOSE}")"'
    return (*_BASH, _START, "bash", _OPEN, *steps, last)


def _typed(text: str) -> str:
    """A command with its prompts, as a note writes it."""
    return "$ " + text.replace("\n", "\n> ")


def run(here: Place, source: int, target: int) -> sandbox.Session:
    """Opens the shell at the terminal that both descriptors are of, and follows it to its end.

    Raises SandboxError, GuestError and Stopped.
    """
    found = here.opening
    if found.machine is not None:
        with guest.borrowed(found.machine) as template:
            return guest.at_terminal(template, command(found.before), source, target, files=found.files)
    return sandbox.converse(command(found.before), source, target, files=found.files, limits=found.limits)
