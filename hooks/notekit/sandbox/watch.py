"""How much a sandbox uses at this moment, read from its own /proc and its file systems.

No cgroup is needed, so it works as any user. Two kernel facts shape it: a memory limit on address space
(RLIMIT_AS) would break sparse mappings and sanitizers, and resident sizes count a shared page once for each
process. So resident sizes are summed first, which is cheap, and proportional ones only where that sum is too large.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notekit.model import Limit
from notekit.sandbox.limits import KIB, Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")
# What the first process (bubblewrap's reaper) and the launcher above the program count for.
OWN_TASKS = 2
# A core faults in at most about 2 GiB of fresh pages a second (measured: 1.1 to 1.6).
_GROWTH = (2 << 30) * (os.cpu_count() or 1)

_GRACE = 0.1


@dataclass(frozen=True, slots=True)
class Usage:
    """``tasks`` (threads) without the sandbox's own; ``memory`` in bytes."""

    tasks: int
    memory: int


def usage(proc: int) -> Usage:
    """What all processes of a sandbox use; ``proc`` is a descriptor of its /proc."""
    tasks = memory = 0
    for process in _processes(proc):
        text = _read(proc, f"{process}/stat")
        # proc_pid_stat(5): the name in parentheses may hold anything; num_threads and rss are fields 20 and 24.
        fields = text[text.rfind(b")") + 2 :].split()
        if len(fields) > 21:
            tasks += int(fields[17])
            memory += int(fields[21]) * _PAGE
    return Usage(max(0, tasks - OWN_TASKS), memory + _memory_files(proc))


def _exact_memory(proc: int) -> int:
    """Bytes of anonymous and shared memory, each page counted once; pages of files can be dropped and are not."""
    anonymous = shared = 0
    for process in _processes(proc):
        for line in _read(proc, f"{process}/smaps_rollup").splitlines():
            if line.startswith(b"Pss_Anon:"):
                anonymous += int(line.split()[1]) * KIB
            elif line.startswith(b"Pss_Shmem:"):
                shared += int(line.split()[1]) * KIB
    return anonymous + max(shared, _memory_files(proc))


def _memory_files(proc: int) -> int:
    """Bytes in files of memfd_create(2): they lie on no file system that has a size, and need not be mapped."""
    seen: dict[int, int] = {}
    for process in _processes(proc):
        try:
            names = os.listdir(f"/proc/self/fd/{proc}/{process}/fd")
        except OSError:
            continue
        for name in names:
            try:
                link = os.readlink(f"{process}/fd/{name}", dir_fd=proc)
                if link.startswith("/memfd:"):
                    status = os.stat(f"{process}/fd/{name}", dir_fd=proc)
                    seen[status.st_ino] = status.st_blocks * 512
            except OSError:
                continue
    return sum(seen.values())


def _processes(proc: int) -> Iterable[str]:
    try:
        return [name for name in os.listdir(proc) if name.isdigit()]
    except OSError:
        return []


def _read(proc: int, path: str) -> bytes:
    """What a process's file says; nothing where that process has gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY, dir_fd=proc)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def full(folders: Sequence[int]) -> bool:
    """Whether one of the file systems has no room left, or more files than one a KiB of its size.

    An empty file takes about 1 KiB of kernel memory that a memory file system does not count as its own.
    """
    for folder in folders:
        status = os.fstatvfs(folder)
        most_files = status.f_blocks * status.f_frsize // KIB
        if status.f_bavail == 0 or status.f_files - status.f_ffree > most_files:
            return True
    return False


def exceeded(proc: int, folders: Sequence[int], limits: Limits) -> tuple[Limit | None, float]:
    """The limit that is exceeded now, if any, and how many seconds may pass until the next look.

    What is far from its limit is looked at less often: as long as the memory left could not be filled.
    """
    if full(folders):
        return "disk", 0.0
    now = usage(proc)
    if now.tasks > limits.processes:
        return "processes", 0.0
    memory = now.memory
    if memory > limits.memory:
        memory = _exact_memory(proc)
        if memory > limits.memory:
            return "memory", 0.0
    return None, min(0.1, max(0.01, (limits.memory - memory) / _GROWTH))


def left_behind(proc: int, limits: Limits, expected: int) -> Limit | None:
    """The limit that what still runs after the end exceeds, watched for as long as a bomb takes to grow.

    Up to ``expected`` tasks are no reason to wait.

    ``:(){ :|:& };:`` returns at once, with status 0; its offspring passes 64 within 30 ms (measured). On a busy machine
    it grows more slowly: as long as it does grow, it is watched on, for a second at most.
    """
    most = 0
    start = give_up = time.monotonic()
    while True:
        tasks = usage(proc).tasks
        if tasks > limits.processes:
            return "processes"
        now = time.monotonic()
        if tasks > most:
            most, give_up = tasks, min(now + _GRACE, start + 10 * _GRACE)
        if tasks <= expected or now >= give_up:
            return None
        time.sleep(_GRACE / 20)
