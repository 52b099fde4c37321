"""``notes check``: runs the pipeline and hands what was found to the reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from notekit import pipeline, required, run_no, settings, shards
from notekit.commands import github as cli_github
from notekit.commands.progress import progress
from notekit.files import write_whole
from notekit.report import Report
from notekit.report import github as report_github
from notekit.report.json import as_json, without_commands
from notekit.report.junit import junit
from notekit.report.text import coloured, text
from notekit.shards import Shard


def check(
    root: Path,
    notes: tuple[str, ...],
    *,
    json_file: str | None,
    junit_file: Path | None,
    require: tuple[str, ...],
    shard: Shard | None = None,
    quiet: bool,
    plain: bool,
) -> int:
    """Checks the notes (or a shard of them) and reports what was found; the exit status of ``notes check``.

    Raises SettingError, before anything runs, for a setting or a ``--require`` that cannot be used.
    """
    demanded = required.names(require)
    limit = run_no.allowed(root)
    only = chosen_notes(root, notes)
    if isinstance(only, str):
        print(only, file=sys.stderr)
        return 2
    if shard is not None and only is not None:
        print("--shard divides all notes among machines; leave out the names of notes", file=sys.stderr)
        return 2
    kept = pipeline.store_of(root)
    with kept, progress(quiet=quiet, no_color=plain) as update:
        checked = pipeline.check(root, kept, only=only, shard=shard, progress=update)
        left = checked.division is None or _leave_manifest(kept.root, checked.division, checked)
    for problem in kept.problems:
        print(f"{problem}; what cannot be kept there runs again next time", file=sys.stderr)
    report = Report(required.demand(checked, demanded), run_no.excess(checked.collection, limit))
    stream = sys.stderr if json_file == "-" else sys.stdout
    _print(report, stream, quiet=quiet, plain=plain)
    if cli_github.is_there(os.environ):
        cli_github.tell(report, root, stream, os.environ)
    # Both are tried, so that one run says all that is wrong.
    written = [left, _write_json(report, json_file), junit_file is None or _write(junit_file, junit(report))]
    return report.status if all(written) else 2


def _leave_manifest(folder: Path, division: shards.Division, checked: pipeline.Checked) -> bool:
    """Whether what the shard ran could be kept for ``notes merge``; says what it was, or why not."""
    share = f"{len(checked.results)} of {division.examples} examples"
    print(f"shard {division.shard.number} of {division.shard.of}: {share}", file=sys.stderr)
    if checked.collection.errors:
        print("a note could not be read, so there is nothing to merge; mend it and run all shards", file=sys.stderr)
        return True
    statuses = {f"{result.note}#{result.name}": result.status for result in checked.results}
    keys = {f"{note}#{name}": key for (note, name), key in checked.keys.items()}
    try:
        shards.write(folder, shards.manifest(division, statuses, keys))
    except OSError as error:
        print(f"{folder}: the shard cannot be merged, its manifest cannot be kept ({error.strerror})", file=sys.stderr)
        return False
    return True


def chosen_notes(root: Path, notes: tuple[str, ...]) -> frozenset[str] | str | None:
    """The slugs that the arguments name (a slug or a path); None for all; a message for an unknown one."""
    if not notes:
        return None
    folder = settings.notes_folder(root)
    known = settings.note_slugs(root)
    chosen = set()
    for note in notes:
        path = Path(note)
        as_path = path if path.is_dir() else path.parent
        slug = note.strip("/")
        if slug not in known and as_path.resolve().is_relative_to(folder.resolve()):
            slug = as_path.resolve().relative_to(folder.resolve()).as_posix()
        if slug not in known:
            near = settings.nearest(slug, known)
            return f"{note}: there is no such note; " + (f"did you mean {near}?" if near else "name one as area/slug")
        chosen.add(slug)
    return frozenset(chosen)


def _print(report: Report, stream: TextIO, *, quiet: bool, plain: bool) -> None:
    said = text(report, quiet=quiet)
    if said and not plain and _has_colours(stream, os.environ):
        said = coloured(said)
    if said:
        with report_github.no_commands(stream) if cli_github.is_there(os.environ) else nullcontext():
            print(said, file=stream)


def _has_colours(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """As https://no-color.org asks, an empty NO_COLOR is none."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _write_json(report: Report, file: str | None) -> bool:
    if file == "-":
        document = as_json(report)
        print(without_commands(document) if cli_github.is_there(os.environ) else document)
        return True
    return file is None or _write(Path(file), as_json(report).encode() + b"\n")


def _write(file: Path, content: bytes) -> bool:
    """Whether it could be written; says so where it could not."""
    try:
        write_whole(file, content)
    except OSError as error:
        print(f"{file}: cannot be written ({error.strerror}); name a file in a folder that can", file=sys.stderr)
        return False
    return True
