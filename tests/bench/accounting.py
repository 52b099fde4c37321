"""How much processor time a command takes, with all that it starts and all that is killed under it.

What a process waits for is added to it (getrusage(2)); but a sandbox is killed as a whole, so that nobody waits for
what ran in it. A control group counts all of it. Where none can be made, less is counted than was used, and the
figures say so.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


class Account:
    """Counts the processor time of commands. ``complete`` is false where a sandbox's own part is not seen."""

    def __init__(self, group: Path | None) -> None:
        self._group = group

    @property
    def complete(self) -> bool:
        """Whether what runs in a sandbox is counted."""
        return self._group is not None

    def seconds(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
        """The seconds of processor time, user and system, that a command took. Raises CalledProcessError."""
        before = self._used()
        argv = list(command)
        if self._group is not None:
            argv = ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', f"{self._group}/cgroup.procs", *command]
        done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return self._used() - before

    def _used(self) -> float:
        if self._group is None:
            children = resource.getrusage(resource.RUSAGE_CHILDREN)
            return children.ru_utime + children.ru_stime
        version_1 = self._group / "cpuacct.usage"
        if version_1.exists():
            return int(version_1.read_text()) / 1e9
        lines = dict(line.split() for line in (self._group / "cpu.stat").read_text().splitlines())
        return int(lines["usage_usec"]) / 1e6


@contextlib.contextmanager
def account() -> Iterator[Account]:
    """An account with a control group of its own, which goes again; without one where none can be made."""
    group = _make()
    try:
        yield Account(group)
    finally:
        if group is not None:
            with contextlib.suppress(OSError):
                group.rmdir()


def _make() -> Path | None:
    own = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    for line in own:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            parent = _GROUPS / path.lstrip("/")
        elif "cpuacct" in controllers.split(","):
            parent = _GROUPS / "cpuacct" / path.lstrip("/")
        else:
            continue
        group = parent / f"bench-{os.getpid()}-{secrets.token_hex(3)}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / "cpuacct.usage").exists() or (group / "cpu.stat").exists():
            return group
        group.rmdir()
    return None
