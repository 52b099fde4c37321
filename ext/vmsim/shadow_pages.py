"""Shadow pages: one table that a processor walks in place of a guest's, the role it was made for, and where to find it.

Source: Linux ``arch/x86/include/asm/kvm_host.h`` (``kvm_mmu_page_role``), ``arch/x86/kvm/mmu/mmu_internal.h``
(``kvm_mmu_page``), ``mmu.c`` (``mmu_page_hash``, ``rmap``); Documentation/virt/kvm/x86/mmu.rst.
"""

from vmsim import bits
from vmsim.processor import Processor
from vmsim.value import Value, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.entries import Entry
    from vmsim.memory import Memory

ACC_EXEC, ACC_WRITE, ACC_USER = 1, 2, 4
ACC_ALL = ACC_EXEC | ACC_WRITE | ACC_USER
# KVM_MIN_FREE_MMU_PAGES, KVM_REFILL_PAGES.
LEAST_FREE, REFILL = 5, 25


class Role(Value):
    """What a shadow page was made for: with another role, the same guest table needs another shadow page.

    ``level`` 1 to 5 is that of the table. ``direct``: it shadows no guest table but a part of a large guest page.
    ``access`` (ACC_EXEC, ACC_WRITE, ACC_USER) is what all guest entries above permit together. The rest is 0 or 1:
    EFER.NXE, CR0.WP, and SMEP and SMAP where CR0.WP is 0 (``kvm_mmu_page_role``).
    """

    _fields = ("level", "direct", "access", "efer_nx", "cr0_wp", "smep_andnot_wp", "smap_andnot_wp")
    level: int
    direct: bool
    access: int
    efer_nx: bool
    cr0_wp: bool
    smep_andnot_wp: bool
    smap_andnot_wp: bool


def root_role(processor: Processor) -> Role:
    """The role of the shadow root of a guest with these registers."""
    wp = processor.wp
    return Role(
        processor.levels, False, ACC_ALL, processor.nxe, wp, processor.smep and not wp, processor.smap and not wp
    )


def child_role(role: Role, access: int, direct: bool) -> Role:
    """The role of a table one level below."""
    found: Role = replace(role, level=role.level - 1, access=access, direct=direct)
    return found


def entry_access(entry: "Entry") -> int:
    """What one guest entry permits by itself; XD without EFER.NXE is a reserved bit, so that it never gets here."""
    found = ACC_USER if entry.user else 0
    if entry.writable:
        found |= ACC_WRITE
    if not entry.execute_disable:
        found |= ACC_EXEC
    return found


def leaf(frame: int, access: int, accessed: bool) -> int:
    """The shadow entry (SPTE) that maps the page at ``frame`` (host-physical); D is set where it is writable."""
    value = frame | bits.P
    if accessed:
        value |= bits.A
    if access & ACC_USER:
        value |= bits.US
    if not access & ACC_EXEC:
        value |= bits.XD
    if access & ACC_WRITE:
        value |= bits.RW | bits.D
    return value


class ShadowPage:
    """A table in host memory at ``frame``. ``leaves`` and ``children`` say by index what its present entries are.

    A leaf is (guest frame number, access). ``unsync``: the guest may write its table without an exit, and this page
    may say what that no longer says. ``flooding`` counts emulated writes since the page was last walked by KVM.
    """

    def __init__(self, memory: "Memory", gfn: int, role: Role, frame: int, number: int) -> None:
        self.memory = memory
        self.gfn = gfn
        self.role = role
        self.frame = frame
        self.number = number
        self.unsync = False
        self.flooding = 0
        self.leaves: dict[int, tuple[int, int]] = {}
        self.children: dict[int, ShadowPage] = {}
        self.parents: list[tuple[ShadowPage, int]] = []

    @property
    def level(self) -> int:
        """1 to 5."""
        return self.role.level

    def entry(self, index: int) -> int:
        """The value of the shadow entry at ``index``, 0 to 511."""
        return self.memory.read(self.frame + bits.ENTRY_SIZE * index)

    def store(self, index: int, value: int) -> None:
        """Write that entry."""
        self.memory.write(self.frame + bits.ENTRY_SIZE * index, value)

    def link(self, index: int, child: "ShadowPage") -> None:
        """Let that entry lead to ``child``. It permits everything: what is refused, the leaves refuse."""
        self.children[index] = child
        child.parents.append((self, index))
        self.store(index, child.frame | bits.P | bits.RW | bits.US | bits.A)

    def unlink(self, index: int) -> None:
        """Make the entry that leads to a child not present; the child stays, to be found again."""
        child = self.children.pop(index)
        child.parents = [parent for parent in child.parents if parent[0] is not self or parent[1] != index]
        self.store(index, 0)

    def below(self) -> "list[ShadowPage]":
        """Itself and all that can be reached from it, each once."""
        found = [self]
        for page in found:
            for index in sorted(page.children):
                child = page.children[index]
                if not any(child is one for one in found):
                    found.append(child)
        return found


class ShadowPages:
    """All shadow pages: a hash by guest frame number, and the reverse map from a guest page to the leaves that map it.

    New pages take frames of ``memory`` from ``free`` on.
    """

    def __init__(self, memory: "Memory", free: int) -> None:
        self.memory = memory
        self.free = free
        self.made = 0
        self.by_gfn: dict[int, list[ShadowPage]] = {}
        self.reverse: dict[int, list[tuple[ShadowPage, int]]] = {}
        self.active: list[ShadowPage] = []

    def new(self, gfn: int, role: Role) -> ShadowPage:
        """An empty page for that table and role."""
        page = ShadowPage(self.memory, gfn, role, self.free, self.made)
        self.free += bits.FRAME
        self.made += 1
        self.active.append(page)
        self.by_gfn.setdefault(gfn, []).append(page)
        return page

    def shadows(self, gfn: int) -> "list[ShadowPage]":
        """The pages that shadow the guest table in that frame."""
        return [page for page in self.by_gfn.get(gfn, ()) if not page.role.direct]

    def tracked(self, gfn: int) -> bool:
        """Whether every guest write to that frame must exit: a table above the last level is shadowed there."""
        return any(page.level > 1 for page in self.shadows(gfn))

    def set_leaf(self, page: ShadowPage, index: int, gfn: int, access: int, value: int) -> None:
        """Let an entry of a last-level page map the guest page ``gfn``."""
        old = page.leaves.get(index)
        if old is not None and old[0] != gfn:
            self.drop_leaf(page, index)
        if index not in page.leaves:
            self.reverse.setdefault(gfn, []).append((page, index))
        page.leaves[index] = (gfn, access)
        page.store(index, value)

    def drop_leaf(self, page: ShadowPage, index: int) -> None:
        """Make such an entry not present."""
        gfn, _access = page.leaves.pop(index)
        self.reverse[gfn] = [one for one in self.reverse[gfn] if one[0] is not page or one[1] != index]
        page.store(index, 0)

    def write_protect(self, gfn: int) -> None:
        """Take R/W from every shadow entry that maps that guest page."""
        for page, index in self.reverse.get(gfn, ()):
            page.store(index, page.entry(index) & ~bits.RW)

    def zap_entry(self, page: ShadowPage, index: int) -> bool:
        """Make one entry not present, whatever it is; whether it was present (``mmu_page_zap_pte``)."""
        if index in page.leaves:
            self.drop_leaf(page, index)
        elif index in page.children:
            page.unlink(index)
        else:
            return False
        return True

    def zap(self, page: ShadowPage) -> int:
        """Drop a page and the unsync ones below it, which nobody would sync any more; how many were dropped.

        ``kvm_mmu_prepare_zap_page``. Other children stay in the hash.
        """
        doomed = [page] + [one for one in page.below()[1:] if one.unsync]
        for one in doomed:
            for index in sorted(one.leaves) + sorted(one.children):
                self.zap_entry(one, index)
            for parent, index in list(one.parents):
                parent.unlink(index)
            self.by_gfn[one.gfn] = [other for other in self.by_gfn[one.gfn] if other is not one]
            self.active = [other for other in self.active if other is not one]
        return len(doomed)

    def make_room(self, limit: int, roots: "list[ShadowPage]") -> int:
        """Where fewer than 5 of ``limit`` pages are free, drop the oldest but ``roots`` until 25 are; how many.

        ``make_mmu_pages_available``.
        """
        zapped = 0
        if limit - len(self.active) < LEAST_FREE:
            for page in list(self.active):
                if limit - len(self.active) >= REFILL:
                    break
                active = any(page is one for one in self.active)
                if active and not any(page is root for root in roots):
                    zapped += self.zap(page)
        return zapped
