"""``notes new``: a note that passes, ready to be written."""

from __future__ import annotations

import sys
from pathlib import Path

from notekit import new_note, pipeline, settings, translated


def new(root: Path, slug: str) -> int:
    """Makes the note and prints the files that it made; the exit status of the command."""
    slug = slug.rstrip("/")
    languages = settings.languages(root)
    folder = settings.notes_folder(root)
    refusal = new_note.unfit(root, slug, languages)
    if refusal:
        print(refusal, file=sys.stderr)
        return 2
    order = max((area.order for area in pipeline.read(root).areas), default=0) + 1
    try:
        made = new_note.create(folder, slug, languages, order)
        collection = pipeline.read(root, frozenset({slug}))
        if not collection.errors:
            # Both languages were written together: each section of the translation says so.
            translated.write(root, collection, slug)
    except new_note.RefusedError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: cannot be written ({error.strerror}); make it writable", file=sys.stderr)
        return 2
    for file in made:
        print((folder / file).relative_to(root).as_posix())
    for problem in collection.errors:
        print(problem, file=sys.stderr)
    if not collection.errors:
        print(f"it passes as it is: write it, then notes check {slug} and notes translated {slug}", file=sys.stderr)
    return 2 if collection.errors else 0
