"""``notes accept``: what came out becomes what the notes say, once the author agrees."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from notekit import accept as accepting
from notekit import pipeline
from notekit.commands.check import chosen_notes
from notekit.commands.progress import progress


def accept(root: Path, notes: tuple[str, ...], *, yes: bool) -> int:
    """Checks the notes, shows what would be written, asks for each file, and writes it.

    The exit status of the command: 0 if nothing fails any more, 1 if something does, 2 if a note could not be read
    or written, or under ``CI``.
    """
    if os.environ.get("CI"):
        _say("notes accept: CI is set, and a build must not change what it checks; run it where the notes are written")
        return 2
    only = chosen_notes(root, notes)
    if isinstance(only, str):
        _say(only)
        return 2
    with progress(quiet=False, no_color=False) as told, pipeline.store_of(root) as kept:
        checked = pipeline.check(root, kept, only=only, progress=told)
    try:
        plan = accepting.plan(root, checked)
    except OSError as error:
        _say(f"{error.filename}: cannot be read ({error.strerror}); make it readable")
        return 2
    for problem in (*checked.problems, *plan.refused):
        _say(str(problem))
    statuses = [_offer(root, change, yes=yes) for change in plan.changes]
    if not plan.changes and not plan.refused and not checked.problems:
        _say("nothing to accept: every example prints what its note says")
    return max([2 if checked.problems else 0, 1 if plan.refused else 0, *statuses])


def _offer(root: Path, change: accepting.Change, *, yes: bool) -> int:
    """Shows one file's change and writes it if the author agrees; its part of the exit status."""
    print("\n".join(accepting.diff(change)), flush=True)
    if not yes and not _agreed(change.file):
        return 1
    try:
        accepting.write(root, change)
    except accepting.ChangedError as error:
        _say(str(error))
        return 2
    except OSError as error:
        _say(f"{change.file}: cannot be written ({error.strerror}); make it writable")
        return 2
    _say(f"{change.file}: accepted the output of {', '.join(change.names)}")
    return 0


def _agreed(file: str) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        _say(f"{file}: not written, as there is no terminal to ask on; use --yes")
        return False
    print(f"Write this to {file}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
