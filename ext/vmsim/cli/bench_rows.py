"""What ``vmsim bench`` measures: each pattern, native and nested, by the simulator and by the C programs, in turn."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from vmsim import stream_loop
from vmsim.cli.bench_programs import Program, compiled
from vmsim.stream import Counts, Mapping, Tables, mapping, simulate
from vmsim.stream_patterns import Pattern, addresses


@dataclass(frozen=True)
class Row:
    """One pattern: million references a second of processor time. ``equal``: all counts and checksums are."""

    pattern: str
    mode: str
    compiled: float
    interpreted: float
    c_plain: float
    c_best: float
    equal: bool


def measure(
    patterns: Sequence[Pattern],
    modes: Sequence[str],
    count: int,
    rounds: int,
    folder: Path,
    say: Callable[[str], None],
    build: ModuleType | None = None,
) -> Iterator[Row]:
    """The rows, one by one. ``build``: the loop in place of the one that is chosen; ``folder`` is for what is compiled.

    All programs work on the same tables and addresses, in turn, and the quickest of ``rounds`` counts: other work on
    the machine only ever takes time. The interpreted loop takes the first ``count`` / 100 references.
    """
    programs = {"c_plain": compiled("plain", folder), "c_best": compiled("best", folder)}
    programs = {"compiled": _simulator(build)} | programs
    for mode in modes:
        say(f"tables of {max(one.size for one in patterns) >> 20:,} MiB, {mode}")
        tables = mapping(mode)
        tables.cover(max(one.size for one in patterns))
        for pattern in patterns:
            say(f"{pattern.name}, {mode}")
            yield _row(pattern, tables, programs, count, rounds)


def _row(pattern: Pattern, tables: Mapping, programs: dict[str, Program], count: int, rounds: int) -> Row:
    stream = addresses(pattern, count)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    counts: set[Counts] = set()
    for _round in range(rounds):
        for name, program in programs.items():
            took, found = program(stream, tables)
            seconds[name].append(took)
            counts.add(found)
    first = stream[: max(1, count // 100)]
    took, slow = _simulator(stream_loop)(first, tables)
    equal = len(counts) == 1 and slow == programs["c_plain"](first, tables)[1]
    speeds = {name: round(count / min(many) / 1e6, 3) for name, many in seconds.items()}
    return Row(pattern.name, tables.mode, interpreted=round(len(first) / took / 1e6, 3), equal=equal, **speeds)


def _simulator(build: ModuleType | None) -> Program:
    def program(stream: array[int], tables: Tables) -> tuple[float, Counts]:
        start = time.thread_time()
        counts = simulate(stream, tables, build=build)
        return time.thread_time() - start, counts

    return program
