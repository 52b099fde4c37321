"""The shadow MMU as KVM keeps it: tables that the processor walks, made from the guest's tables as the guest faults.

    a guest access faults in the shadow tables → ``fault`` walks the guest's tables: reflected, filled, or emulated
    the guest writes a table that is write-protected → emulated, and the shadow entry dropped; a last-level table may
    go out of sync instead, until INVLPG or MOV to CR3 syncs it
    MOV to CR3 → ``load_cr3`` finds the root: among the last four, or in the hash by frame and role, or makes it

Guests with 4-level and 5-level paging, without protection keys (KVM hides those where it shadows). The host backs the
guest with 4 KiB pages, so a large guest page is shadowed by small ones. The processor's own TLB is not modelled.

Source: Linux ``arch/x86/kvm/mmu/mmu.c`` and ``paging_tmpl.h``, the functions named below.
"""

from vmsim import bits, translate
from vmsim.processor import WRITE, Access, Processor
from vmsim.shadow_pages import (
    ACC_ALL,
    ACC_EXEC,
    ACC_USER,
    ACC_WRITE,
    Role,
    ShadowPage,
    ShadowPages,
    child_role,
    entry_access,
    root_role,
)
from vmsim.shadow_sync import Syncing
from vmsim.shadow_trace import (
    CACHED,
    DIRTIED,
    EMULATED,
    FILLED,
    FOUND,
    INVALIDATED,
    MADE,
    REFLECTED,
    SAME,
    ZAPPED,
    Handled,
    guest_fault,
)
from vmsim.trace import Translation, Walk
from vmsim.value import FieldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.memory import Memory
    from vmsim.shadow_memory import GuestMemory

# KVM_MMU_NUM_PREV_ROOTS, and the current one; KVM_MIN_ALLOC_MMU_PAGES.
ROOTS = 4
LEAST_LIMIT = 64


class ShadowMmu:
    """The shadow tables of one virtual processor, in ``host`` memory from ``free`` on; ``limit`` pages at most.

    ``processor`` has the guest's registers; FieldError for those that cannot be shadowed here.
    """

    def __init__(
        self, host: "Memory", guest: "GuestMemory", processor: Processor, free: int, limit: int = 1 << 20
    ) -> None:
        if not processor.paging.long or processor.pke or processor.pks:
            raise FieldError("processor", processor.paging.name, "4-level or 5-level paging without protection keys")
        if limit < LEAST_LIMIT:
            raise FieldError("limit", limit, f"{LEAST_LIMIT} shadow pages or more")
        self.guest = guest
        self.processor = processor
        self.limit = limit
        self.pages = ShadowPages(host, free)
        self.syncing = Syncing(self.pages, guest, processor.maxphyaddr)
        self.roots: list[tuple[int, ShadowPage]] = []
        self.load_cr3(processor.cr3)

    @property
    def hardware(self) -> Processor:
        """The registers that the processor really has in the guest: the shadow root in CR3, CR0.WP and EFER.NXE 1.

        ``vmx_set_cr0`` (KVM_VM_CR0_ALWAYS_ON), ``update_transition_efer``.
        """
        seen = self.processor
        efer = seen.efer | bits.EFER_NXE
        return Processor(
            self.roots[0][1].frame, seen.cr0 | bits.CR0_WP, seen.cr4, efer, seen.rflags, maxphyaddr=seen.maxphyaddr
        )

    def load_cr3(self, cr3: int, keep: bool = False, pcide: bool = False) -> Handled:
        """MOV to CR3; ``keep`` is bit 63 of its operand. ``kvm_set_cr3``, ``kvm_mmu_new_pgd``, ``kvm_invalidate_pcid``.

        A cached root is found by all of CR3 and the role, one in the hash by the table's frame and the role. The
        loaded root is synced unless ``keep``; a root from the hash always is. With PCIDs the other cached roots of
        this PCID are let go.
        """
        made = self.pages.made
        role = root_role(self.processor)
        cached = range(len(self.roots))
        usable = [at for at in cached if self.roots[at][0] == cr3 and self.roots[at][1].role == role]
        if usable:
            did = CACHED if usable[0] else SAME
            self.roots.insert(0, self.roots.pop(usable[0]))
        else:
            page = self.get((cr3 & bits.ADDRESS) >> 12, role)
            did = FOUND if self.pages.made == made else MADE
            self.roots = [(cr3, page)] + self.roots[: ROOTS - 1]
        if pcide and not keep:
            self.roots = self.roots[:1] + [one for one in self.roots[1:] if one[0] & 0xFFF != cr3 & 0xFFF]
        synced = 0
        if not keep or did in (FOUND, MADE):
            synced = self.syncing.sync_below(self.roots[0][1])
        return Handled(did, self.pages.made - made, synced)

    def invalidate_pcid(self, pcid: int) -> Handled:
        """INVPCID for one PCID. ``kvm_invalidate_pcid``."""
        current = self.roots[0]
        synced = self.syncing.sync_below(current[1]) if current[0] & 0xFFF == pcid else 0
        self.roots = [current] + [one for one in self.roots[1:] if one[0] & 0xFFF != pcid]
        return Handled(INVALIDATED, 0, synced)

    def set_processor(self, processor: Processor) -> Handled:
        """Registers that are part of the role have changed: all cached roots are let go (``kvm_mmu_reset_context``)."""
        self.processor = processor
        cr3, self.roots = self.roots[0][0], []
        return self.load_cr3(cr3)

    def invlpg(self, linear_address: int) -> Handled:
        """INVLPG: syncs that address's entry of unsync pages, in all cached roots (``kvm_mmu_invlpg``)."""
        synced = sum(self.syncing.sync_address(page, linear_address) for _cr3, page in self.roots)
        return Handled(INVALIDATED, 0, synced)

    def zap_all(self) -> Handled:
        """The memory slots have changed: all shadow pages are dropped (``kvm_mmu_zap_all_fast``)."""
        cr3, zapped = self.roots[0][0], len(self.pages.active)
        for page in list(self.pages.active):
            if any(page is one for one in self.pages.active):
                self.pages.zap(page)
        self.roots = []
        return Handled(ZAPPED, self.load_cr3(cr3).made, 0, zapped)

    def fault(self, access: Access, linear_address: int) -> Handled:
        """#PF in the shadow tables: ``FNAME(page_fault)``. A and D of the guest's entries are set on the way."""
        made = self.pages.made
        walk = translate(self.guest, self.processor, access, linear_address)
        if not isinstance(walk.result, Translation):
            return Handled(REFLECTED, fault=guest_fault(walk.result))
        self.guest.apply(walk)
        zapped = self.pages.make_room(self.limit, [page for _cr3, page in self.roots])
        did = self.fetch(walk)
        return Handled(did, self.pages.made - made, 0, zapped, None, walk.result.physical_address)

    def write(self, address: int, value: int) -> Handled:
        """A guest write of 8 bytes at a guest-physical address, emulated: ``kvm_mmu_track_write``.

        What shadows that entry is dropped. A table above the last level that is written a third time without having
        been walked in between is no longer taken for one, and dropped as a whole.
        """
        self.guest.write(address, value)
        zapped = 0
        for page in self.pages.shadows(address >> 12):
            flooded = False
            if page.level > 1:
                page.flooding += 1
                flooded = page.flooding >= 3
            if flooded:
                self.drop(page)
                zapped += 1
            elif self.pages.zap_entry(page, (address & bits.FRAME - 1) // bits.ENTRY_SIZE):
                zapped += 1
        return Handled(EMULATED, zapped=zapped)

    def drop(self, page: ShadowPage) -> None:
        """Drop a page; where it is the current root, another is found or made."""
        self.pages.zap(page)
        cr3, current = self.roots[0]
        self.roots = [one for one in self.roots if one[1] is not page]
        if current is page:
            self.load_cr3(cr3)

    def get(self, gfn: int, role: Role) -> ShadowPage:
        """The shadow page of a guest table for a role, from the hash, or a new one: ``kvm_mmu_get_shadow_page``."""
        for page in list(self.pages.by_gfn.get(gfn, ())):
            if page.role == role:
                if page.unsync:
                    self.syncing.sync(page)
                return page
            if role.level > 1 and page.unsync:
                self.pages.zap(page)
        page = self.pages.new(gfn, role)
        if not page.role.direct:
            self.pages.write_protect(gfn)
        return page

    def fetch(self, walk: Walk) -> str:
        """Make the shadow entries for a walk of the guest's tables: ``FNAME(fetch)``."""
        assert isinstance(walk.result, Translation)
        page, access, write = self.roots[0][1], ACC_ALL, walk.access.kind == WRITE
        for step in walk.steps:
            page.flooding = 0
            index = bits.index(walk.linear_address, page.level)
            access &= entry_access(step.entry)
            if step.entry.maps_page:
                if not write and not step.entry.value & bits.D:
                    # protect_clean_gpte: the first write has to fault, to set D in the guest's entry.
                    access &= ~ACC_WRITE
                break
            if index not in page.children:
                child = self.get(step.entry.address >> 12, child_role(page.role, access, False))
                if child.level > 1:
                    # A last-level page was synced when it was found, and stays out of sync.
                    self.syncing.sync_below(child)
                page.link(index, child)
            page = page.children[index]
        if write and not access & ACC_WRITE:
            # Only a supervisor with CR0.WP = 0 comes here; the processor has WP = 1 and must see a supervisor page.
            access = (access | ACC_WRITE) & ~ACC_USER
            if self.processor.smep:
                access &= ~ACC_EXEC
        gfn = walk.result.physical_address >> 12
        page = self.direct(page, walk.linear_address, gfn, access)
        index = bits.index(walk.linear_address, 1)
        known = page.leaves.get(index, (-1, 0))[0] == gfn
        did = self.syncing.map_page(page, index, gfn, access, write)
        return DIRTIED if did == FILLED and known and walk.steps[-1].sets_dirty else did

    def direct(self, page: ShadowPage, linear_address: int, gfn: int, access: int) -> ShadowPage:
        """The last-level page below ``page`` for a part of a large guest page (``page`` itself, if it is one)."""
        while page.level > 1:
            index = bits.index(linear_address, page.level)
            role = child_role(page.role, access, True)
            if index in page.children and page.children[index].role != role:
                # validate_direct_spte
                page.unlink(index)
            if index not in page.children:
                page.link(index, self.get(gfn & ~((1 << 9 * role.level) - 1), role))
            page = page.children[index]
        return page
