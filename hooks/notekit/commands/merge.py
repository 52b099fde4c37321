"""``notes merge``: the stores of all shards into the project's own, once it is certain that nothing is missing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from notekit import pipeline, shards
from notekit.model import Collection
from notekit.shards import Found
from notekit.store import Entry, Store
from notekit.units import names_of, units_of

_NAMED = 3


def merge(root: Path, folders: tuple[Path, ...]) -> int:
    """Merges what the shards left; the exit status: 0, 1 where an example had failed, 2 where nothing was merged."""
    collection = pipeline.read(root)
    found = [_look(folder, manifest) for folder in dict.fromkeys(folders) for manifest in shards.manifests(folder)]
    wrong = [str(problem) for problem in collection.errors]
    wrong += [
        f"{folder}: no shard ran into it; name the store that `notes check --shard I/N` filled"
        for folder in folders
        if not any(one.folder == folder for one in found)
    ]
    wrong = wrong or list(shards.complaints(shards.parts(collection), found))
    if wrong:
        _say(wrong)
        return 2
    with pipeline.store_of(root) as target:
        for key, entry in _results(found):
            target.put(key, entry.outputs, entry.about)
        for folder in folders:
            target.record(Store(folder).durations())
    if target.problems:
        _say(target.problems)
        return 2
    print(_count(found))
    _say(_elsewhere(collection, found))
    failed = [f"{one.name}: {one.status} in its shard, whose report says why" for one in _bad(found)]
    _say(failed)
    return 1 if failed else 0


def _look(folder: Path, manifest: shards.Manifest) -> Found:
    """The manifest, with the names of those of its results that are not whole."""
    store = Store(folder)
    return Found(
        folder, manifest, tuple(one.name for one in manifest.entries if one.key and store.entry(one.key) is None)
    )


def _results(found: list[Found]) -> Iterator[tuple[str, Entry]]:
    for one in found:
        store = Store(one.folder)
        for part in one.manifest.entries:
            result = store.entry(part.key) if part.key else None
            if part.key and result:
                yield part.key, result


def _bad(found: list[Found]) -> list[shards.Entry]:
    return [part for one in found for part in one.manifest.entries if part.status in ("failed", "error")]


def _count(found: list[Found]) -> str:
    """``65 examples of 4 shards: 64 passed, 1 not verified``."""
    counts = Counter(part.status for one in found for part in one.manifest.entries for _ in part.names)
    said = ", ".join(f"{counts[status]} {status.replace('-', ' ')}" for status in sorted(counts, reverse=True))
    number = sum(counts.values())
    return f"{number} example{'' if number == 1 else 's'} of {len(found)} shard{'' if len(found) == 1 else 's'}: {said}"


def _elsewhere(collection: Collection, found: list[Found]) -> list[str]:
    """What this machine cannot use, since it would run it with other tools than the shard did."""
    units = (unit for note in collection.notes for unit in units_of(note.examples))
    here = {names_of(unit)[0]: pipeline.key_of(unit) for unit in units}
    others = [
        part.name for one in found for part in one.manifest.entries if part.key and part.key != here.get(part.name)
    ]
    if not others:
        return []
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    named = ", ".join(others[:_NAMED]) + more
    return [f"{named}: ran with other tools than this machine has; a build here runs it again"]


def _say(lines: list[str] | tuple[str, ...]) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
