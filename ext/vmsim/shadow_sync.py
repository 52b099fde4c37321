"""Leaves of the shadow tables: made from guest entries, let out of sync with them, and synced again.

Source: Linux ``arch/x86/kvm/mmu/spte.c`` (``make_spte``), ``mmu.c`` (``mmu_set_spte``, ``mmu_try_to_unsync_pages``,
``mmu_sync_children``, ``__direct_pte_prefetch``), ``paging_tmpl.h`` (``sync_spte``, ``pte_prefetch``).
"""

from vmsim import bits
from vmsim.entries import Entry, reserved
from vmsim.shadow_pages import ACC_WRITE, ShadowPage, ShadowPages, entry_access, leaf
from vmsim.shadow_trace import EMULATED, FILLED, UNSYNCED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.shadow_memory import GuestMemory

# PTE_PREFETCH_NUM: with a leaf, the others of its aligned group of 8 are filled.
PREFETCH = 8


class Syncing:
    """What the leaves of ``pages`` say of ``guest`` memory; ``maxphyaddr`` is the guest's."""

    def __init__(self, pages: ShadowPages, guest: "GuestMemory", maxphyaddr: int) -> None:
        self.pages = pages
        self.guest = guest
        self.maxphyaddr = maxphyaddr

    def map_page(self, page: ShadowPage, index: int, gfn: int, access: int, write: bool) -> str:
        """Map a guest page at an entry of a last-level page, after a fault; what KVM did (``mmu_set_spte``).

        A write to a guest table is emulated where the table must stay write-protected.
        """
        before = self._unsynced(gfn)
        writable = self._make(page, index, gfn, access, True, False)
        self._prefetch(page, index)
        if write and not writable:
            return EMULATED
        return UNSYNCED if self._unsynced(gfn) > before else FILLED

    def sync(self, page: ShadowPage) -> int:
        """Make all leaves of a page say what the guest's entries say; how many changed. It stays unsync."""
        return sum(self._sync_leaf(page, index) for index in sorted(page.leaves))

    def sync_below(self, root: ShadowPage) -> int:
        """Sync and write-protect again all unsync pages that ``root`` leads to; how many there were."""
        found = [page for page in root.below() if page.unsync]
        for page in found:
            self.pages.write_protect(page.gfn)
        for page in found:
            page.unsync = False
            self.sync(page)
        return len(found)

    def sync_address(self, root: ShadowPage, linear_address: int) -> int:
        """Sync the one leaf for that address, if its page is unsync; 1 if it changed, else 0."""
        page = root
        while page.level > 1:
            child = page.children.get(bits.index(linear_address, page.level))
            if child is None:
                return 0
            page = child
        index = bits.index(linear_address, 1)
        return self._sync_leaf(page, index) if page.unsync and index in page.leaves else 0

    def _unsynced(self, gfn: int) -> int:
        return sum(page.unsync for page in self.pages.shadows(gfn))

    def _make(self, page: ShadowPage, index: int, gfn: int, access: int, may_unsync: bool, prefetch: bool) -> bool:
        """Write one leaf; whether the guest may write through it (``make_spte``)."""
        writable = access & ACC_WRITE != 0 and self._may_write(gfn, may_unsync and not prefetch)
        shown = access if writable else access & ~ACC_WRITE
        frame = self.guest.host_address(gfn << 12)
        self.pages.set_leaf(page, index, gfn, access, leaf(frame, shown, not prefetch))
        return writable

    def _may_write(self, gfn: int, may_unsync: bool) -> bool:
        """Whether the guest may write that page without an exit: it is no table, or one that goes out of sync now."""
        if self.pages.tracked(gfn):
            return False
        synced = [page for page in self.pages.shadows(gfn) if not page.unsync]
        if synced and not may_unsync:
            return False
        for page in synced:
            page.unsync = True
        return True

    def _sync_leaf(self, page: ShadowPage, index: int) -> int:
        """Make one leaf say what the guest's entry says; 1 if that changed it, else 0 (``sync_spte``)."""
        gfn, access = page.leaves[index]
        found = self._guest_leaf(page, index)
        if found is None or found[0] != gfn:
            self.pages.drop_leaf(page, index)
            return 1
        if found[1] == access:
            return 0
        self._make(page, index, gfn, found[1], False, False)
        return 1

    def _guest_leaf(self, page: ShadowPage, index: int) -> "tuple[int, int] | None":
        """Frame number and access of a guest PTE; None where no leaf may be made of it without a fault.

        ``prefetch_invalid_gpte``: not present, reserved bits, or A is 0, so that the first access has to set it.
        ``protect_clean_gpte``: D is 0, so that the first write has to.
        """
        entry = Entry(1, self.guest.read((page.gfn << 12) + bits.ENTRY_SIZE * index))
        usable = entry.present and entry.value & bits.A and self.guest.has(entry.address)
        if not usable or reserved(entry, self.maxphyaddr, page.role.efer_nx):
            return None
        access = page.role.access & entry_access(entry)
        if not entry.value & bits.D:
            access &= ~ACC_WRITE
        return entry.address >> 12, access

    def _prefetch(self, page: ShadowPage, filled: int) -> None:
        """Fill the group of 8 around a leaf, as far as no fault is needed for it."""
        first = filled & ~(PREFETCH - 1)
        for index in range(first, first + PREFETCH):
            if index in page.leaves:
                continue
            if page.role.direct:
                gfn = page.gfn + index
                found = (gfn, page.role.access) if self.guest.has(gfn << 12) else None
            else:
                found = self._guest_leaf(page, index)
            if found is None:
                break
            self._make(page, index, found[0], found[1], True, True)
