"""What a confined process sees: its file system, user, environment, and system calls, as bubblewrap's arguments.

bubblewrap's own root and ``/dev`` are memory file systems without a size, so both are made read-only once they
are filled; what stays writable has a size. See bwrap(1), user_namespaces(7).
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Mapping, Sequence
from functools import cache

from notekit.sandbox.limits import Limits

HOME = "/home/user"
WORK = f"{HOME}/work"
USER_ID = 1000
SEARCH_PATH = ("/usr/local/bin", "/usr/bin", "/bin")

#: All of the environment that a confined process starts with.
ENVIRONMENT: Mapping[str, str] = {
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "LOGNAME": "user",
    "PATH": ":".join(SEARCH_PATH),
    "SHELL": "/bin/bash",
    "TERM": "dumb",
    "TZ": "UTC",
    "USER": "user",
}

#: Where the size-limited memory file systems are mounted, with their permissions.
WRITABLE = ((HOME, "0755"), ("/tmp", "1777"), ("/dev/shm", "1777"))

#: Written anew, so that nothing of the builder's own users and names is seen.
_ETC = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        f"user:x:{USER_ID}:{USER_ID}:user:{HOME}:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "/etc/group": f"root:x:0:\nuser:x:{USER_ID}:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
}

#: The system's own: the loader's cache, what /usr/bin links through, and tables that tools look things up in.
_ETC_OF_THE_SYSTEM = ("alternatives", "ld.so.cache", "mke2fs.conf", "protocols", "services")

_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

# System calls that are refused as unknown (ENOSYS). Kernel keys are not in any namespace: a process could read
# the session keyring of whoever started the build. System V shared memory stays allocated after it is detached,
# where no reading of /proc counts it. Numbers: the kernel's syscall tables.
_REFUSED: Mapping[int, tuple[int, ...]] = {
    0xC000003E: (29, 248, 249, 250),  # x86_64: shmget, add_key, request_key, keyctl
    0x40000003: (117, 395, 286, 287, 288),  # i386: ipc, shmget, add_key, request_key, keyctl
    0xC00000B7: (194, 217, 218, 219),  # aarch64: shmget, add_key, request_key, keyctl
}
_X32_BIT = 0x40000000


def data() -> Mapping[str, bytes]:
    """Files that bubblewrap copies from descriptors, by where they go."""
    return {path: text.encode() for path, text in _ETC.items()}


def arguments(
    limits: Limits, descriptors: Mapping[str, int], info: int, seccomp: int | None, system: str = ""
) -> list[str]:
    """bubblewrap's options, without the command and the ``--`` before it.

    ``descriptors`` are those of ``data()``; ``info`` is written to (the first process's number); ``seccomp``
    holds ``seccomp_filter()``. ``system`` is a folder that holds another system's ``/usr`` and the links to it.
    """
    options = [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv"),
        *("--cap-drop", "ALL", "--uid", str(USER_ID), "--gid", str(USER_ID), "--hostname", "sandbox"),
        *("--ro-bind", f"{system}/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--info-fd", str(info)),
    ]
    if seccomp is not None:
        options += ("--seccomp", str(seccomp))
    for name, value in ENVIRONMENT.items():
        options += ("--setenv", name, value)
    for name in _ROOT_LINKS:
        if os.path.islink(f"{system}/{name}"):
            options += ("--symlink", os.readlink(f"{system}/{name}"), f"/{name}")
        elif os.path.isdir(f"{system}/{name}"):
            options += ("--ro-bind", f"{system}/{name}", f"/{name}")
    options += ("--perms", "0755", "--dir", "/etc")
    for name in _ETC_OF_THE_SYSTEM:
        options += ("--ro-bind-try", f"{system}/etc/{name}", f"/etc/{name}")
    for path, descriptor in descriptors.items():
        options += ("--perms", "0644", "--file", str(descriptor), path)
    options += ("--symlink", "../usr/lib/os-release", "/etc/os-release", "--symlink", "/proc/self/mounts", "/etc/mtab")
    options += ("--dir", "/run", "--dir", "/var", "--symlink", "/tmp", "/var/tmp", "--symlink", "/run", "/var/run")
    for path, permissions in WRITABLE:
        options += ("--perms", permissions, "--size", str(limits.disk), "--tmpfs", path)
    return [*options, "--dir", WORK, "--chdir", WORK, "--remount-ro", "/dev", "--remount-ro", "/"]


@cache
def seccomp_filter() -> bytes | None:
    """The refused system calls as a program for seccomp(2); None on a machine whose numbers are not known here."""
    if platform.machine() not in ("x86_64", "aarch64"):
        return None
    blocks = [_for_architecture(architecture, numbers) for architecture, numbers in _REFUSED.items()]
    return b"".join(blocks) + _instruction(0x06, 0, 0, 0x7FFF0000)  # RET ALLOW


def _for_architecture(architecture: int, numbers: Sequence[int]) -> bytes:
    refuse = len(numbers) + 1
    body = [
        _instruction(0x20, 0, 0, 0),  # LD the number
        _instruction(0x54, 0, 0, ~_X32_BIT & 0xFFFFFFFF),  # AND
        *(_instruction(0x15, refuse - 1 - index, 0, number) for index, number in enumerate(numbers)),  # JEQ
        _instruction(0x06, 0, 0, 0x7FFF0000),  # RET ALLOW
        _instruction(0x06, 0, 0, 0x00050000 | 38),  # RET ERRNO ENOSYS
    ]
    head = [_instruction(0x20, 0, 0, 4), _instruction(0x15, 0, len(body), architecture)]  # LD the architecture, JEQ
    return b"".join(head + body)


def _instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, operand)
