"""The attributes of a block as typed values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from notekit.model import BARE_LANGUAGES, BareMachine, Machine, RunMode, Stream
from notekit.parse.attributes import FLAG, Info
from notekit.parse.languages import FLAGS, OWNERS, RUN_MODES, RUNNER_OF, BlockKind, attributes_of
from notekit.parse.report import Report, listed, suggestion
from notekit.parse.values import MAY_BE_EMPTY, READERS, Around, WrongError, block_name


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


def read_options(
    info: Info, kind: BlockKind, line: int, capabilities: Collection[str], report: Report
) -> Options | None:
    """The attributes of a block; None, with problems at ``line``, where one of them is wrong."""
    before = len(report.found)
    around = Around(info.language, capabilities)
    found: dict[str, Any] = {}
    for name, text in info.values.items():
        if not _allowed(name, info.language, kind, line, report):
            continue
        try:
            found["with_" if name == "with" else name] = _value(name, text, around)
        except WrongError as wrong:
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
        report(line, f"{name} is not allowed on {block_name(language, kind)}", remedy)
    else:
        known = sorted(allowed)
        otherwise = f"{block_name(language, kind)} takes {listed(['#id', *known], 'and')}"
        report(line, f"the attribute {name} is unknown", suggestion(name, known, otherwise))
    return False


def _value(name: str, text: str, around: Around) -> Any:
    if name in FLAGS:
        if text != FLAG:
            raise WrongError(f"{name} takes no value", f"write {name} alone")
        return True
    if text == FLAG:
        raise WrongError(f"{name} has no value", f"write {name}=…")
    if not text.strip() and name not in MAY_BE_EMPTY:
        raise WrongError(f"{name} is empty", "give it a value, or take it out")
    return READERS[name](name, text, around)


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
    if info.language in BARE_LANGUAGES and found.get("runner", "machine") != "machine":
        report(
            line, f"runner={found['runner']} has no system for {info.language}", "take it out, or write runner=machine"
        )
    if info.language == "image" and "file" not in found:
        report(line, "an image block without file", "add file=… with the image, a file of the note's folder")
    if kind in ("output", "example") and "of" not in found:
        what = "the program that printed this" if kind == "output" else "the example that belongs here"
        report(line, f"{block_name(info.language, kind)} without of", f"add of=… with the id of {what}")
