"""Which languages run, by which runner, and which attributes their blocks take. All as data.

A language that is not here, and that names no diagram, is shown and nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from notekit.model import RunMode

BlockKind = Literal["console", "program", "json", "output", "example", "diagram", "listing"]

RUNNERS = ("host", "guest", "machine")

# The runner of each language where the block names no other.
RUNNER_OF: Mapping[str, str] = {
    "console": "host",
    "bash": "host",
    "sh": "host",
    "fish": "host",
    "c": "host",
    "python": "host",
    "json": "host",
    "asm": "machine",
    "image": "machine",
}

RUN_MODES: Mapping[str, tuple[RunMode, ...]] = {
    "c": ("yes", "build", "syntax", "no"),
    "bash": ("yes", "syntax", "no"),
    "sh": ("yes", "syntax", "no"),
    "fish": ("yes", "syntax", "no"),
    "python": ("yes", "syntax", "no"),
    "console": ("yes", "no"),
    "json": ("yes", "no"),
    "asm": ("yes", "build", "no"),
    "image": ("yes", "no"),
}

_ANY_EXAMPLE = frozenset({"run", "because", "runner", "needs", "timeout"})
_GUEST = frozenset({"guest", "modules"})
_BARE = frozenset({"machine"})
_ANY_PROGRAM = _ANY_EXAMPLE | {"file", "region", "with", "args", "stdin", "exit", "fails"}

_ATTRIBUTES: Mapping[BlockKind, frozenset[str]] = {
    "console": _ANY_EXAMPLE | _GUEST | _BARE | {"with", "session", "unordered", "file"},
    "program": _ANY_PROGRAM | _GUEST,
    "json": _ANY_EXAMPLE | {"schema", "file"},
    "output": frozenset({"of", "stream", "unordered"}),
    "example": frozenset({"of"}),
    "diagram": frozenset(),
    "listing": frozenset(),
}

# A program without a system has no arguments and no standard input.
_OF_LANGUAGE: Mapping[str, frozenset[str]] = {
    "c": _ATTRIBUTES["program"] | {"cflags"},
    "asm": _ANY_EXAMPLE | _BARE | {"file", "region", "with", "exit", "fails"},
    "image": _ANY_EXAMPLE | _BARE | {"file", "exit"},
}

FLAGS = frozenset({"fails", "unordered"})

# For whom an attribute is, as a message says it.
OWNERS: Mapping[str, str] = {
    **dict.fromkeys(_ANY_EXAMPLE, "blocks that run"),
    **dict.fromkeys(_ANY_PROGRAM - _ANY_EXAMPLE, "programs (bash, sh, fish, c, python, asm, image)"),
    **dict.fromkeys(("with", *_GUEST), "console blocks and programs"),
    "machine": "asm and image blocks, and console blocks with runner=machine",
    "session": "console blocks",
    "unordered": "console and output blocks",
    "cflags": "c blocks",
    "schema": "json blocks",
    "of": "output and example blocks",
    "stream": "output blocks",
}


def block_kind(language: str, diagrams: Collection[str]) -> BlockKind:
    """What a block of that language is; ``diagrams`` are the diagram types."""
    if language in diagrams:
        return "diagram"
    if language == "console":
        return "console"
    if language == "json":
        return "json"
    if language == "output":
        return "output"
    if language == "example":
        return "example"
    return "program" if language in RUNNER_OF else "listing"


def attributes_of(language: str, kind: BlockKind) -> frozenset[str]:
    """The attributes that a block may have, beside its id."""
    return _OF_LANGUAGE.get(language, _ATTRIBUTES[kind])
