"""Whether the shards that were found make up the collection: each part of it there, exactly once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notekit.shards.manifest import Manifest
from notekit.shards.plan import Part, Shard, plan_digest

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest, and the store that it was found in. ``lost`` are the names of parts whose results should be in that
    store and are not, or are damaged there."""

    folder: Path
    manifest: Manifest
    lost: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.folder}: shard {self.manifest.shard}"


def complaints(parts: Sequence[Part], found: Sequence[Found]) -> tuple[str, ...]:
    """What keeps the shards from being merged, one line each, with what to do; nothing where they are complete."""
    plan = plan_digest(parts)
    foreign = [one for one in found if one.manifest.plan != plan]
    own = [one for one in found if one.manifest.plan == plan]
    said = [f"{one} is of other notes than these; run it on this commit" for one in foreign]
    said += _of_shards(own)
    # Where a shard is missing or there twice, naming its parts too would say the same again.
    if not said:
        said += _of_parts(parts, own)
    for one in own:
        if one.lost:
            said.append(f"{one} kept {_some(one.lost)}, which is not there now, or damaged; run that shard again")
    return tuple(said)


def _of_shards(found: Sequence[Found]) -> Iterator[str]:
    if not found:
        yield "no shard of these notes was found; name the stores that `notes check --shard I/N` filled"
        return
    counts = sorted({one.manifest.shard.of for one in found})
    if len(counts) > 1:
        for one in found:
            yield f"{one} is of another division than the rest ({', '.join(map(str, counts))} shards); take all of one"
        return
    by_number: dict[int, list[Found]] = defaultdict(list)
    for one in found:
        by_number[one.manifest.shard.number].append(one)
    missing = [number for number in range(1, counts[0] + 1) if number not in by_number]
    for shard in (Shard(number, counts[0]) for number in missing):
        yield f"shard {shard} is missing; run `notes check --shard {shard}`, and name its store too"
    for same in by_number.values():
        for one in same[1:]:
            yield f"{one} is there twice, in {same[0].folder} too; name one of them"


def _of_parts(parts: Sequence[Part], found: Sequence[Found]) -> Iterator[str]:
    where: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for one in found:
        for entry in one.manifest.entries:
            where[entry.names].append(one)
    known = {part.names for part in parts}
    hint = "the shards were divided by different durations; give all of them the same store to begin with"
    missing = [part.name for part in parts if not where.get(part.names)]
    if missing:
        yield f"{_some(missing)} is in no shard; {hint}"
    for names, holders in where.items():
        if names not in known:
            yield f"{holders[0]} has {names[0]}, which is not in these notes; run it on this commit"
        elif len(holders) > 1:
            yield f"{names[0]} is in shards {' and '.join(str(one.manifest.shard) for one in holders)}; {hint}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
