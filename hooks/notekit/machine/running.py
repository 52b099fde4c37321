"""Running an image on a bare machine, and reading what became of it.

A shell around QEMU keeps what QMP says in a pipe: a reset, which ends the machine, is told there and nowhere else.
What QEMU logs while it runs is read back from files.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import replace

from notekit import sandbox
from notekit.machine.assembling import firmware
from notekit.machine.qemu import NAME, arguments, recording
from notekit.model import MACHINE_ENDS, BareMachine, NamedFile, Output, Stream
from notekit.sandbox import KIB, MIB, Execution, Limits

_FIRMWARE, _IMAGE, _LOG, _EVENTS, _STATES, _LAST = ".loader", "image", "log", "events", "states", "last"
# Where code lies that is not the firmware's, which QEMU sees at two places.
_OURS_NOT = "0+0xf0000,0x100000+0xffffffff00000"
_SCRIPT = f"""mkfifo qmp.in qmp.out {_STATES} && exec 5<>qmp.in 6<>qmp.out || exit
printf '{{"execute":"qmp_capabilities"}}{{"execute":"cont"}}' >&5
[ -z "$STATES" ] || tail -c 4096 {_STATES} >{_LAST} &
"$@" -S -chardev pipe,id=qmp,path=qmp -mon chardev=qmp,mode=control </dev/null 5>&- 6>&-
status=$?; wait
dd bs=64K count=1 iflag=nonblock <&6 >{_EVENTS} 2>/dev/null
exit $status
"""
# Memory that takes nothing until it is touched.
_SPARSE = "-object memory-backend-memfd,id=ram,size={}M,reserve=off -machine memory-backend=ram"
_ENDS = {"guest-reset": "reset", "guest-shutdown": "shutdown"}
_EVENT_LINE = re.compile(
    r"check_exception .*|Triple fault|CPU Reset .*| *\d+: v=.*|INT=.*|Servicing hardware INT=.*|SMM: .*"
)
# What only TCG knows, and debug registers that few set.
_LEFT_OUT = re.compile(r"CC[SDO]=|DR\d=|FCW=|FPR\d|XMM\d|YMM\d|[CK]\w*MASK=")


def run(
    machine: BareMachine,
    image: bytes,
    limits: Limits,
    streams: Collection[Stream] = (),
    *,
    sparse: bool = False,
    five_levels: bool = False,
) -> Output:
    """What the image printed and how it ended, with the further streams that are asked for.

    The registers come from a second run, one instruction at a time, each logged: 16 µs an instruction.
    ``sparse``: the machine's memory may be far more than this one has. ``five_levels``: of paging, for 64 bits.
    Raises SandboxError and Stopped as ``sandbox.execute`` does.
    """
    logged = recording(_LOG, ("int", "cpu_reset")) if "interrupts" in streams else ()
    loader = firmware(machine.bits, five_levels)
    reserved = _SPARSE.format(machine.memory).split() if sparse else ()
    done = _execute(machine, loader, image, limits, (*logged, *reserved))
    output = _output(machine, done)
    found: list[tuple[Stream, bytes]] = []
    if "registers" in streams and not output.broken and not output.exceeded:
        slow = (*recording(_STATES, ("cpu", "nochain")), "-singlestep", "-dfilter", _OURS_NOT)
        again = _execute(machine, loader, image, limits, slow)
        output = replace(output, exceeded=again.exceeded, seconds=done.seconds + again.seconds)
        found.append(("registers", _registers(again.files.get(_LAST, b""))))
    if "interrupts" in streams:
        found.append(("interrupts", _interrupts(done.files.get(_LOG, b""))))
    return replace(output, streams=tuple(found))


def _execute(machine: BareMachine, loader: bytes, image: bytes, limits: Limits, more: tuple[str, ...]) -> Execution:
    files = (NamedFile(_FIRMWARE, loader), NamedFile(_IMAGE, image))
    command = (*arguments(machine, "stdio,signal=off", firmware=_FIRMWARE, image=_IMAGE), *more)
    collect = [(_EVENTS, 64 * KIB), (_LAST, 64 * KIB), (_LOG, 64 * MIB)]
    states = "yes" if _STATES in more else ""
    script = ("env", f"STATES={states}", "bash", "-c", _SCRIPT, "machine", *command)
    return sandbox.execute(script, files=files, limits=limits, collect=collect)


def _output(machine: BareMachine, done: Execution) -> Output:
    how = shlex.join(arguments(machine, "stdio,signal=off", firmware="loader", image="image"))
    output = Output(stdout=done.stdout, exceeded=done.exceeded, how=how, seconds=done.seconds)
    if done.exceeded or done.exit is None:
        return output
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if "warning:" not in line]
    ended = _ENDS.get(_reason(done.files.get(_EVENTS, b"")))
    if ended:
        return replace(output, exit=MACHINE_ENDS[ended])
    # isa-debug-exit ends QEMU with 2n+1; QEMU itself, where it cannot start, with 1, and says why.
    if done.exit % 2 == 1 and not said:
        return replace(output, exit=done.exit >> 1)
    why = said[-1].removeprefix(f"{NAME}: ") if said else f"status {done.exit}"
    return replace(output, broken=f"QEMU ended: {why}")


def _reason(events: bytes) -> str:
    """Why QEMU shut down, of what QMP said."""
    for line in events.splitlines():
        if b'"SHUTDOWN"' in line:
            return str(json.loads(line)["data"]["reason"])
    return ""


def _registers(log: bytes) -> bytes:
    """The last state in a log of ``-d cpu``."""
    text = log.decode("ascii", "replace")
    start = max(text.rfind("\nEAX="), text.rfind("\nRAX="))
    return "".join(
        f"{line.rstrip()}\n" for line in text[start + 1 :].splitlines() if not _LEFT_OUT.match(line)
    ).encode()


def _interrupts(log: bytes) -> bytes:
    """The events in a log of ``-d int,cpu_reset``, without the states of the processor between them.

    Two resets come before the first instruction, when QEMU makes the machine and when it is switched on.
    """
    return "".join(f"{line}\n" for line in _events(log.decode("ascii", "replace"))).encode()


def _events(log: str) -> Iterator[str]:
    resets = 0
    for line in log.splitlines():
        if not _EVENT_LINE.fullmatch(line):
            continue
        if line.startswith("CPU Reset") and resets < 2:
            resets += 1
            continue
        yield line.strip()
