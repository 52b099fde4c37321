"""A machine with paging on, booted by QEMU, and asked over QMP what a monitor is asked."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent / "data/long_mode.s"
_START_SECONDS = 60


class Machine:
    """QEMU's monitor, through QMP on standard input and output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said()
        self._ask("qmp_capabilities")

    def monitor(self, command: str) -> str:
        """What QEMU's monitor answers to a command."""
        answer = self._ask("human-monitor-command", {"command-line": command})
        assert isinstance(answer, str)
        return answer.replace("\r", "")

    def _ask(self, command: str, arguments: dict[str, str] | None = None) -> object:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"execute": command, "arguments": arguments or {}}) + "\n")
        self._process.stdin.flush()
        while "return" not in (said := self._said()):
            assert "error" not in said, said
        return said["return"]

    def _said(self) -> dict[str, object]:
        assert self._process.stdout
        said = json.loads(self._process.stdout.readline())
        assert isinstance(said, dict)
        return said


@contextlib.contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """The machine of ``data/long_mode.s``, halted after its access; with two CPUs, of which the second never ran."""
    image, built = folder / "disk.img", folder / "boot.o"
    subprocess.run(["as", SOURCE, "-o", built], check=True)
    subprocess.run(["ld", "-Ttext=0x7c00", "--oformat=binary", built, "-o", image], check=True)
    process = subprocess.Popen(
        [
            *("qemu-system-x86_64", "-accel", "tcg", "-m", "16", "-smp", "2", "-nodefaults", "-display", "none"),
            *("-drive", f"file={image},format=raw,if=ide,snapshot=on", "-qmp", "stdio"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        machine = Machine(process)
        deadline = time.monotonic() + _START_SECONDS
        while "EFER=0000000000000d00" not in (told := machine.monitor("info registers")) or "HLT=1" not in told:
            assert time.monotonic() < deadline, told
            time.sleep(0.05)
        yield machine
    finally:
        process.kill()
        process.communicate()
