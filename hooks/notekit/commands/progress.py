"""What ``notes`` says on standard error while it lasts: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from notekit.running import Progress

#: Seconds between two lines: a log stays short, and a CI server that ends silent jobs waits for minutes.
INTERVAL = 10.0


@contextmanager
def progress(*, quiet: bool, no_color: bool) -> Iterator[Progress | None]:
    """A bar on a terminal, lines elsewhere (and where TERM is ``dumb``), nothing if ``quiet``."""
    if quiet:
        yield None
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(no_color) as update:
            yield update
    else:
        with lines(sys.stderr) as update:
            yield update


@contextmanager
def _bar(no_color: bool) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    # None leaves it to rich, which heeds NO_COLOR.
    console = Console(stderr=True, no_color=no_color or None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("examples", total=None)
        yield lambda done, total, note: bar.update(task, completed=done, total=total, description=note)


@contextmanager
def lines(stream: TextIO, interval: float = INTERVAL) -> Iterator[Progress]:
    """A line every ``interval`` seconds that says how far it is; nothing if it is over before."""
    started = time.monotonic()
    latest = ["reading the notes"]
    over = threading.Event()

    def tell() -> None:
        while not over.wait(interval):
            try:
                print(f"{time.monotonic() - started:.0f} s: {latest[0]}", file=stream, flush=True)
            except OSError:  # nobody reads it any more
                return

    def update(done: int, total: int, note: str) -> None:
        latest[0] = f"{done} of {total} done, {note} the latest"

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield update
    finally:
        over.set()
        thread.join()
