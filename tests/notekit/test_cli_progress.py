"""What is said while it lasts."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from notekit.commands.progress import lines, progress


class Log(io.StringIO):
    """A log that tells when a line of it says what is waited for."""

    def __init__(self, waited_for: str) -> None:
        super().__init__()
        self._waited_for = waited_for
        self.seen = threading.Event()

    def write(self, text: str) -> int:
        """Notes what was waited for."""
        if self._waited_for in text:
            self.seen.set()
        return super().write(text)


def test_a_line_now_and_then_says_how_far_it_is() -> None:
    """It is there before anything is done, and then tells the latest."""
    log = Log("3 of 20 done, a/b the latest")
    with lines(log, interval=0.01) as update:
        update(3, 20, "a/b")
        assert log.seen.wait(60)
    assert log.getvalue().startswith("0 s: ")


def test_what_is_over_soon_says_nothing() -> None:
    """No line before the first interval is over."""
    log = Log("")
    with lines(log) as update:
        update(1, 1, "a/b")
    assert log.getvalue() == ""


def test_nobody_has_to_listen() -> None:
    """Lines that cannot be written do no harm."""

    class Gone(Log):
        def write(self, text: str) -> int:
            self.seen.set()
            raise BrokenPipeError

    log = Gone("")
    with lines(log, interval=0.01):
        assert log.seen.wait(60)


@pytest.mark.parametrize(("quiet", "there"), [(True, False), (False, True)])
def test_quiet(monkeypatch: pytest.MonkeyPatch, quiet: bool, there: bool) -> None:
    """With `--quiet` there is no progress at all."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress(quiet=quiet, no_color=False) as update:
        assert (update is not None) == there
