"""Commands of this machine that make the guest: run to their end, ended by ``kill_all``, told of in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from notekit.guest.errors import GuestError
from notekit.sandbox import stopping

_LOOK = 0.2
# Read by no command here but to no good: messages in another language, hooks, a proxy's certificates stay as they are.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def run(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    meanwhile: Callable[[], None] | None = None,
    descriptors: Sequence[int] = (),
) -> str:
    """What the command printed on standard output.

    Raises GuestError where it cannot be started or fails, with the last of what it complained of; Stopped after
    ``kill_all``, with the command gone. ``meanwhile`` is called now and then.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env={**os.environ, **_ENVIRONMENT, **(environment or {})},
                pass_fds=descriptors,
                start_new_session=True,
            )
        except OSError as error:
            raise GuestError(f"{argv[0]} cannot be started ({error.strerror})") from error
        try:
            while True:
                try:
                    process.wait(_LOOK)
                    break
                except subprocess.TimeoutExpired:
                    stopping.check()
                    if meanwhile:
                        meanwhile()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise GuestError(f"{Path(argv[0]).name}: {_complaint(err.read(), process.returncode)}")
        return out.read().decode("utf-8", "replace")


def _complaint(said: bytes, status: int) -> str:
    """The first error that a command told of, as apt and gcc mark them; else its last line."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E: ") or "error:" in line or "No space left" in line]
    return next(iter(errors or lines[-1:]), f"ended with status {status}").removeprefix("E: ")
