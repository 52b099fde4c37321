"""``notes shell``: an example's sandbox, opened for a person."""

from __future__ import annotations

import sys
from itertools import zip_longest
from pathlib import Path

from notekit import pipeline, runners, sandbox, settings, shell
from notekit.commands.check import chosen_notes
from notekit.guest import GuestError


def open_shell(root: Path, name: str) -> int:
    """Opens a shell at the point before the example runs; the exit status of the command."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("notes shell needs a terminal: standard input and standard output must be one", file=sys.stderr)
        return 2
    note, _, identifier = name.partition("#")
    if not (note and identifier):
        print(f"{name}: this names no example; write AREA/NOTE#ID", file=sys.stderr)
        return 2
    chosen = chosen_notes(root, (note,))
    if not isinstance(chosen, frozenset):
        print(chosen, file=sys.stderr)
        return 2
    (slug,) = chosen
    name = f"{slug}#{identifier}"
    runners.look_again(root / ".cache", settings.guest_folder(root))
    collection = pipeline.read(root, chosen)
    if collection.errors:
        for problem in collection.errors:
            print(problem, file=sys.stderr)
        return 2
    reason = sandbox.probe()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    try:
        here = shell.place(collection, name)
        _introduce(name, here)
        ended = shell.run(here, sys.stdin.fileno(), sys.stdout.fileno())
    except shell.UnknownError as error:
        print(error, file=sys.stderr)
        return 2
    except sandbox.SandboxError as error:
        print(f"the sandbox cannot be opened: {error}", file=sys.stderr)
        return 1
    except GuestError as error:
        print(f"the guest cannot be opened: {error}", file=sys.stderr)
        return 1
    if ended.exceeded:
        print(
            f"the shell was ended: over the {ended.exceeded.limit} limit of {ended.exceeded.allowed}", file=sys.stderr
        )
        return 1
    return 0


def _introduce(name: str, here: shell.Place) -> None:
    """What the shell is, what would run next, and how to leave it."""
    if here.opening.said:
        print(here.opening.said, file=sys.stderr)
    what = "sandbox" if here.opening.machine is None else "guest"
    print(f"This is the {what} of {name} before it runs; exit or Ctrl-D leaves it. Next would be:", file=sys.stderr)
    for prompt, text in zip_longest(here.opening.prompts, here.opening.then, fillvalue="$"):
        print(f"    {prompt} " + text.replace("\n", "\n    > "), file=sys.stderr)
