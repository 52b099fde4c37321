"""Which cached entries an operation invalidates, as plain values: one rule of the manual each.

Source: Intel SDM volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches"; "Operations that Invalidate
Cached Mappings" under "VMX Support for Address Translation". What those two demand is ``required``; what the modelled
processor drops beside that, which it may at any time, is not. Nothing else is ever dropped, but to make room.
"""

from vmsim import bits
from vmsim.cache_entries import StructureEntry, Tag
from vmsim.value import Value
from vmsim.vmcs import CR4_PCIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.cache_trace import Cached
    from vmsim.guest_physical_entry import GuestPhysicalEntry

DROP, KEEP, ONLY = "drop", "keep", "only"


class Scope(Value):
    """The entries with these tags; None stands for any.

    ``linear_address``: those that translate it, or that its walk would use. ``global_entries``: "drop" them too,
    "keep" them, or drop them "only". ``combined``: no linear mappings. ``guests``: no entries of VPID 0.
    """

    _fields = (
        "rule", "vpid", "pcid", "ep4ta", "linear_address", "tlbs", "structures", "global_entries", "combined", "guests",
        "required",
    )  # fmt: skip
    rule: str
    vpid: "int | None" = None
    pcid: "int | None" = None
    ep4ta: "int | None" = None
    linear_address: "int | None" = None
    tlbs: bool = True
    structures: bool = True
    global_entries: str = DROP
    combined: bool = False
    guests: bool = False
    required: bool = True

    def contains(self, entry: "Cached") -> bool:
        """Whether the entry is one of them."""
        tag = entry.tag
        if not (self.structures if isinstance(entry, StructureEntry) else self.tlbs):
            return False
        if entry.is_global if self.global_entries == KEEP else self.global_entries == ONLY and not entry.is_global:
            return False
        return (
            (self.vpid is None or tag.vpid == self.vpid)
            and (self.pcid is None or tag.pcid == self.pcid)
            and (self.ep4ta is None or tag.ep4ta == self.ep4ta)
            and (self.linear_address is None or entry.same_page(self.linear_address))
            and not (self.combined and tag.ep4ta is None)
            and not (self.guests and tag.vpid == 0)
        )


def of_invlpg(tag: Tag, linear_address: int) -> "tuple[Scope, ...]":
    """INVLPG."""
    return (
        Scope("INVLPG: the page, in the current PCID", tag.vpid, tag.pcid, None, linear_address, structures=False),
        Scope(
            "INVLPG: the page's global entries, whatever their PCID", tag.vpid, None, None, linear_address,
            structures=False, global_entries=ONLY,
        ),
        Scope("INVLPG: all paging-structure caches, in the current PCID", tag.vpid, tag.pcid, tlbs=False),
    )  # fmt: skip


def of_invpcid(vpid: int, kind: int, pcid: int, linear_address: int) -> "tuple[Scope, ...]":
    """INVPCID of type 0 to 3 that is not refused."""
    if kind == 0:
        rule = "INVPCID 0: what translates the address, in that PCID, but global entries"
        return (Scope(rule, vpid, pcid, None, linear_address, global_entries=KEEP),)
    if kind == 1:
        return (Scope("INVPCID 1: all of that PCID but global entries", vpid, pcid, global_entries=KEEP),)
    if kind == 2:
        return (Scope("INVPCID 2: everything, global entries too", vpid),)
    return (Scope("INVPCID 3: everything but global entries", vpid, global_entries=KEEP),)


def of_cr3(vpid: int, pcid: int) -> "tuple[Scope, ...]":
    """MOV to CR3 that does not ask for the PCID's entries to stay."""
    return (Scope("MOV to CR3: all of the PCID but global entries", vpid, pcid, global_entries=KEEP),)


def of_cr0(vpid: int, old: int, new: int) -> "tuple[Scope, ...]":
    """MOV to CR0."""
    if old & ~new & bits.CR0_PG:
        return (Scope("MOV to CR0: PG from 1 to 0, everything", vpid),)
    return ()


def of_cr4(tag: Tag, old: int, new: int) -> "tuple[Scope, ...]":
    """MOV to CR4. PSE is not in the manual's list; the modelled processor treats it as PAE."""
    changed = old ^ new
    if changed & bits.CR4_PGE:
        return (Scope("MOV to CR4: PGE changes, everything", tag.vpid),)
    if old & ~new & CR4_PCIDE:
        return (Scope("MOV to CR4: PCIDE from 1 to 0, everything", tag.vpid),)
    if changed & bits.CR4_PAE:
        return (Scope("MOV to CR4: PAE changes, all of the current PCID", tag.vpid, tag.pcid),)
    if new & ~old & bits.CR4_SMEP:
        return (Scope("MOV to CR4: SMEP from 0 to 1, all of the current PCID", tag.vpid, tag.pcid),)
    if changed & bits.CR4_PSE:
        return (Scope("MOV to CR4: PSE changes, all of the current PCID", tag.vpid, tag.pcid, required=False),)
    return ()


def of_page_fault(tag: Tag, linear_address: int) -> "tuple[Scope, ...]":
    """A page fault: executing the instruction again does not fault because of an old entry.

    The manual names the current PCID's entries; that promise needs global ones of other PCIDs to go as well.
    """
    return (
        Scope("page fault: what translates the address, in the current PCID", tag.vpid, tag.pcid, None, linear_address),
        Scope(
            "page fault: the page's global entries", tag.vpid, None, None, linear_address, structures=False,
            global_entries=ONLY, required=False,
        ),
    )  # fmt: skip


def of_ept_violation(tag: Tag, linear_address: int, final: bool) -> "tuple[Scope, ...]":
    """An EPT violation: combined mappings of the linear address under the current VPID, PCID and EP4TA.

    The manual demands that where the violation is for the translation of the linear address (``final``), and not where
    it is for one of the guest's tables.
    """
    rule = "EPT violation: combined mappings of the address, in the current VPID, PCID and EP4TA"
    return (Scope(rule, tag.vpid, tag.pcid, tag.ep4ta, linear_address, combined=True, required=final),)


def of_invvpid(kind: int, vpid: int, linear_address: int) -> "tuple[Scope, ...]":
    """INVVPID of type 0 to 3 that is not refused: all PCIDs and EP4TAs."""
    if kind == 0:
        return (Scope("INVVPID 0: what translates the address, in that VPID", vpid, linear_address=linear_address),)
    if kind == 1:
        return (Scope("INVVPID 1: all of that VPID", vpid),)
    if kind == 2:
        return (Scope("INVVPID 2: all VPIDs but 0", guests=True),)
    return (Scope("INVVPID 3: all of that VPID but global entries", vpid, global_entries=KEEP),)


def of_invept(kind: int, eptp: int) -> "tuple[Scope, ...]":
    """INVEPT of type 1 or 2 that is not refused: combined mappings of all VPIDs and PCIDs."""
    if kind == 1:
        return (Scope("INVEPT 1: combined mappings of that EP4TA", ep4ta=eptp & bits.ADDRESS, combined=True),)
    return (Scope("INVEPT 2: combined mappings of all EP4TAs", combined=True),)


class MappingScope(Value):
    """The guest-physical mappings with that EP4TA that translate that guest-physical address; None stands for any."""

    _fields = ("rule", "ep4ta", "guest_physical_address")
    rule: str
    ep4ta: "int | None" = None
    guest_physical_address: "int | None" = None

    required = True

    def contains(self, entry: "GuestPhysicalEntry") -> bool:
        """Whether the mapping is one of them."""
        address = self.guest_physical_address
        return (self.ep4ta is None or entry.ep4ta == self.ep4ta) and (address is None or entry.covers(address))


def mappings_of_invept(kind: int, eptp: int) -> "tuple[MappingScope, ...]":
    """INVEPT of type 1 or 2 that is not refused."""
    if kind == 1:
        return (MappingScope("INVEPT 1: guest-physical mappings of that EP4TA", eptp & bits.ADDRESS),)
    return (MappingScope("INVEPT 2: guest-physical mappings of all EP4TAs"),)


def mappings_of_ept_violation(tag: Tag, guest_physical_address: int) -> "tuple[MappingScope, ...]":
    """An EPT violation: what would translate that guest-physical address under the current EP4TA."""
    return (MappingScope("EPT violation: guest-physical mappings of the address", tag.ep4ta, guest_physical_address),)


def of_transition() -> "tuple[Scope, ...]":
    """A VM entry or VM exit while “enable VPID” is 0: host and guest share VPID 0."""
    return (Scope("VM entry or VM exit without VPIDs: all of VPID 0", 0),)
