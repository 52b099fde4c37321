"""The virtual machine that a note asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KernelName = Literal["cloud", "general"]


@dataclass(frozen=True, slots=True)
class Machine:
    """A guest's hardware and kernel; the defaults are those of a block that says nothing.

    ``cpu`` is QEMU's ``-cpu``: a model and what is added to it or taken from it. ``memory``, ``nvdimm`` and ``disk``
    are in MiB (0: there is none). ``clock`` is how many seconds the guest's clocks are ahead of the host's.
    ``reboot``: the guest may be rebooted; otherwise a reboot ends it.
    """

    kernel: KernelName = "cloud"
    cpu: str = "max"
    sockets: int = 1
    cores: int = 1
    threads: int = 1
    memory: int = 256
    nvdimm: int = 0
    disk: int = 0
    clock: int = 0
    reboot: bool = False

    @property
    def cpus(self) -> int:
        """How many logical processors it has."""
        return self.sockets * self.cores * self.threads


#: What a block that says nothing gets.
PLAIN = Machine()
