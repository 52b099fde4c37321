"""A logical processor with its caches, as one frozen value; what its caches may hold, and how they are shaped."""

from vmsim import bits
from vmsim.cache_entries import Tag
from vmsim.cache_trace import Dropped
from vmsim.processor import Processor
from vmsim.set_associative import Geometry, SetAssociative, empty
from vmsim.value import Value, check_integer, replace
from vmsim.vmcs import CR4_PCIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.cache_scopes import MappingScope, Scope
    from vmsim.cache_trace import Cached
    from vmsim.eptp import Ept
    from vmsim.guest_physical_entry import GuestPhysicalEntry

TLB_NAMES = ("TLB", "second-level TLB")
GUEST_PHYSICAL_NAME = "guest-physical TLB"
STRUCTURE_NAMES = ("", "", "PDE cache", "PDPTE cache", "PML4 cache", "PML5 cache")


class CacheGeometry(Value):
    """``tlbs``: one or two levels. ``structures``: the caches of PDEs, PDPTEs, PML4Es and PML5Es; None: there is none.
    ``guest_physical``: a cache of guest-physical mappings; by default there is none.

    The default is that of a processor of the Skylake generation, as far as it is known: 64 entries and 1536 behind
    them. The manual gives no sizes of paging-structure caches.
    """

    _fields = ("tlbs", "structures", "guest_physical")
    tlbs: "tuple[Geometry, ...]" = (Geometry(16, 4), Geometry(128, 12))
    structures: "tuple[Geometry | None, ...]" = (Geometry(8, 4), Geometry(1, 4), Geometry(1, 2), Geometry(1, 1))
    guest_physical: "Geometry | None" = None


class Caches(Value):
    """``tlbs``: first level first. ``structures``: by level from 2 (PDEs) to 5; None where there is none.

    ``retained`` is what a processor with room for everything may still hold: each entry that was ever made, without
    those that the manual demands be invalidated; ``retained_mappings`` likewise, of guest-physical ones. The permitted
    results are computed from these alone.
    """

    _fields = ("tlbs", "structures", "retained", "guest_physical", "retained_mappings")
    tlbs: "tuple[SetAssociative, ...]"
    structures: "tuple[SetAssociative | None, ...]"
    retained: "tuple[Cached, ...]" = ()
    guest_physical: "SetAssociative | None" = None
    retained_mappings: "tuple[GuestPhysicalEntry, ...]" = ()

    @property
    def all_structures(self) -> "tuple[SetAssociative, ...]":
        """TLBs and paging-structure caches, in the order in which they are asked."""
        return self.tlbs + tuple([structure for structure in self.structures if structure is not None])


def empty_caches(geometry: "CacheGeometry | None" = None) -> Caches:
    """Caches after power-up or reset; None: of the default geometry."""
    geometry = geometry or CacheGeometry()
    tlbs = tuple([empty(TLB_NAMES[n], geometry.tlbs[n]) for n in range(len(geometry.tlbs))])
    structures = []
    for level in range(2, 6):
        shape = geometry.structures[level - 2]
        structures.append(None if shape is None else empty(STRUCTURE_NAMES[level], shape))
    mappings = geometry.guest_physical
    return Caches(tlbs, tuple(structures), (), None if mappings is None else empty(GUEST_PHYSICAL_NAME, mappings))


class LogicalProcessor(Value):
    """Registers, EPT (None where it is not in use), the current VPID (0: the host, or no VPIDs), and the caches."""

    _fields = ("registers", "ept", "vpid", "caches")
    registers: Processor
    ept: "Ept | None" = None
    vpid: int = 0
    caches: Caches = empty_caches()

    def _check(self) -> None:
        check_integer("vpid", self.vpid, 0, 0xFFFF)

    @property
    def pcid(self) -> int:
        """CR3 bits 11:0 while CR4.PCIDE is 1; else 0. "Process-Context Identifiers (PCIDs)"."""
        return self.registers.cr3 & 0xFFF if self.registers.cr4 & CR4_PCIDE else 0

    @property
    def tag(self) -> Tag:
        """What entries that are made now are associated with."""
        return Tag(self.vpid, self.pcid, None if self.ept is None else self.ept.eptp & bits.ADDRESS)


def invalidated(caches: Caches, scopes: "tuple[Scope, ...]") -> "tuple[Caches, tuple[Dropped, ...]]":
    """The caches without the entries of these scopes, and what was dropped from where by which of them."""
    drops: list[Dropped] = []
    retained = caches.retained
    tlbs, structures = caches.tlbs, caches.structures
    for scope in scopes:
        if scope.required:
            retained = tuple([entry for entry in retained if not scope.contains(entry)])
        tlbs = tuple([_drop(structure, scope, drops) for structure in tlbs])
        structures = tuple([structure and _drop(structure, scope, drops) for structure in structures])
    return replace(caches, tlbs=tlbs, structures=structures, retained=retained), tuple(drops)


def without_mappings(caches: Caches, scopes: "tuple[MappingScope, ...]") -> "tuple[Caches, tuple[Dropped, ...]]":
    """The caches without the guest-physical mappings of these scopes, and what was dropped."""
    drops: list[Dropped] = []
    retained, held = caches.retained_mappings, caches.guest_physical
    for scope in scopes:
        retained = tuple([entry for entry in retained if not scope.contains(entry)])
        held = held and _drop(held, scope, drops)
    return replace(caches, retained_mappings=retained, guest_physical=held), tuple(drops)


def _drop(structure: SetAssociative, scope: "Scope | MappingScope", drops: "list[Dropped]") -> SetAssociative:
    after, dropped = structure.drop(scope.contains)
    if dropped:
        drops.append(Dropped(structure.name, dropped, scope.rule, scope.required))
    return after
