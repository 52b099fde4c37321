"""``machine="bits=16 assembler=nasm"``: the bare machine that a block asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from notekit.model import BareMachine
from notekit.parse.machine import cpu_word, read_words, size_word

#: What each word takes, as a message says it.
WORDS: Mapping[str, str] = {
    "bits": "16, 32 or 64",
    "assembler": "as or nasm",
    "cpu": "a CPU model of QEMU, such as Icelake-Server or max,-la57",
    "memory": "a size from 16M to 2G",
}


def read_bare(text: str) -> BareMachine:
    """The machine of an attribute's words. Raises MachineError for the first that is wrong."""
    return BareMachine(**read_words("machine", text, WORDS, _READERS))


def _bits(text: str) -> dict[str, Any] | None:
    return {"bits": int(text)} if text in ("16", "32", "64") else None


def _assembler(text: str) -> dict[str, Any] | None:
    return {"assembler": text} if text in ("as", "nasm") else None


_READERS: Mapping[str, Callable[[str], dict[str, Any] | None]] = {
    "bits": _bits,
    "assembler": _assembler,
    "cpu": cpu_word,
    "memory": size_word("memory", 16, 2048),
}
