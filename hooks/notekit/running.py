"""Units to outputs: what the store has, and on all cores whatever it has not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from notekit import runners, store, verify
from notekit.model import Output, Unit
from notekit.units import names_of

#: Called with how many units are done, how many there are, and the note of the latest.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """An example's output, of which unit it is, whether the store had it, and the key under which it is kept now."""

    unit: Unit
    output: Output
    cached: bool
    key: str | None


def run(units: tuple[Unit, ...], kept: store.Store, progress: Progress | None = None) -> dict[tuple[str, str], Ran]:
    """The output of every example of the units, on all cores, by note and name.

    Raises KeyboardInterrupt, with every process it started gone, when the user interrupts.
    """
    outputs: dict[tuple[str, str], Ran] = {}
    done = 0

    def take(unit: Unit, ran: list[Ran]) -> None:
        nonlocal done
        done += 1
        outputs.update({(example.note, example.name): one for example, one in zip(unit.examples, ran, strict=True)})
        if progress:
            progress(done, len(units), unit.examples[0].note)

    # What is kept is looked up here: handing 300 units to threads takes as long as their look-ups (measured).
    new: list[tuple[Unit, str]] = []
    for unit in units:
        key = key_of(unit)
        found = kept.get(key)
        if found is None:
            new.append((unit, key))
        else:
            take(unit, [Ran(unit, output, cached=True, key=key) for output in found])
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
    try:
        pending = {pool.submit(_run_unit, unit, key, kept): unit for unit, key in new}
        for future in as_completed(pending):
            take(pending[future], future.result())
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        runners.kill_all()
        raise
    pool.shutdown()
    return outputs


def seconds(outputs: Iterable[Ran]) -> dict[str, float]:
    """How long each unit ran, by its name; nothing of those that did not."""
    found: dict[str, float] = {}
    for ran in outputs:
        if not (ran.output.missing or ran.output.broken):
            name = names_of(ran.unit)[0]
            found[name] = found.get(name, 0.0) + ran.output.seconds
    return found


def key_of(unit: Unit) -> str:
    """The key under which this machine keeps the unit's outputs."""
    runner = runners.for_example(unit.examples[0])
    return store.unit_key(unit, runner.tool_versions(unit), runner.environment(unit), runner.version)


def _run_unit(unit: Unit, key: str, kept: store.Store) -> list[Ran]:
    outputs = runners.for_example(unit.examples[0]).run(unit)
    passed = all(
        verify.verify(example, output).status == "passed"
        for example, output in zip(unit.examples, outputs, strict=True)
    )
    is_kept = passed and kept.put(key, outputs, names_of(unit))
    return [Ran(unit, output, cached=False, key=key if is_kept else None) for output in outputs]
