"""Frames to the guest's agent and from it, as bytes.

A frame is one byte of kind, one of job, two that are 0, four of length (little-endian), and its content, at most
65,536 bytes. ``agent/agent.h`` says the same.

To the agent
    T  wake: the time in nanoseconds since 1970 (8 bytes), 32 random bytes; it answers with W
    F  a file begins: mode (4), user (4), absolute path; the folders it lies in are made
    D  more of that file
    P  a job starts: see ``start``
    S  for the job: its next step, or what is typed at its terminal
    W  the size of the job's terminal: rows (2), columns (2)
From the agent
    H  the guest has booted       W  it is awake
    O  standard output (and error where the two are one, and what is on a terminal)       E  standard error
    N  the job asks for its next step: the status of the last one (1)
    X  the job has ended: its status (1)
    !  something is wrong with the guest, in words
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 1 << 16
JOBS = 5
_HEAD = struct.Struct("<cBxxI")
_KINDS = frozenset(b"HWOENX!")


class FrameError(Exception):
    """What the guest sent is no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: ``kind`` is one letter, ``job`` 0 to 4."""

    kind: str
    job: int
    content: bytes


def frame(kind: str, content: bytes = b"", job: int = 0) -> bytes:
    """A frame as bytes."""
    return _HEAD.pack(kind.encode("ascii"), job, len(content)) + content


def wake(nanoseconds: int, random: bytes) -> bytes:
    """Tells a clone what the time is, and 32 bytes that no other clone has."""
    return frame("T", struct.pack("<q", nanoseconds) + random)


def file(path: str, content: bytes, *, mode: int, user: int) -> bytes:
    """A file, as one frame that begins it and as many as it takes."""
    head = frame("F", struct.pack("<II", mode, user) + path.encode() + b"\0")
    parts = (content[start : start + LONGEST] for start in range(0, len(content), LONGEST))
    return head + b"".join(frame("D", part) for part in parts)


@dataclass(frozen=True, slots=True)
class Start:
    """A command to start: as which user (0 or 1000), in which folder, with which words and environment.

    ``stdin`` is the path of a file in the guest, or empty. ``merged``: standard error goes where standard output
    does. ``stepping``: it asks for steps (see ``steps``). ``terminal``: rows and columns of one of its own.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    user: int = 0
    stdin: str = ""
    merged: bool = False
    stepping: bool = False
    terminal: tuple[int, int] | None = None


def start(one: Start, job: int = 0) -> bytes:
    """Starts a command as that job. Raises ValueError where its words are longer than one frame."""
    rows, columns = one.terminal or (0, 0)
    fixed = struct.pack("<IBBBxHH", one.user, one.merged, one.stepping, one.terminal is not None, rows, columns)
    words: Sequence[str] = (
        *(one.folder, one.stdin, str(len(one.argv)), *one.argv),
        *(f"{name}={value}" for name, value in one.environment.items()),
    )
    content = fixed + b"".join(word.encode() + b"\0" for word in words)
    if len(content) > LONGEST or len(words) > 4000:
        raise ValueError("the command is too long")
    return frame("P", content, job)


def said(text: bytes, job: int = 0) -> bytes:
    """Something for a job to read."""
    return b"".join(frame("S", text[at : at + LONGEST], job) for at in range(0, len(text), LONGEST))


def size(rows: int, columns: int, job: int) -> bytes:
    """The new size of a job's terminal."""
    return frame("W", struct.pack("<HH", rows, columns), job)


def steps(job: int) -> tuple[str, str]:
    """The paths, in the guest, where a job says that it wants its next step, and where it hears it."""
    return f"/agent/{job}.say", f"/agent/{job}.hear"


class Reader:
    """Cuts what comes from a guest into frames. Root in the guest can send anything: nothing of it is believed."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now. Raises FrameError for what is none."""
        self._rest += data
        while len(self._rest) >= _HEAD.size:
            kind, job, length = _HEAD.unpack_from(self._rest)
            if kind[0] not in _KINDS or length > LONGEST or job >= JOBS or (kind in b"NX" and length != 1):
                raise FrameError(f"the guest sent what is no frame: {bytes(self._rest[:16])!r}")
            if len(self._rest) < _HEAD.size + length:
                return
            content = bytes(self._rest[_HEAD.size : _HEAD.size + length])
            del self._rest[: _HEAD.size + length]
            yield Frame(kind.decode("ascii"), job, content)


def files(entries: Iterable[tuple[str, bytes, int]], folder: str, user: int) -> bytes:
    """Files of (relative path, content, mode) put into a folder."""
    return b"".join(file(f"{folder}/{path}", content, mode=mode, user=user) for path, content, mode in entries)
