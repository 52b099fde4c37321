"""Guest-physical mappings: what may be cached of an EPT walk.

Source: Intel SDM volume 3, "Information That May Be Cached" under "VMX Support for Address Translation". They are
associated with an EP4TA alone: VPID and PCID play no part. Only translations are modelled, not guest-physical
paging-structure-cache entries.
"""

from vmsim import bits
from vmsim.ept_trace import EptTranslation, EptWalk
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.eptp import Ept, GuestPhysicalAccess


class GuestPhysicalEntry(Value):
    """A translation: the guest-physical page ``number``, of 2^``shift`` bytes, is at host-physical ``page_frame``.

    ``ep4ta``: bits 51:12 of the EPTP. ``permissions`` are R, W, X and XU of all EPT entries; ``dirty``: a write needs
    no flag set.
    """

    _fields = ("ep4ta", "number", "shift", "page_frame", "permissions", "dirty", "memory_type", "ignore_pat")
    ep4ta: int
    number: int
    shift: int
    page_frame: int
    permissions: int
    dirty: bool
    memory_type: int
    ignore_pat: bool

    def covers(self, guest_physical_address: int) -> bool:
        """Whether it translates that address."""
        return guest_physical_address >> self.shift == self.number

    def same_place(self, other: "GuestPhysicalEntry") -> bool:
        """Whether it is for the same page and EP4TA."""
        return self.number == other.number and self.shift == other.shift and self.ep4ta == other.ep4ta

    def walk(self, access: "GuestPhysicalAccess", guest_physical_address: int) -> EptWalk:
        """The EPT walk that it saves: without a step."""
        address = self.page_frame | guest_physical_address & (1 << self.shift) - 1
        found = EptTranslation(address, self.page_frame, (self.shift - 12) // 9 + 1, self.memory_type, self.ignore_pat)
        return EptWalk(guest_physical_address, access, (), self.permissions, found)


def mapping_of(walk: EptWalk, ept: "Ept") -> "GuestPhysicalEntry | None":
    """What may be cached of an EPT walk; None where it ended otherwise than with a translation, or read nothing."""
    found = walk.result
    if not isinstance(found, EptTranslation) or not walk.steps:
        return None
    last = walk.steps[-1]
    shift = bits.low_bit(last.level)
    dirty = not ept.accessed_dirty or (last.entry.value | last.sets) & bits.EPT_D != 0
    return GuestPhysicalEntry(
        ept.eptp & bits.ADDRESS, walk.guest_physical_address >> shift, shift, found.page_frame, walk.permissions, dirty,
        found.memory_type, found.ignore_pat,
    )  # fmt: skip
