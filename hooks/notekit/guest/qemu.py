"""QEMU as a confined process: its command line, and what connects it with us.

Everything is emulated (TCG), so that neither /dev/kvm nor any right is needed. In the sandbox QEMU has no network, no
file of ours by name, and of ours only descriptors: the kernel and the memory to begin with, which it cannot change.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from notekit.model import Machine
from notekit.sandbox import MIB, Limits

PROGRAM = "qemu-system-x86_64"
_QUIET = "quiet loglevel=4 console=ttyS0 panic=-1"
# On a tmpfs, of which half of the free memory may be used, 57 MB of files do not fit where a guest has 256 MB.
_ROOT = "rootfstype=ramfs"
# What only takes time here: zeroed allocations, defences against speculation that an emulator does not do, the search
# for the clock's true speed. 5-level paging costs an entry more for each page that TCG looks up.
_FAST = "init_on_alloc=0 mitigations=off tsc=reliable no5lvl audit=0 apparmor=0"
#: What QEMU itself takes, in bytes: its heap, and the translated code, which has a limit of its own.
OVERHEAD = 512 * MIB
_TRANSLATED = 128


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What QEMU gets of ours, by number: files to read, and a socket each for the agent, the console and QMP."""

    memory: int
    kernel: int
    initramfs: int
    channel: int
    console: int
    monitor: int
    disk: int | None = None

    def all(self) -> tuple[int, ...]:
        """Their numbers."""
        found = (self.memory, self.kernel, self.initramfs, self.channel, self.console, self.monitor, self.disk)
        return tuple(one for one in found if one is not None)


def command_line(machine: Machine) -> str:
    """The kernel's."""
    return f"{_QUIET} {_ROOT} {_FAST}"


def arguments(machine: Machine, given: Descriptors, *, now: float, incoming: bool) -> tuple[str, ...]:
    """QEMU's command. A clone (``incoming``) must have the template's devices, and gets its memory as a private copy.

    ``now`` is in seconds since 1970; the real-time clock is ahead of it by what the machine says.
    """
    share = "off" if incoming else "on"
    size = f"{machine.memory}M"
    slots = f",slots=1,maxmem={machine.memory + machine.nvdimm}M" if machine.nvdimm else ""
    base = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now + machine.clock)) if machine.clock else "utc"
    persistent = ",nvdimm=on" if machine.nvdimm else ""
    words = [
        *(PROGRAM, "-nodefaults", "-no-user-config", "-display", "none"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"),
        *("-machine", f"q35,usb=off,vmport=off,smm=off,sata=off,smbus=off,i8042=off{persistent}"),
        *("-accel", f"tcg,tb-size={_TRANSLATED}", "-cpu", machine.cpu),
        *("-smp", f"{machine.cpus},sockets={machine.sockets},cores={machine.cores},threads={machine.threads}"),
        *("-m", f"{size}{slots}", "-machine", "memory-backend=ram"),
        *("-rtc", f"base={base},clock=host"),
        *("-object", f"memory-backend-file,id=ram,mem-path={_path(given.memory)},size={size},share={share}"),
        *("-kernel", _path(given.kernel), "-initrd", _path(given.initramfs), "-append", command_line(machine)),
        *("-chardev", f"socket,id=console,fd={given.console}", "-serial", "chardev:console"),
        *("-device", "virtio-serial-pci", "-chardev", f"socket,id=channel,fd={given.channel}"),
        *("-device", "virtserialport,chardev=channel,name=channel"),
        *("-chardev", f"socket,id=monitor,fd={given.monitor}", "-mon", "chardev=monitor,mode=control"),
    ]
    if machine.nvdimm:
        words += ("-object", f"memory-backend-ram,id=nvdimm,size={machine.nvdimm}M", "-device", "nvdimm,memdev=nvdimm")
    if given.disk is not None:
        words += ("-blockdev", f"driver=file,node-name=disk,filename={_path(given.disk)},locking=off")
        words += ("-device", "virtio-blk-pci,drive=disk")
    if not machine.reboot:
        words.append("-no-reboot")
    if incoming:
        words += ("-incoming", "defer")
    return tuple(words)


def _path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def limits(machine: Machine) -> Limits:
    """Within which QEMU runs: memory for a copy of all of the guest's, and what a template's own counts."""
    return Limits(seconds=0, memory=2 * (machine.memory + machine.nvdimm + machine.disk) * MIB + OVERHEAD, disk=4 * MIB)
