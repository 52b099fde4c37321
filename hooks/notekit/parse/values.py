"""The value of one attribute, read from its text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from notekit.model import BARE_LANGUAGES, MACHINE_ENDS, STREAMS, BareMachine, Machine, exit_status
from notekit.parse.bare import read_bare
from notekit.parse.languages import RUN_MODES, RUNNERS, BlockKind
from notekit.parse.machine import MachineError, read_machine
from notekit.parse.report import listed, shortened, suggestion

LONGEST = 600.0

_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_NEED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_+-]*?)(?:>=([0-9]+(?:\.[0-9]+)*))?")
_SESSION = re.compile(r"[A-Za-z0-9_-]+")


class WrongError(ValueError):
    """A value that an attribute cannot have."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Around:
    """What a value is held against."""

    language: str
    capabilities: Collection[str]


def block_name(language: str, kind: BlockKind) -> str:
    """A block as a message names it."""
    if kind == "listing":
        return f"a {language} block, which is only shown" if language else "a block without a language"
    return f"{'an' if language[0] in 'aeiou' else 'a'} {language} block"


def _text(name: str, text: str, around: Around) -> str:
    return text


def _run(name: str, text: str, around: Around) -> str:
    modes = RUN_MODES[around.language]
    if text not in modes:
        raise WrongError(
            f"run={shortened(text)} is not possible on {block_name(around.language, 'program')}",
            f"write run={listed(modes)}",
        )
    return text


def _words(name: str, text: str, around: Around) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise WrongError(
            f"{name} has a quote or a backslash with nothing behind it: {shortened(text)}",
            "close the quotes, as in a shell",
        ) from None


def _session(name: str, text: str, around: Around) -> str:
    if not _SESSION.fullmatch(text):
        raise WrongError(f"session={shortened(text)} is no name", "name the session with letters, digits, - and _")
    return text


def _exit(name: str, text: str, around: Around) -> int:
    status = exit_status(text) if len(text) <= 12 else None
    if around.language in BARE_LANGUAGES:
        # isa-debug-exit keeps seven bits of what is written to it.
        status = MACHINE_ENDS.get(text, status if status is not None and status < 128 else None)
        if status is None:
            raise WrongError(
                f"exit={shortened(text)} is no end of a machine", f"write 0 to 127, {listed(MACHINE_ENDS)}"
            )
    if status is None:
        raise WrongError(f"exit={shortened(text)} is no way to end", "write 0 to 255, or a signal such as SIGTERM")
    return status


def _runner(name: str, text: str, around: Around) -> str:
    if text not in RUNNERS:
        raise WrongError(f"the runner {shortened(text)} is unknown", f"write runner={listed(RUNNERS)}")
    return text


def _guest(name: str, text: str, around: Around) -> Machine:
    try:
        return read_machine(text)
    except MachineError as error:
        raise WrongError(error.message, error.remedy) from error


def _machine(name: str, text: str, around: Around) -> BareMachine:
    try:
        return read_bare(text)
    except MachineError as error:
        raise WrongError(error.message, error.remedy) from error


def _needs(name: str, text: str, around: Around) -> tuple[str, ...]:
    needs = tuple(text.split())
    for need in needs:
        found = _NEED.fullmatch(need)
        if not found:
            raise WrongError(
                f"needs has {shortened(need)}, which is no capability", "write a capability, or capability>=version"
            )
        if found[1] not in around.capabilities:
            remedy = suggestion(found[1], around.capabilities, f"known: {listed(sorted(around.capabilities), 'and')}")
            raise WrongError(f"the capability {shortened(found[1])} is unknown", remedy)
    return needs


def _timeout(name: str, text: str, around: Around) -> float:
    if not _SECONDS.fullmatch(text) or not 0 < float(text) <= LONGEST:
        raise WrongError(
            f"timeout={shortened(text)} is no time limit", f"write seconds, more than 0 and at most {LONGEST:g}"
        )
    return float(text)


def _stream(name: str, text: str, around: Around) -> str:
    if text not in STREAMS:
        remedy = f"write stream={listed(STREAMS[1:])}, or nothing for standard output"
        raise WrongError(f"the stream {shortened(text)} is unknown", remedy)
    return text


MAY_BE_EMPTY = frozenset({"stdin", "args", "cflags"})
READERS: Mapping[str, Callable[[str, str, Around], Any]] = {
    "run": _run,
    "because": _text,
    "file": _text,
    "region": _text,
    "with": _words,
    "session": _session,
    "args": _words,
    "stdin": _text,
    "cflags": _words,
    "schema": _text,
    "exit": _exit,
    "runner": _runner,
    "needs": _needs,
    "timeout": _timeout,
    "of": _text,
    "stream": _stream,
    "guest": _guest,
    "modules": _words,
    "machine": _machine,
}
