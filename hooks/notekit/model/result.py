"""What came out of an example, and how that compares with what the note states."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from notekit.model.example import Stream
from notekit.model.place import Place

Status = Literal["passed", "failed", "not-verified", "error"]
PageKind = Literal["note", "area", "overview"]
Limit = Literal["deadline", "memory", "processes", "disk", "output"]


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that ended an example: which, and how much was allowed (``10 s``, ``512 MiB``, ``64``)."""

    limit: Limit
    allowed: str


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What one command printed, standard output and error in the order written.

    ``exit`` is None for a command that was not reached or did not end.
    """

    text: bytes
    exit: int | None


@dataclass(frozen=True, slots=True)
class BuildOutput:
    """What the compiler or a syntax check printed, and its exit status."""

    text: bytes
    exit: int | None


@dataclass(frozen=True, slots=True)
class Output:
    """What came out of one example.

    ``commands`` for consoles; ``stdout``, ``stderr``, ``exit`` for programs; ``build`` where something
    was compiled or checked. ``exceeded`` names the limit that ended it. ``broken`` is set where the
    runner itself failed, and ``missing`` where what it needs is not on this machine (why, and the cure).
    ``how`` is the command line that a person would type; ``versions`` are (tool, version);
    ``finished`` is ISO 8601 in UTC. ``streams`` are a bare machine's further streams.
    ``log`` is what a guest's kernel said last, where its end was not the example's.
    """

    commands: tuple[CommandOutput, ...] = ()
    stdout: bytes = b""
    stderr: bytes = b""
    exit: int | None = None
    build: BuildOutput | None = None
    exceeded: Exceeded | None = None
    broken: str | None = None
    missing: str | None = None
    how: str = ""
    seconds: float = 0.0
    versions: tuple[tuple[str, str], ...] = ()
    finished: str = ""
    log: str = ""
    streams: tuple[tuple[Stream, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as the note says, at the line that is wrong.

    ``command`` is what ran (empty for a diagram); ``diff`` the lines of a unified diff without its
    header; ``end`` the end it came to; ``how`` how it was run.
    """

    place: Place
    message: str
    command: str = ""
    diff: tuple[str, ...] = ()
    end: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an emulated machine did of what a diagram shows.

    ``seen``: the same; ``known``: the same but for faults of the emulator that a decision names; ``differs``:
    something else; ``unseen``: it cannot do it, or is not here; ``broken``: it told nothing. ``emulator`` is such as
    ``QEMU 7.2``. ``reasons`` are the known faults, or why it is unseen: names of a page's texts (``known_…``,
    ``unseen_…``), each with what its text tells of. ``message`` is for what differs or is broken.
    """

    verdict: Literal["seen", "known", "differs", "unseen", "broken"]
    emulator: str = ""
    reasons: tuple[tuple[str, str], ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """An example or a diagram after it ran. ``reason`` says why it is not verified, or what broke.

    ``texts`` is what the page shows as printed: for a console one text a command, for a program one a
    stream (``stdout``, ``stderr``), each a tuple of printable lines; where an expectation says ``...``
    that line stays. ``exits`` are the ends of a console's commands. Both are as the note states them
    where nothing ran. ``evidence`` is a diagram's. ``how`` is the command line that a person would type;
    empty where nothing ran. ``log`` is that of the Output.
    """

    note: str
    name: str
    language: str
    place: Place
    runner: str
    status: Status
    reason: str = ""
    failures: tuple[Failure, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    exits: tuple[int, ...] = ()
    seconds: float = 0.0
    cached: bool = False
    how: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    finished: str = ""
    log: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One document as Markdown, ready for a site generator; or a page about documents, made from all of them.

    ``path`` is ``area/slug/en.md``, as in the collection, so that links between notes work in both;
    ``url`` is where the site serves it, relative to its root (``zh/area/slug/``). ``markdown`` has no
    head and no line that anything but ``[[[ … ]]]`` would expand. ``title`` and ``description`` are
    plain text. ``anchors`` are the ids of the blocks in it. ``slug`` is the note's; for the opening page of an
    ``area`` the area's; for an ``overview`` its path in the first language.
    ``weight`` is what a match counts in the search (1: as any page; 0: it is not searched, as it says nothing that no
    other page does).
    """

    path: str
    url: str
    language: str
    slug: str
    title: str
    description: str
    tags: tuple[str, ...]
    markdown: str
    anchors: tuple[str, ...] = ()
    kind: PageKind = "note"
    weight: float = 1


#: How a bare machine ends if not through its exit port, as statuses that no process has.
MACHINE_ENDS: Mapping[str, int] = {"reset": 256, "shutdown": 257}


def exit_status(text: str) -> int | None:
    """``0`` to ``255`` or a signal's name (``SIGTERM``: 143) as an exit status; None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 3 and int(text) < 256 else None
    if text.startswith("SIG") and text in signal.Signals.__members__:
        return 128 + signal.Signals[text].value
    return None


def describe_exit(status: int | None) -> str:
    """``exit 1``, ``exit 139 (SIGSEGV)``, ``a reset`` (a machine's), or ``did not end``."""
    if status is None:
        return "did not end"
    if status > 255:
        return next(f"a {name}" for name, number in MACHINE_ENDS.items() if number == status)
    if status > 128:
        try:
            return f"exit {status} ({signal.Signals(status - 128).name})"
        except ValueError:
            pass
    return f"exit {status}"
