"""The attributes of a block as typed values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from notekit.model import MACHINE_ENDS, STREAMS, BareMachine, Machine, RunMode, Stream, exit_status
from notekit.parse.attributes import FLAG, Info
from notekit.parse.bare import read_bare
from notekit.parse.languages import FLAGS, OWNERS, RUN_MODES, RUNNER_OF, RUNNERS, BlockKind, attributes_of
from notekit.parse.machine import MachineError, read_machine
from notekit.parse.report import Report, listed, shortened, suggestion

LONGEST = 600.0

_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_NEED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_+-]*?)(?:>=([0-9]+(?:\.[0-9]+)*))?")
_SESSION = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Options:
    """What a block's attributes say; the meaning of each is that of its namesake in the note format.

    ``with_`` are paths as written. ``exit`` is 0 to 255, ``timeout`` in seconds.
    """

    run: RunMode = "yes"
    because: str | None = None
    file: str | None = None
    region: str | None = None
    with_: tuple[str, ...] = ()
    session: str | None = None
    args: tuple[str, ...] = ()
    stdin: str = ""
    cflags: tuple[str, ...] = ()
    schema: str | None = None
    exit: int = 0
    fails: bool = False
    runner: str = ""
    needs: tuple[str, ...] = ()
    timeout: float | None = None
    unordered: bool = False
    of: str = ""
    stream: Stream = "stdout"
    guest: Machine | None = None
    modules: tuple[str, ...] = ()
    machine: BareMachine | None = None


class _WrongError(ValueError):
    """A value that an attribute cannot have."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class _Around:
    """What a value is held against."""

    language: str
    capabilities: Collection[str]


def read_options(
    info: Info, kind: BlockKind, line: int, capabilities: Collection[str], report: Report
) -> Options | None:
    """The attributes of a block; None, with problems at ``line``, where one of them is wrong."""
    before = len(report.found)
    around = _Around(info.language, capabilities)
    found: dict[str, Any] = {}
    for name, text in info.values.items():
        if not _allowed(name, info.language, kind, line, report):
            continue
        try:
            found["with_" if name == "with" else name] = _value(name, text, around)
        except _WrongError as wrong:
            report(line, wrong.message, wrong.remedy)
    if len(report.found) == before:
        _look_at_pairs(info, found, kind, line, report)
    if len(report.found) > before:
        return None
    return Options(**{"runner": RUNNER_OF.get(info.language, ""), **found})


def _allowed(name: str, language: str, kind: BlockKind, line: int, report: Report) -> bool:
    allowed = attributes_of(language, kind)
    if name in allowed:
        return True
    if name in OWNERS:
        remedy = f"take it out: it is for {OWNERS[name]}"
        report(line, f"{name} is not allowed on {_block_name(language, kind)}", remedy)
    else:
        known = sorted(allowed)
        otherwise = f"{_block_name(language, kind)} takes {listed(['#id', *known], 'and')}"
        report(line, f"the attribute {name} is unknown", suggestion(name, known, otherwise))
    return False


def _block_name(language: str, kind: BlockKind) -> str:
    if kind == "listing":
        return f"a {language} block, which is only shown" if language else "a block without a language"
    return f"{'an' if language[0] in 'aeiou' else 'a'} {language} block"


def _value(name: str, text: str, around: _Around) -> Any:
    if name in FLAGS:
        if text != FLAG:
            raise _WrongError(f"{name} takes no value", f"write {name} alone")
        return True
    if text == FLAG:
        raise _WrongError(f"{name} has no value", f"write {name}=…")
    if not text.strip() and name not in _MAY_BE_EMPTY:
        raise _WrongError(f"{name} is empty", "give it a value, or take it out")
    return _READERS[name](name, text, around)


def _look_at_pairs(info: Info, found: Mapping[str, Any], kind: BlockKind, line: int, report: Report) -> None:
    """What one attribute demands of another."""
    run = found.get("run", "yes")
    if run == "no" and "because" not in found:
        report(line, "run=no without a reason", 'add because="…", which the reader is shown')
    if "because" in found and run != "no":
        report(line, "because without run=no", "add run=no, or take because out")
    if "fails" in found and run not in ("build", "syntax"):
        modes = listed(f"run={mode}" for mode in RUN_MODES[info.language] if mode in ("build", "syntax"))
        report(line, "fails on a program that runs", f"add {modes} (a program that runs and fails has exit=N)")
    if "region" in found and "file" not in found:
        report(line, "region without file", "add file=… with the file that has the region")
    for name in ("guest", "modules"):
        if name in found and found.get("runner") != "guest":
            report(line, f"{name} without runner=guest", f"add runner=guest, or take {name} out")
    if kind == "console" and found.get("runner") != "machine":
        for name in ("machine", "file"):
            if name in found:
                report(line, f"{name} on a console without runner=machine", f"add runner=machine, or take {name} out")
    if info.language in ("asm", "image") and found.get("runner", "machine") != "machine":
        report(
            line, f"runner={found['runner']} has no system for {info.language}", "take it out, or write runner=machine"
        )
    if info.language == "image" and "file" not in found:
        report(line, "an image block without file", "add file=… with the image, a file of the note's folder")
    if kind in ("output", "example") and "of" not in found:
        what = "the program that printed this" if kind == "output" else "the example that belongs here"
        report(line, f"{_block_name(info.language, kind)} without of", f"add of=… with the id of {what}")


def _text(name: str, text: str, around: _Around) -> str:
    return text


def _run(name: str, text: str, around: _Around) -> str:
    modes = RUN_MODES[around.language]
    if text not in modes:
        raise _WrongError(
            f"run={shortened(text)} is not possible on {_block_name(around.language, 'program')}",
            f"write run={listed(modes)}",
        )
    return text


def _words(name: str, text: str, around: _Around) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise _WrongError(
            f"{name} has a quote or a backslash with nothing behind it: {shortened(text)}",
            "close the quotes, as in a shell",
        ) from None


def _session(name: str, text: str, around: _Around) -> str:
    if not _SESSION.fullmatch(text):
        raise _WrongError(f"session={shortened(text)} is no name", "name the session with letters, digits, - and _")
    return text


def _exit(name: str, text: str, around: _Around) -> int:
    status = exit_status(text) if len(text) <= 12 else None
    if around.language in ("asm", "image"):
        # isa-debug-exit keeps seven bits of what is written to it.
        status = MACHINE_ENDS.get(text, status if status is not None and status < 128 else None)
        if status is None:
            raise _WrongError(
                f"exit={shortened(text)} is no end of a machine", f"write 0 to 127, {listed(MACHINE_ENDS)}"
            )
    if status is None:
        raise _WrongError(f"exit={shortened(text)} is no way to end", "write 0 to 255, or a signal such as SIGTERM")
    return status


def _runner(name: str, text: str, around: _Around) -> str:
    if text not in RUNNERS:
        raise _WrongError(f"the runner {shortened(text)} is unknown", f"write runner={listed(RUNNERS)}")
    return text


def _guest(name: str, text: str, around: _Around) -> Machine:
    try:
        return read_machine(text)
    except MachineError as error:
        raise _WrongError(error.message, error.remedy) from error


def _machine(name: str, text: str, around: _Around) -> BareMachine:
    try:
        return read_bare(text)
    except MachineError as error:
        raise _WrongError(error.message, error.remedy) from error


def _needs(name: str, text: str, around: _Around) -> tuple[str, ...]:
    needs = tuple(text.split())
    for need in needs:
        found = _NEED.fullmatch(need)
        if not found:
            raise _WrongError(
                f"needs has {shortened(need)}, which is no capability", "write a capability, or capability>=version"
            )
        if found[1] not in around.capabilities:
            remedy = suggestion(found[1], around.capabilities, f"known: {listed(sorted(around.capabilities), 'and')}")
            raise _WrongError(f"the capability {shortened(found[1])} is unknown", remedy)
    return needs


def _timeout(name: str, text: str, around: _Around) -> float:
    if not _SECONDS.fullmatch(text) or not 0 < float(text) <= LONGEST:
        raise _WrongError(
            f"timeout={shortened(text)} is no time limit", f"write seconds, more than 0 and at most {LONGEST:g}"
        )
    return float(text)


def _stream(name: str, text: str, around: _Around) -> str:
    if text not in STREAMS:
        remedy = f"write stream={listed(STREAMS[1:])}, or nothing for standard output"
        raise _WrongError(f"the stream {shortened(text)} is unknown", remedy)
    return text


_MAY_BE_EMPTY = frozenset({"stdin", "args", "cflags"})
_READERS: Mapping[str, Callable[[str, str, _Around], Any]] = {
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
