"""The two shells of a guest, root's and an ordinary user's: both wait in the template already, driven by steps.

To start bash costs 0.1 s in an emulator, and most examples begin with it. So in a template each of the two has asked
for its first step: a clone answers that with the whole of what the shell shall run. Where a command could see that it
runs one ``eval`` deeper than it would otherwise (traps, ``set``, ``BASH_LINENO``), a new shell is started instead.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence

from notekit.guest import frames
from notekit.sandbox import HOME, WORK
from notekit.sandbox.layout import USER_ID
from notekit.sandbox.steps import step

USERS = (0, USER_ID)
#: The job of anything that is no shell of these.
PROGRAM = 4
#: What examples find in a guest, by user.
ENVIRONMENTS: dict[int, dict[str, str]] = {
    user: {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": name,
        "PATH": path,
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "TZ": "UTC",
        "USER": name,
    }
    for user, name, home, path in (
        (0, "root", "/root", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        (USER_ID, "user", HOME, "/usr/local/bin:/usr/bin:/bin"),
    )
}
_SEES_ITS_DEPTH = re.compile(r"\b(?:set|shopt|trap|caller|BASH_\w+|LINENO|PS4|FUNCNAME|SHLVL|times)\b")
#: Makes the words of a shell that works in steps from the paths where it says so and where it hears them.
Driver = Callable[[str, str], Sequence[str]]


def user_of(job: int) -> int:
    """Whose shell a job is: 0 and 1 are those that wait, 2 and 3 new ones."""
    return USERS[job % 2]


def job_of(user: int, new: bool) -> int:
    """The job of a user's shell."""
    return USERS.index(user) + 2 * new


def are_needed_new(commands: Iterable[str]) -> bool:
    """Whether one of the commands could tell a shell that waited from a new one."""
    return any(_SEES_ITS_DEPTH.search(command) for command in commands)


def waiting() -> bytes:
    """Starts both shells, for a template: each asks for its first step and waits."""
    return b"".join(_start(lambda say, hear: ("bash", "-c", step(say, hear)), user, new=False) for user in USERS)


def opened(driver: Driver, users: Iterable[int], new: bool) -> bytes:
    """Lets the shells of those users run what the driver says. One that nobody needs waits on: to end it would take a
    clone longer than all else that it does."""
    return b"".join(_start(driver, user, new=True) if new else _told(driver, user) for user in users)


def _told(driver: Driver, user: int) -> bytes:
    job = job_of(user, new=False)
    # All clones' shells waited from the same moment on, with the same random numbers ahead.
    text = f"SECONDS=0 RANDOM={secrets.randbelow(1 << 15)}; {driver(*frames.steps(job))[-1]}"
    return frames.said(text.encode() + b"\0", job)


def _start(driver: Driver, user: int, new: bool) -> bytes:
    job = job_of(user, new)
    argv = tuple(driver(*frames.steps(job)))
    return frames.start(frames.Start(argv, ENVIRONMENTS[user], WORK, user, merged=True, stepping=True), job)
