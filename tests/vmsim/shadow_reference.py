"""A guest without any KVM: each access goes through the guest's tables by the oracle, and then to the host by its slot.

What it shares with the simulator is the guest kernel of a story, which decides what is written where.
"""

from hypothesis import strategies as st

from tests.vmsim import oracle
from vmsim import Processor, bits
from vmsim.shadow_machine import Machine
from vmsim.shadow_memory import Slot
from vmsim.shadow_operation import Operation
from vmsim.shadow_story import Space, Story
from vmsim.vmx import vmcs

ADDRESSES = (0x40_0000, 0x40_1000, 0x60_0000, 0x4000_0000, 0x7F00_0000_0000)
LARGE = 0xA0_0000
DIRECT = 0xFFFF_8880_0000_0000
FLAGS = ("R/W", "U/S", "XD", "A", "D")
# The second half of guest memory lies before the first in the host's.
SLOTS = (Slot(0, 0x80_0000, 0x2_0000_0000), Slot(0x80_0000, 0x80_0000, 0x1_0000_0000))


class DirectMachine(Machine):
    """``flags_on_fault``: a walk that ends in a fault sets A in the entries before, as it may and need not."""

    controls = vmcs()

    def __init__(self, processor, slots, pcide, flags_on_fault):
        super().__init__(processor, slots, pcide)
        self.words = {}
        self.flags_on_fault = flags_on_fault
        self.guest = self

    def has(self, address):
        return any(slot.guest <= address < slot.guest + slot.size for slot in self.slots())

    def slots(self):
        return SLOTS

    def read(self, address):
        return self.words.get(address, 0)

    def write(self, address, value):
        self.words[address] = value

    def load(self, linear_address):
        return self.words.get(linear_address - DIRECT, 0)

    def store(self, linear_address, value):
        self.words[linear_address - DIRECT] = value

    def access(self, access, linear_address, value=None):
        seen = self.processor
        case = oracle.Case(
            self.words, seen.cr3, 4, seen.maxphyaddr, seen.wp, seen.nxe, seen.smep, seen.smap, seen.ac,
            False, 0, access.kind, access.cpl == 3, False, linear_address,
        )  # fmt: skip
        now = dict(self.words)
        try:
            physical = oracle.linear(case, now)[0]
        except oracle.End as end:
            if self.flags_on_fault:
                self.words = now
            return None, end.args
        self.words = now
        slot = next(slot for slot in SLOTS if slot.guest <= physical < slot.guest + slot.size)
        return physical - slot.guest + slot.host, None

    def change_slots(self):
        """Nothing is kept, so nothing is dropped."""


def consistent(mmu):
    """Shadow pages, their tables in memory, the hash, the reverse map and the cached roots tell the same story."""
    active = mmu.pages.active
    by_gfn = [page for pages in mmu.pages.by_gfn.values() for page in pages]
    assert sorted(map(id, by_gfn)) == sorted(map(id, active))
    assert all(page in active for _cr3, page in mmu.roots)
    leaves = [(id(page), index, gfn) for page in active for index, (gfn, _access) in page.leaves.items()]
    reverse = [(id(page), index, gfn) for gfn, found in mmu.pages.reverse.items() for page, index in found]
    assert sorted(leaves) == sorted(reverse)
    down = [(id(page), index, id(child)) for page in active for index, child in page.children.items()]
    up = [(id(page), index, id(child)) for child in active for page, index in child.parents]
    assert sorted(down) == sorted(up)
    for page in active:
        present = [index for index in range(512) if page.entry(index) & bits.P]
        assert present == sorted((*page.leaves, *page.children))


@st.composite
def stories(draw):
    """Guests that invalidate as the manual demands."""
    pcide, isolation = draw(st.booleans()), draw(st.booleans())
    spaces = (Space("a", 1 if pcide else 0), Space("b", 2 if pcide else 0))
    names = [one.name for one in spaces] + ([one.name + "/user" for one in spaces] if isolation else [])
    mapped = {"a": set(), "b": set()}
    current, operations = "a", []
    # Few addresses, so that what was done to one is likely to be met again.
    pool = draw(st.lists(st.sampled_from((*ADDRESSES, LARGE, LARGE)), min_size=1, max_size=2, unique=True))
    for _number in range(draw(st.integers(1, 30))):
        kind = draw(
            st.sampled_from(("access", "access", "access", "edit", "edit", "edit", "table", "cr3", "wp", "slots"))
        )
        address = draw(st.sampled_from(pool))
        size = "2 MiB" if address == LARGE else "4 KiB"
        if kind == "access":
            offset = draw(st.sampled_from((0, 0x8, 0x5000))) if address == LARGE else 0
            access = draw(st.sampled_from(("read", "write", "fetch")))
            operations.append(Operation(access, address + offset, cpl=draw(st.sampled_from((0, 3)))))
        elif kind == "table" and "/" not in current:
            # The guest kernel writes a table (or a page beside it) with the value that it has.
            operations.append(Operation("write", DIRECT + 0x1000 * draw(st.integers(1, 20)), cpl=0, times=3))
        elif kind == "edit" and "/" not in current:
            flags = tuple((name, draw(st.integers(0, 1))) for name in draw(st.sets(st.sampled_from(FLAGS))))
            frame = 0x20_0000 * draw(st.integers(2, 7)) + (0 if address == LARGE else 0x1000 * draw(st.integers(0, 3)))
            edit = "map" if address not in mapped[current] else draw(st.sampled_from(("change", "unmap")))
            operations.append(Operation(edit, address, page_frame=frame, flags=flags, page_size=size))
            mapped[current] ^= {address} if edit != "change" else set()
            if edit != "map" or draw(st.booleans()):
                flush = Operation("MOV to CR3", space=current)
                operations.append(flush if draw(st.booleans()) else Operation("INVLPG", address))
        elif kind == "cr3":
            current = draw(st.sampled_from(names))
            keep = pcide and not isolation and draw(st.booleans())
            operations.append(Operation("MOV to CR3", space=current, keep=keep))
        elif kind == "wp":
            operations.append(Operation("CR0.WP", value=draw(st.integers(0, 1))))
        elif kind == "slots":
            operations.append(Operation("memory slots"))
    cr4 = bits.CR4_PAE | draw(st.sampled_from((0, bits.CR4_SMEP))) | draw(st.sampled_from((0, bits.CR4_SMAP)))
    efer = Processor.efer & ~draw(st.sampled_from((0, bits.EFER_NXE)))
    registers = Processor(0, cr4=cr4, efer=efer, rflags=draw(st.sampled_from((0, bits.RFLAGS_AC))), maxphyaddr=46)
    return Story(tuple(operations), spaces, (), isolation, pcide, registers, slots=SLOTS)
