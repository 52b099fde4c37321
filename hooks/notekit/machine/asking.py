"""A bare machine that a console's commands can ask about: QEMU's monitor, QMP, and gdb at its stub."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from notekit.machine.assembling import Assembled, firmware
from notekit.machine.qemu import arguments
from notekit.model import BareMachine, Command, NamedFile
from notekit.sandbox import WORK

_SCRIPT = Path(__file__).parent / "ask.sh"
#: The folder of the working directory in which all lies that the machine is made of.
_FOLDER = ".machine"
#: The file of the working directory to which the machine's debug port and serial line are written.
PRINTED = "printed"
_CALLED = {"qemu": "monitor", "qmp": "qmp", "gdb": "machine_gdb"}


def files(machine: BareMachine, built: Assembled | None) -> tuple[NamedFile, ...]:
    """What the working directory must have; ``built`` is what the machine has in its memory."""
    found = [NamedFile(f"{_FOLDER}/ask.sh", _SCRIPT.read_bytes())]
    if built is not None:
        found.append(NamedFile(f"{_FOLDER}/loader", firmware(machine.bits)))
        found.append(NamedFile(f"{_FOLDER}/image", built.image or b""))
        if built.symbols:
            found.append(NamedFile(f"{_FOLDER}/image.elf", built.symbols))
    return tuple(found)


def questions(
    machine: BareMachine, built: Assembled | None, commands: Sequence[Command], *, first: bool
) -> tuple[Command, ...]:
    """The commands as bash takes them. Before the ``first`` of all, the machine is made and held."""
    asked = [_asked(command) for command in commands]
    if first and asked:
        asked[0] = replace(asked[0], text=f"{_begin(machine, built)}\n{asked[0].text}")
    return tuple(asked)


def _asked(command: Command) -> Command:
    if not command.asked:
        return command
    return replace(command, text=f"{_CALLED[command.asked]} {shlex.quote(command.text)}")


def _begin(machine: BareMachine, built: Assembled | None) -> str:
    folder = f"{WORK}/{_FOLDER}"
    firmware_path, image = (f"{folder}/loader", f"{folder}/image") if built else ("", "")
    command = shlex.join(arguments(machine, f"file,path={WORK}/{PRINTED}", firmware=firmware_path, image=image))
    symbols = f"{folder}/image.elf" if built and built.symbols else ""
    return f"MACHINE={folder} MACHINE_SYMBOLS={symbols}; . {folder}/ask.sh {command}"
