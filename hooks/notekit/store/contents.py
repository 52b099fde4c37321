"""What a store holds, for people: every entry read and judged, none of them used by that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from notekit.store.entry import OtherFormatError, decode
from notekit.store.eviction import entries
from notekit.store.leases import locked, running_since


@dataclass(frozen=True, slots=True)
class Held:
    """One entry: the examples it was kept for, its size in bytes, how long they ran, when (ISO 8601), and when it
    was last used, in seconds since 1970."""

    key: str
    about: tuple[str, ...]
    size: int
    seconds: float
    finished: str
    used: float


@dataclass(frozen=True, slots=True)
class Contents:
    """All of a store, what was used last first. ``damaged`` files are no entries: what they were runs again when it is
    asked for. ``foreign`` counts entries of other versions, ``builds`` those that use the store now."""

    held: tuple[Held, ...]
    damaged: tuple[Path, ...] = ()
    foreign: int = 0
    builds: int = 0

    @property
    def size(self) -> int:
        """Bytes of all whole entries."""
        return sum(one.size for one in self.held)


def contents(root: Path) -> Contents:
    """Reads all of a store; an empty one where there is none. Raises OSError for what cannot be read."""
    held: list[Held] = []
    damaged: list[Path] = []
    foreign = 0
    with locked(root, exclusive=True) as is_locked:
        builds = len(running_since(root)) if is_locked else 0
    for file in entries(root):
        try:
            entry = decode(file.key, file.path.read_bytes())
        except FileNotFoundError:
            continue
        except OtherFormatError:
            foreign += 1
            continue
        except ValueError:
            damaged.append(file.path)
            continue
        seconds = sum(output.seconds for output in entry.outputs)
        finished = max((output.finished for output in entry.outputs), default="")
        held.append(Held(file.key, entry.about, file.size, seconds, finished, file.used / 1e9))
    held.sort(key=lambda one: (-one.used, one.about, one.key))
    return Contents(tuple(held), tuple(sorted(damaged)), foreign, builds)
