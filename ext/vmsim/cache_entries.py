"""What may be cached of a walk: TLB entries and entries of the paging-structure caches.

Source: Intel SDM volume 3, "Caching Translation Information": "Caching Translations in TLBs", "Caches for Paging
Structures"; "Information That May Be Cached" under "Caching Translation Information" of "VMX Support for Address
Translation". Memory types are not modelled. Under EPT an entry of a
paging-structure cache holds the guest-physical address of a table, and the table is located by an EPT walk, which
guest-physical mappings may shorten (``guest_physical.py``).
"""

from vmsim import bits
from vmsim.access_rights import refusals
from vmsim.ept_trace import EptTranslation
from vmsim.paging import PAE
from vmsim.processor import Access, Processor
from vmsim.trace import Rights, Translation, Walk, WalkStep
from vmsim.value import Value
from vmsim.walk_start import WalkStart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.paging import PagingMode

# What a TLB entry is good for, for one access.
USED = "used"
CLEAN = "its dirty flag is 0 and this is a write"
EPT_REFUSES = "EPT refuses the access by it"


class Tag(Value):
    """What an entry is associated with: VPID 0 to 65535, PCID 0 to 4095, and bits 51:12 of the EPTP.

    ``ep4ta`` is None in a linear mapping (made while EPT is not in use); with it, the mapping is a combined one.
    """

    _fields = ("vpid", "pcid", "ep4ta")
    vpid: int = 0
    pcid: int = 0
    ep4ta: "int | None" = None


class TlbEntry(Value):
    """A translation: the page that has ``number``, of 2^``shift`` bytes, is at ``page_frame``.

    ``guest_frame`` differs under EPT only; there ``shift`` is that of the smaller of the two pages, and ``page_shift``
    that of the page that the guest's structures map, at ``level``. ``rights`` are those of all entries together,
    ``dirty`` is D of the one that maps the page. ``ept_permissions`` (None without EPT) are R, W, X and XU of all EPT
    entries; ``ept_dirty`` says that a write needs no flag of theirs set.
    """

    _fields = (
        "tag", "number", "shift", "page_shift", "page_frame", "guest_frame", "rights", "is_global", "dirty", "level",
        "mode", "ept_permissions", "ept_dirty",
    )  # fmt: skip
    tag: Tag
    number: int
    shift: int
    page_shift: int
    page_frame: int
    guest_frame: int
    rights: Rights
    is_global: bool
    dirty: bool
    level: int
    mode: "PagingMode"
    ept_permissions: "int | None" = None
    ept_dirty: bool = True

    def covers(self, linear_address: int) -> bool:
        """Whether it translates that address."""
        return linear_address >> self.shift == self.number

    def same_page(self, linear_address: int) -> bool:
        """Whether it was made from the page that contains the address, if only of another part of it."""
        return linear_address >> self.page_shift == self.number << self.shift >> self.page_shift

    def answers(self, tag: Tag) -> bool:
        """Whether it may be used under that tag: a global entry under any PCID. "Global Pages"."""
        mine = self.tag
        return mine.vpid == tag.vpid and mine.ep4ta == tag.ep4ta and (self.is_global or mine.pcid == tag.pcid)

    def same_place(self, other: "TlbEntry") -> bool:
        """Whether it is for the same page and tag."""
        return self.number == other.number and self.shift == other.shift and self.tag == other.tag

    def translation(self, linear_address: int) -> Translation:
        """As a walk gives it."""
        low = self.mode.reach(self.level) - 1
        address = self.guest_frame | linear_address & (1 << self.shift) - 1
        return Translation(address, address & ~low, self.level, self.mode)

    def host_physical_address(self, linear_address: int) -> int:
        """Where an access to that address goes."""
        return self.page_frame | linear_address & (1 << self.shift) - 1

    def refusals(self, processor: Processor, access: Access) -> "tuple[str, ...]":
        """The rules that refuse the access by the cached rights and the registers as they are now."""
        return refusals(self.rights, processor, access)


class StructureEntry(Value):
    """An entry of the cache for ``level``: linear addresses with ``number`` as their upper bits go on at ``table``.

    The rights are those of the entries down to this level together. There is no G: nothing here is global.
    """

    _fields = ("tag", "level", "number", "shift", "table", "writable", "user", "execute_disable")
    tag: Tag
    level: int
    number: int
    shift: int
    table: int
    writable: bool
    user: bool
    execute_disable: bool

    is_global = False

    def covers(self, linear_address: int) -> bool:
        """Whether a walk of that address may start from it."""
        return linear_address >> self.shift == self.number

    same_page = covers

    def answers(self, tag: Tag) -> bool:
        """Whether it may be used under that tag."""
        return self.tag == tag

    def same_place(self, other: "StructureEntry") -> bool:
        """Whether it is for the same addresses and tag."""
        return self.number == other.number and self.shift == other.shift and self.tag == other.tag

    @property
    def start(self) -> WalkStart:
        """Where the walk goes on."""
        name = f"cached {bits.ENTRY_NAMES[self.level]}"
        return WalkStart(self.level - 1, self.table, self.writable, self.user, self.execute_disable, name)


def may_be_cached(step: WalkStep) -> bool:
    """Present, accessed (or marked so by the walk), no reserved bit set, and no register."""
    entry = step.entry
    return entry.present and not step.reserved and not step.in_register and (entry.value | step.sets) & bits.A != 0


def structure_entries(walk: Walk, tag: Tag, start: "WalkStart | None") -> "tuple[StructureEntry, ...]":
    """What the paging-structure caches may take over from a walk that began at ``start`` (None: CR3)."""
    writable, user, execute_disable = True, True, False
    if start is not None:
        writable, user, execute_disable = start.writable, start.user, start.execute_disable
    found = []
    for step in walk.steps:
        entry = step.entry
        if step.in_register:
            continue
        if entry.maps_page or not may_be_cached(step):
            break
        writable = writable and entry.writable
        user = user and entry.user
        execute_disable = execute_disable or entry.execute_disable
        shift = entry.mode.low_bit(step.level)
        number = walk.linear_address >> shift
        found.append(StructureEntry(tag, step.level, number, shift, entry.address, writable, user, execute_disable))
    return tuple(found)


def tlb_entry(walk: Walk, tag: Tag, globals_on: bool) -> "TlbEntry | None":
    """What a TLB may take over from a walk; None where it found no page. ``globals_on``: CR4.PGE."""
    result, host = walk.result, walk.host_physical_address
    if not isinstance(result, Translation) or walk.rights is None or host is None:
        return None
    leaf = walk.steps[-1]
    value = leaf.entry.value | leaf.sets
    page_shift = shift = result.mode.low_bit(result.level)
    permissions, ept_dirty = None, True
    ept = walk.last_ept_walk
    if ept is not None and walk.ept is not None:
        assert isinstance(ept.result, EptTranslation)
        shift = min(shift, bits.low_bit(ept.result.level))
        permissions = ept.permissions
        # By a cached mapping the page was reached without a look at D.
        last = ept.steps[-1].entry.value | ept.steps[-1].sets if ept.steps else 0
        ept_dirty = not walk.ept.accessed_dirty or last & bits.EPT_D != 0
    low = (1 << shift) - 1
    return TlbEntry(
        tag, walk.linear_address >> shift, shift, page_shift, host & ~low, result.physical_address & ~low, walk.rights,
        globals_on and value & bits.G != 0, value & bits.D != 0, result.level, result.mode, permissions, ept_dirty,
    )  # fmt: skip


def page_shifts(mode: "PagingMode", nested: bool) -> "tuple[int, ...]":
    """Sizes of the pages for which a TLB may have entries, smallest first, as powers of 2."""
    levels = (1,) + mode.large_levels
    shifts = [mode.low_bit(level) for level in levels]
    if nested and mode.entry_size == 4 and len(levels) > 1:
        # A 2-MByte EPT page under a 4-MByte page of the guest.
        shifts.insert(1, bits.low_bit(2))
    return tuple(shifts)


def cached_levels(mode: "PagingMode") -> "tuple[int, ...]":
    """The levels that have a paging-structure cache, most specific first: PAE's PDPTEs are in registers."""
    return (2,) if mode == PAE else tuple(range(2, mode.levels + 1))
