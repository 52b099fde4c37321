"""QEMU's command line for a bare machine.

Everything is emulated (TCG). The machine has a processor, memory, our firmware, the ports below and what no PC is
without (interrupt controllers, timers); no disk, no display, no network.
"""

from __future__ import annotations

from collections.abc import Sequence

from notekit.model import BareMachine

NAME = "qemu-system-x86_64"
#: Where the image begins, and the processor with it: where a PC's firmware puts a boot sector.
PROGRAM_ADDRESS = 0x7C00
#: What fits between there and 512 KiB, in bytes. Above 640 KiB lie a PC's devices.
LARGEST_IMAGE = 0x80000 - PROGRAM_ADDRESS
#: What is written to it is printed: Bochs's port.
DEBUG_PORT = 0xE9
EXIT_PORT = 0xF4
# A machine here translates some kilobytes of code.
_TRANSLATED = 16


def arguments(machine: BareMachine, output: str, *, firmware: str = "", image: str = "") -> tuple[str, ...]:
    """QEMU's command; ``output`` is the chardev, with the id ``output``, for the debug port and the serial line.

    ``firmware`` and ``image`` are files; without firmware the machine has QEMU's own (SeaBIOS), and nothing to start.
    """
    words = [
        *(NAME, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"),
        *("-machine", "pc,usb=off,vmport=off,smm=off,hpet=off", "-accel", f"tcg,tb-size={_TRANSLATED}"),
        *("-cpu", machine.cpu, "-m", f"{machine.memory}M"),
        *("-chardev", f"{output},id=output,mux=on", "-serial", "chardev:output"),
        *("-device", f"isa-debugcon,iobase={DEBUG_PORT:#x},chardev=output"),
        *("-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=4"),
    ]
    if firmware:
        words += ("-bios", firmware)
    if image:
        words += ("-device", f"loader,file={image},addr={PROGRAM_ADDRESS:#x},force-raw=on")
    return tuple(words)


def recording(log: str, items: Sequence[str]) -> tuple[str, ...]:
    """The options that write these items of QEMU's log to a file."""
    return ("-D", log, "-d", ",".join(items))
