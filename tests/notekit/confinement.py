"""What the tests of the sandbox share: programs to run in it, and what they must not leave behind."""

from __future__ import annotations

import ctypes
import os
import pickle
from collections.abc import Callable
from pathlib import Path

from notekit.sandbox import Execution, Limits, execute

ORDINARY_USER = 12345
#: Seconds to sleep that no other run of these tests on this machine sleeps.
MARK = f"6180.{os.getpid()}"
_PR_SET_DUMPABLE = 4


def bash(script: str, **how: object) -> Execution:
    """Runs a bash script, confined."""
    return execute(["bash", "-c", script], **how)  # type: ignore[arg-type]


def python(script: str, **how: object) -> Execution:
    """Runs a Python script, confined."""
    return execute(["python3", "-c", script], **how)  # type: ignore[arg-type]


def seconds(number: float) -> Limits:
    """The default limits with another deadline."""
    return Limits(seconds=number)


def processes_with(marker: str) -> list[str]:
    """The command lines of this machine's processes that name the marker."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if marker in command:
                found.append(command)
    return found


def children() -> list[str]:
    """The children of this process, the dead that nobody has waited for among them."""
    threads = Path("/proc/self/task").iterdir()
    return [child for thread in threads for child in (thread / "children").read_text().split()]


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def as_ordinary_user(function: Callable[[], object]) -> object:
    """What a function gives when a user who is not root calls it; here, where the tests are not run by root."""
    if os.geteuid() != 0:
        return function()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        outcome: object = None
        try:
            os.setgroups([])
            os.setresgid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
            os.setresuid(ORDINARY_USER, ORDINARY_USER, ORDINARY_USER)
            # A process that changed its user cannot be looked into by that user; one that logged in can.
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1)
            outcome = function()
        except BaseException as error:
            outcome = repr(error)
        finally:
            os.write(writing, pickle.dumps(outcome))
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        outcome = pickle.load(answer)
    os.waitpid(child, 0)
    return outcome
