"""What happened in the caches, as plain values.

Glossary
    Lookup          one structure asked: by which bits, what it had, whether that was used
    Dropped         entries of one structure that an operation invalidated, and the rule by which
    Permitted       one result that the architecture permits for an access, and how a processor may come to it
    CachedAccess    one access: lookups, walk, fills, evictions, drops, the result, and all that is permitted
    CacheOperation  one instruction or transition: refused, or what it dropped
"""

from vmsim.processor import Access
from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from vmsim.cache_entries import StructureEntry, TlbEntry
    from vmsim.guest_physical_entry import GuestPhysicalEntry
    from vmsim.trace import Result, Update, Walk

    Cached: TypeAlias = "TlbEntry | StructureEntry"
    Kept: TypeAlias = "TlbEntry | StructureEntry | GuestPhysicalEntry"

WALK = "walk"


class Lookup(Value):
    """``structure`` was asked with bits ``high`` to ``low`` of the linear address, which have the value ``number``.

    ``found`` is its entry, or None (a miss); ``use`` says what it was good for: "used", or why not; "" for a miss.
    """

    _fields = ("structure", "high", "low", "number", "found", "use")
    structure: str
    high: int
    low: int
    number: int
    found: "Cached | None"
    use: str


class Filled(Value):
    """``entry`` was put into ``structure``, for which ``evicted`` made room (None: there was room)."""

    _fields = ("structure", "entry", "evicted")
    structure: str
    entry: "Cached"
    evicted: "Cached | None"


class Dropped(Value):
    """``entries`` of ``structure`` that were invalidated by ``rule``; ``required``: the manual demands it."""

    _fields = ("structure", "entries", "rule", "required")
    structure: str
    entries: "tuple[Kept, ...]"
    rule: str
    required: bool


class Permitted(Value):
    """One result that is permitted, as a processor gets it ``via`` "walk", "TLB" or a paging-structure cache."""

    _fields = ("via", "result", "host_physical_address")
    via: str
    result: "Result"
    host_physical_address: "int | None"


class CachedAccess(Value):
    """One access with caches on. ``walk`` is None where a TLB answered; it may begin at a cached entry.

    ``result`` is what the modelled processor gives. ``permitted`` are all results that some processor may give that has
    seen the same operations, each once, a fresh walk's first.
    """

    _fields = (
        "linear_address", "access", "lookups", "walk", "fills", "drops", "result", "host_physical_address", "permitted",
    )  # fmt: skip
    linear_address: int
    access: Access
    lookups: "tuple[Lookup, ...]"
    walk: "Walk | None"
    fills: "tuple[Filled, ...]"
    drops: "tuple[Dropped, ...]"
    result: "Result"
    host_physical_address: "int | None"
    permitted: "tuple[Permitted, ...]"

    @property
    def updates(self) -> "tuple[Update, ...]":
        """As those of the walk, which ``memory.apply`` sets."""
        return () if self.walk is None else self.walk.updates

    @property
    def entries_read(self) -> int:
        """Paging-structure entries read from memory, those of EPT included; a PDPTE register is none."""
        if self.walk is None:
            return 0
        count = 0 if self.walk.last_ept_walk is None else len(self.walk.last_ept_walk.steps)
        for step in self.walk.steps:
            count += 0 if step.in_register else 1
            count += 0 if step.ept is None else len(step.ept.steps)
        return count

    @property
    def hit(self) -> str:
        """The structure whose entry was used; "" where the walk began at CR3."""
        for lookup in self.lookups:
            if lookup.use == "used":
                return lookup.structure
        return ""

    @property
    def is_ambiguous(self) -> bool:
        """Old and new are both permitted."""
        return len(self.permitted) > 1


class CacheOperation(Value):
    """One operation: ``refused`` says why it did nothing ("" where it was done), ``drops`` what it invalidated."""

    _fields = ("operation", "refused", "drops")
    operation: str
    refused: str
    drops: "tuple[Dropped, ...]"
