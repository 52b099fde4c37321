"""What a shard leaves in its store: ``shards/I-of-N.json``, sealed as entries are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notekit.files import sync_folder, write_whole
from notekit.model import Collection, Status
from notekit.sealed import seal, unseal
from notekit.shards.plan import Part, Shard, divide, parts, plan_digest
from notekit.store import Store
from notekit.store import durations as recorded

_FOLDER = "shards"
_FORMAT = 1
_WORST: tuple[Status, ...] = ("passed", "not-verified", "failed", "error")


@dataclass(frozen=True, slots=True)
class Entry:
    """A part that a shard ran: its examples' names, the worst of their statuses, and the key of the result that the
    store holds (None: it holds none)."""

    names: tuple[str, ...]
    status: Status
    key: str | None

    @property
    def name(self) -> str:
        """The name of the part."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one shard ran. ``plan`` is the digest of the whole collection's parts; ``seconds`` are the durations by
    which it was divided."""

    shard: Shard
    plan: str
    seconds: Mapping[str, float]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Division:
    """A collection as one shard sees it: ``parts`` are its own, ``names`` those of their examples and diagrams;
    ``examples`` counts those of the whole collection."""

    shard: Shard
    plan: str
    seconds: Mapping[str, float]
    parts: tuple[Part, ...]
    examples: int

    @property
    def names(self) -> frozenset[str]:
        """``area/slug#name`` of all that this shard runs or computes."""
        return frozenset(name for part in self.parts for name in part.names)


def division(kept: Store, collection: Collection, shard: Shard) -> Division:
    """The shard's share of a collection.

    It is divided by the durations that the store has recorded; or, where a sibling ran into the same store, by those
    that it was divided by: its run has recorded new ones, and they would lead to another division.
    """
    every = parts(collection)
    plan = plan_digest(every)
    siblings = (one for one in manifests(kept.root) if (one.plan, one.shard.of) == (plan, shard.of))
    sibling = next(siblings, None)
    seconds = kept.durations() if sibling is None else sibling.seconds
    mine = divide(every, seconds, shard.of)[shard.number - 1]
    return Division(shard, plan, seconds, mine, sum(len(part.names) for part in every))


def manifest(division: Division, statuses: Mapping[str, Status], keys: Mapping[str, str]) -> Manifest:
    """What the shard leaves, from the status of each of its examples by name, and the keys of those that are kept."""
    entries = tuple(
        Entry(part.names, max((statuses[name] for name in part.names), key=_WORST.index), keys.get(part.name))
        for part in division.parts
    )
    return Manifest(division.shard, division.plan, division.seconds, entries)


def write(root: Path, manifest: Manifest) -> None:
    """Keeps it in a store, in place of those of other collections, commits and numbers of shards. Raises OSError."""
    folder = root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path, found in _read(root):
        if found is None or (found.plan, found.shard.of) != (manifest.plan, manifest.shard.of):
            path.unlink(missing_ok=True)
    described = {
        "format": _FORMAT,
        "shard": [manifest.shard.number, manifest.shard.of],
        "plan": manifest.plan,
        "seconds": dict(manifest.seconds),
        "entries": [[list(entry.names), entry.status, entry.key] for entry in manifest.entries],
    }
    write_whole(folder / f"{manifest.shard.number}-of-{manifest.shard.of}.json", seal(described))
    sync_folder(folder)


def manifests(root: Path) -> tuple[Manifest, ...]:
    """The whole manifests in a store, by number."""
    found = (manifest for _, manifest in _read(root) if manifest is not None)
    return tuple(sorted(found, key=lambda one: (one.shard.of, one.shard.number)))


def _read(root: Path) -> Iterable[tuple[Path, Manifest | None]]:
    for path in sorted((root / _FOLDER).glob("*-of-*.json")):
        manifest = None
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            manifest = _from_json(unseal(path.read_bytes()))
        yield path, manifest


def _from_json(described: Any) -> Manifest:
    """Raises ValueError, LookupError or TypeError for anything but what ``write`` makes."""
    if described["format"] != _FORMAT:
        raise ValueError("another format")
    number, of = described["shard"]
    entries = []
    for names, status, key in described["entries"]:
        if not names or status not in _WORST or not (key is None or re.fullmatch("[0-9a-f]{64}", key)):
            raise ValueError("not an entry")
        entries.append(Entry(tuple(str(name) for name in names), status, key))
    return Manifest(
        Shard(int(number), int(of)), str(described["plan"]), recorded.valid(described["seconds"]), tuple(entries)
    )
