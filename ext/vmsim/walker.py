"""The page walk, with or without EPT: the one authority on how a linear address is translated.

Source: Intel SDM volume 3, chapter "Paging". Interpreted as ``vmsim.walker`` and compiled as ``vmsim._walker`` from
this same file (Cython's pure Python mode); ``vmsim.translate`` is the compiled one. The EPT walk is in ``ept.py``, what
access rights refuse in ``access_rights.py``.
"""

import cython
from vmsim import bits
from vmsim.access_rights import final_access, page_fault, refusals, table_access
from vmsim.entries import Entry, reserved
from vmsim.ept_trace import refusal_of
from vmsim.eptp import Ept, GuestPhysicalAccess
from vmsim.faults import NOT_PRESENT, RESERVED_BIT, RESERVED_PDPTE, GeneralProtection, StackFault
from vmsim.memory import WalkMemory
from vmsim.paging import NO_PAGING, PAE
from vmsim.processor import WRITE, Access, Processor
from vmsim.trace import PdpteLoad, Rights, Translation, Walk, WalkStep, host_address
from vmsim.value import FieldError, Integer, check_integer, replace
from vmsim.walk_start import WalkStart, at_cr3, pdpte_register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.ept_trace import EptWalk
    from vmsim.guest_physical import Choices, Mappings
    from vmsim.memory import Readable
    from vmsim.trace import Result

if TYPE_CHECKING or not cython.compiled:
    from vmsim.ept import translate_guest_physical
else:
    from vmsim._ept import translate_guest_physical

COMPILED: bool = cython.compiled


def translate(
    memory: "Readable",
    processor: Processor,
    access: Access,
    linear_address: Integer,
    ept: "Ept | None" = None,
    start: "WalkStart | None" = None,
    mappings: "Mappings | Choices | None" = None,
) -> Walk:
    """Translate a linear address for one access that does not cross a page boundary; in a guest where ``ept`` is given.

    ``start`` is where a paging-structure cache lets the walk begin; without it that is CR3. ``mappings`` are asked for
    guest-physical addresses before EPT is walked.
    ``linear_address`` is from 0 to 2^64 - 1, or to 2^32 - 1 where paging is off, 32-bit or PAE. Memory is not changed:
    the walk says which flags the processor sets, and ``memory.apply(walk)`` sets them. Raises FieldError for an
    address of another width, or a table that lies outside the memory.

    "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging"; "Accessed and Dirty Flags": A is set in each
    entry that was used, D in the entry that maps the page for a write. In the entry at which a fault was found
    neither is set; A in those above it is set, which the manual permits and does not demand.
    """
    mode = processor.paging
    check_integer("linear_address", linear_address, 0, mode.highest_linear_address)
    walk = WalkUnderWay(memory, processor, access, linear_address, ept, mappings)
    if mode.levels == 0:
        return walk.arrive(Translation(linear_address, linear_address & ~(bits.FRAME - 1), 0, NO_PAGING), None)
    if mode.long and not bits.is_canonical(linear_address, mode.linear_width):
        return walk.end(StackFault() if access.stack else GeneralProtection())

    begin = start or at_cr3(processor)
    writable: cython.bint = begin.writable
    user: cython.bint = begin.user
    execute_disable: cython.bint = begin.execute_disable
    level: cython.int = begin.level
    table: cython.ulonglong = begin.table
    referrer = begin.referrer
    if level == 3 and not mode.long:
        # PAE paging: the first entry is a register, and has neither rights nor an accessed flag.
        step = pdpte_register(processor, table, linear_address)
        walk.steps.append(step)
        entry = step.entry
        if not entry.present:
            return walk.fault((NOT_PRESENT,))
        table, referrer, level = entry.address, entry.name, 2

    while True:
        index: cython.ulonglong = mode.index(linear_address, level)
        entry_address: cython.ulonglong = table + index * mode.entry_size
        located = walk.locate(entry_address, False)
        refusal = refusal_of(located)
        if refusal is not None:
            return walk.end(refusal, None, located)
        value: cython.ulonglong = walk.read(entry_address, located, referrer)
        entry = Entry(level, value, mode)

        wrong = reserved(entry, processor.maxphyaddr, processor.nxe) if entry.present else ()
        if not entry.present or wrong:
            walk.steps.append(WalkStep(table, index, entry_address, entry, wrong, 0, located))
            return walk.fault((RESERVED_BIT if wrong else NOT_PRESENT,))

        writable = writable and entry.writable
        user = user and entry.user
        execute_disable = execute_disable or entry.execute_disable
        rights = None
        sets: cython.ulonglong = bits.A & ~value
        if entry.maps_page:
            rights = Rights(writable, user, execute_disable, entry.protection_key)
            rules = refusals(rights, processor, access)
            if rules:
                walk.steps.append(WalkStep(table, index, entry_address, entry, (), 0, located))
                return walk.fault(rules, rights)
            if access.kind == WRITE:
                sets = (bits.A | bits.D) & ~value

        # Setting flags writes to the entry, which EPT has to permit too.
        update = walk.locate(entry_address, True) if sets else None
        refusal = refusal_of(update)
        if refusal is not None:
            walk.steps.append(WalkStep(table, index, entry_address, entry, (), 0, located))
            return walk.end(refusal, rights, update)
        step = WalkStep(table, index, entry_address, entry, (), sets, located, update)
        walk.memory.set(step.physical_address, sets)
        walk.steps.append(step)
        if rights is not None:
            break
        table, referrer, level = entry.address, entry.name, level - 1

    offset: cython.ulonglong = linear_address & (mode.reach(level) - 1)
    return walk.arrive(Translation(entry.address + offset, entry.address, level, mode), rights)


def translate_bytes(
    memory: "Readable",
    processor: Processor,
    access: Access,
    linear_address: Integer,
    size: Integer,
    ept: "Ept | None" = None,
) -> "tuple[Walk, ...]":
    """Translate an access of ``size`` bytes, 1 to 4096, which may cross a page boundary: a walk for each page.

    The second page is asked only where the first succeeded, and a fault there names its first byte (CR2). All bytes
    must be canonical before either is asked. Addresses wrap around after the last one. The flags that the first walk
    sets are kept if the second faults, which the manual permits and does not demand.
    """
    check_integer("size", size, 1, bits.FRAME)
    highest = processor.paging.highest_linear_address
    check_integer("linear_address", linear_address, 0, highest)
    second = ((linear_address | bits.FRAME - 1) + 1) & highest
    crosses = linear_address % bits.FRAME + size > bits.FRAME
    if crosses and processor.paging.long and not bits.is_canonical(second, processor.paging.linear_width):
        return (translate(memory, processor, access, second, ept),)
    first = translate(memory, processor, access, linear_address, ept)
    if not crosses or first.host_physical_address is None:
        return (first,)
    return (first, translate(WalkMemory(memory, first.updates), processor, access, second, ept))


def load_pdptes(memory: "Readable", processor: Processor, ept: "Ept | None" = None) -> PdpteLoad:
    """Load the PDPTE registers as MOV to CR3 does with PAE paging; its CR3 is already in ``processor``.

    "PDPTE Registers": all four are read, at CR3 bits 31:5; if any that is present has a reserved bit set, #GP(0) is
    raised and none is loaded. Under EPT the reads are no part of a translation of a linear address, and, unlike other
    reads of guest paging structures, no writes. Raises FieldError where paging is not PAE.
    """
    if processor.paging != PAE:
        raise FieldError("paging", processor.paging.name, "PAE: CR0.PG = CR4.PAE = 1, EFER.LMA = 0")
    seen = WalkMemory(memory)
    access = GuestPhysicalAccess(read=True)
    table = processor.cr3 & PAE.base
    steps: list[WalkStep] = []
    for index in range(4):
        address = table + index * bits.ENTRY_SIZE
        located = translate_guest_physical(seen, ept, processor.maxphyaddr, access, address) if ept else None
        refusal = refusal_of(located)
        if refusal is not None:
            return PdpteLoad(tuple(steps), refusal, located)
        entry = Entry(3, seen.read(host_address(address, located), "address of the PDPTE that CR3 leads to"), PAE)
        wrong = reserved(entry, processor.maxphyaddr, processor.nxe) if entry.present else ()
        steps.append(WalkStep(table, index, address, entry, wrong, 0, located))
    if any(step.reserved for step in steps):
        return PdpteLoad(tuple(steps), GeneralProtection((RESERVED_PDPTE,)))
    return PdpteLoad(tuple(steps), replace(processor, pdptes=tuple(step.entry.value for step in steps)))


class WalkUnderWay:
    """What a walk is about, the steps that it has taken, and memory with the flags that it has set."""

    def __init__(
        self,
        memory: "Readable",
        processor: Processor,
        access: Access,
        linear_address: int,
        ept: "Ept | None",
        mappings: "Mappings | Choices | None",
    ) -> None:
        self.memory = WalkMemory(memory)
        self.processor = processor
        self.access = access
        self.linear_address = linear_address
        self.ept = ept
        self.mappings = mappings
        self.entry_size = processor.paging.entry_size
        self.steps: list[WalkStep] = []

    def locate(self, entry_address: Integer, update: bool) -> "EptWalk | None":
        """The EPT walk for reading a guest paging-structure entry, or for updating its flags; None without EPT.

        "EPT Violations"; "Accessed and Dirty Flags for EPT": where these are on, reading counts as writing too.
        """
        ept = self.ept
        if ept is None:
            return None
        access = table_access(self.access, self.linear_address, update or ept.accessed_dirty)
        return self.ask(ept, access, entry_address)

    def ask(self, ept: Ept, access: GuestPhysicalAccess, address: Integer) -> "EptWalk":
        """The EPT walk for that guest-physical address, or what a cached mapping gives in its place."""
        maxphyaddr = self.processor.maxphyaddr
        if self.mappings is None:
            return translate_guest_physical(self.memory, ept, maxphyaddr, access, address)
        return self.mappings.ask(translate_guest_physical, self.memory, ept, maxphyaddr, access, address)

    def read(self, entry_address: Integer, located: "EptWalk | None", referrer: str) -> Integer:
        """The value of the entry that an EPT walk located, or that lies at its address itself."""
        address = host_address(entry_address, located)
        return self.memory.read(address, f"address of the entry that {referrer} leads to", self.entry_size)

    def arrive(self, found: Translation, rights: "Rights | None") -> Walk:
        """The walk with the translation that was found; under EPT that of its guest-physical address decides."""
        if self.ept is None:
            return self.end(found, rights)
        # Where paging is off every linear address is a user-mode one, writable and executable.
        final = final_access(self.access, self.linear_address, rights or Rights(True, True, False, 0))
        last = self.ask(self.ept, final, found.physical_address)
        return self.end(refusal_of(last) or found, rights, last)

    def fault(self, rules: "tuple[str, ...]", rights: "Rights | None" = None) -> Walk:
        """The walk, ended by the #PF that the rules raise."""
        return self.end(page_fault(self.linear_address, self.processor, self.access, rules), rights)

    def end(self, result: "Result", rights: "Rights | None" = None, last_ept_walk: "EptWalk | None" = None) -> Walk:
        """The walk, ended by this result."""
        steps = tuple(self.steps)
        return Walk(self.linear_address, self.processor, self.access, steps, rights, result, self.ept, last_ept_walk)
