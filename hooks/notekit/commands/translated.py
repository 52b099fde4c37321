"""``notes translated``: the translator says that a note's translations are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from notekit import pipeline
from notekit.commands.check import chosen_notes
from notekit.translated import ChangedError, write


def translated(root: Path, notes: tuple[str, ...]) -> int:
    """Writes the sections' digests into each note's translations; the exit status of the command."""
    chosen = chosen_notes(root, notes)
    if isinstance(chosen, str):
        print(chosen, file=sys.stderr)
        return 2
    collection = pipeline.read(root, chosen)
    if collection.errors:
        # A note that cannot be read has no sections to speak of; nothing is written for the others either.
        for problem in collection.errors:
            print(problem, file=sys.stderr)
        return 2
    for slug in sorted(chosen or ()):
        try:
            for file in write(root, collection, slug):
                print(f"{file}: its sections are marked as up to date")
        except ChangedError as error:
            print(error, file=sys.stderr)
            return 2
        except OSError as error:
            print(f"{error.filename}: cannot be written ({error.strerror}); make it writable", file=sys.stderr)
            return 2
    return 0
