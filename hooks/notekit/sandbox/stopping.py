"""Ending everything that runs confined, from any thread: what Ctrl-C needs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from notekit.sandbox.process import Confined

_lock = threading.Lock()
_live: set[Confined] = set()
_stopping = threading.Event()


class Stopped(Exception):
    """``kill_all`` was called: nothing runs any more, and nothing new starts."""


def check() -> None:
    """Raises Stopped after ``kill_all``."""
    if _stopping.is_set():
        raise Stopped


@contextlib.contextmanager
def killable(confined: Confined) -> Iterator[None]:
    """Lets ``kill_all`` reach a process tree. Raises Stopped where it came first, or meanwhile."""
    with _lock:
        _live.add(confined)
    try:
        check()
        yield
    finally:
        with _lock:
            _live.discard(confined)
    check()


def kill_all() -> None:
    """Kills all that runs confined, at once, from any thread; each ``execute`` raises Stopped, now and later."""
    _stopping.set()
    with _lock:
        for confined in _live:
            confined.kill()


def start_again() -> None:
    """Lets ``execute`` work again after ``kill_all``."""
    _stopping.clear()
