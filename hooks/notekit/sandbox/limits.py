"""How much a confined example may use, and how much it used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notekit.model import Exceeded, Limit

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` of wall-clock time; ``memory``, ``disk`` and ``output`` in bytes; ``processes`` counts threads too.

    ``disk`` is the size of each of the three places that can be written to (home, ``/tmp``, ``/dev/shm``);
    ``output`` is for standard output and standard error together.
    """

    seconds: float = 10.0
    memory: int = 512 * MIB
    processes: int = 64
    disk: int = 64 * MIB
    output: int = MIB

    def exceeded(self, limit: Limit) -> Exceeded:
        """The limit by its name, with what was allowed: ``10 s``, ``512 MiB``, ``64``."""
        match limit:
            case "deadline":
                return Exceeded(limit, f"{self.seconds:g} s")
            case "processes":
                return Exceeded(limit, str(self.processes))
            case "memory" | "disk" | "output":
                return Exceeded(limit, size(getattr(self, limit)))


def size(count: int, places: int | None = None) -> str:
    """Bytes for people: ``64 MiB``, ``1.5 KiB``, ``7 bytes``; with that many decimal places, or as many as it takes."""
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if count >= unit:
            return f"{count / unit:g} {name}" if places is None else f"{count / unit:.{places}f} {name}"
    return f"{count} bytes"


@dataclass(frozen=True, slots=True)
class Execution:
    """What a confined process tree did.

    ``stderr`` is empty where both streams were merged into ``stdout``. ``exit`` is 0 to 255, 128+n for the
    signal n, None where a limit ended it or its dialogue was over first. ``seconds`` is wall-clock time from
    the program's start. ``files`` holds what was read back from the working directory; a file that was not
    there, was no regular file, or was larger than allowed is not among them.
    """

    stdout: bytes
    stderr: bytes
    exit: int | None
    exceeded: Exceeded | None
    seconds: float
    files: Mapping[str, bytes] = field(default_factory=dict)
