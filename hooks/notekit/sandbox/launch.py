"""How the sandbox is started: as whom, with which signals, and the launcher's script inside it."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Sequence
from functools import cache

from notekit.sandbox.limits import Limits

#: Who the builder becomes where it is root: uid 0 is exempt from RLIMIT_NPROC and owns root's files.
NOBODY = 65534
# RLIMIT_NPROC counts a user namespace's own processes since Linux 5.14; before, all of that user's.
_COUNTS_OWN = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2]) >= (5, 14)
# The watch is the judge of how many processes are too many, and this many times as many is where the kernel stops
# them. At the very limit it could not tell: bash's bomb, refused a fork, sleeps, with 44 to 64 left (measured).
_HARD = 4
# bubblewrap's reaper is process 1 of the new namespace.
_LAUNCHER = 2


def gives_away() -> bool:
    """Whether the builder is root over a range of users, and so runs the sandbox as nobody."""
    return os.geteuid() == 0 and _maps(NOBODY)


def as_nobody() -> tuple[str, ...]:
    """A command to put before bubblewrap where the builder is root.

    Not subprocess's ``user=``: with that it forks instead of using vfork(2), which costs 3 ms in a process that has
    MkDocs loaded; setpriv costs 0.7 ms (measured).
    """
    if not gives_away():
        return ()
    return ("/usr/bin/setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")


def default_signals() -> tuple[str, ...]:
    """A command to put before bubblewrap where the builder ignores signals (``nohup make``): that is inherited,
    and a shell cannot undo it. Those that Python itself ignores, subprocess restores."""
    own = (signal.SIGPIPE, signal.SIGXFSZ)
    if any(signal.getsignal(number) is signal.SIG_IGN for number in _signals() if number not in own):
        return ("/usr/bin/env", "--default-signal")
    return ()


_signals = cache(signal.valid_signals)


@cache
def _maps(user: int) -> bool:
    with open("/proc/self/uid_map", encoding="ascii") as table:
        ranges = [[int(field) for field in line.split()] for line in table]
    return any(first <= user < first + count for first, _, count in ranges)


def inside(descriptor: int) -> str:
    """The path, in the sandbox, of one of the launcher's descriptors."""
    return f"/proc/{_LAUNCHER}/fd/{descriptor}"


def seal(descriptor: int) -> None:
    """Makes a file in memory unchangeable, for its writer too."""
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)


def launcher(limits: Limits, say: int, hear: int, given: Sequence[int] = ()) -> str:
    """The launcher's script. Its own messages go nowhere; the program gets none of its descriptors, but ``given``.

    The limits are set here, whatever the builder's own are: an example must find the same on every machine.
    An out-of-memory kernel takes the example's processes first. Where the builder is gone, its pipe is at its end,
    and nothing is run.
    """
    own = max(say, hear, *given) + 1
    processes = f"ulimit -u {limits.processes * _HARD}; " if _COUNTS_OWN else ""
    return (
        f"exec {own}>&2 2>/dev/null; umask 022; echo 1000 >/proc/self/oom_score_adj; "
        f"ulimit -c 0; ulimit -s 8192; ulimit -n 1024; {processes}"
        f"echo ready >&{say}; read -r _ <&{hear} || exit; "
        f'(exec -- "$@") 2>&{own} {own}>&- {say}>&- {hear}<&-; '
        f"echo exit $? >&{say}; read -r _ <&{hear}"
    )
