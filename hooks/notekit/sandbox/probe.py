"""Whether this machine can confine a process at all, found out by doing it; if not, why and what cures that."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from notekit.sandbox.execute import execute
from notekit.sandbox.limits import Limits
from notekit.sandbox.process import SandboxError


@cache
def probe() -> str | None:
    """None where examples can run; otherwise the reason, and exactly which package or setting cures it."""
    try:
        done = execute(["true"], limits=Limits(seconds=60))
    except SandboxError as error:
        return explain(str(error))
    if done.exit == 0:
        return None
    what = f"exceeded its {done.exceeded.limit} limit" if done.exceeded else f"ended with status {done.exit}"
    return f"bubblewrap starts, but `true` in it {what}; try `bwrap --ro-bind / / true`"


def explain(complaint: str, kernel: Path = Path("/proc/sys")) -> str:
    """bubblewrap's complaint with what cures it; ``kernel`` is where the kernel's settings are read."""
    reason = complaint.removeprefix("bwrap: ")
    if "not installed" in reason:
        return f"{reason}; apt-get install bubblewrap"
    if "nknown option" in reason:
        return f"bubblewrap is too old ({reason}); install version 0.8.0 or later"
    for setting, hinders, value in (
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("user/max_user_namespaces", "0", "15000"),
    ):
        path = kernel / setting
        if path.is_file() and path.read_text(encoding="ascii").strip() == hinders:
            name = setting.replace("/", ".")
            return f"bubblewrap cannot make a namespace ({reason}); sudo sysctl -w {name}={value}"
    if "proc" in reason:
        return (
            f"bubblewrap cannot mount /proc ({reason}): the container that this runs in masks its own; "
            "docker run --security-opt systempaths=unconfined"
        )
    return (
        f"bubblewrap cannot make a namespace ({reason}): in a container, "
        "docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
        "--security-opt systempaths=unconfined"
    )
