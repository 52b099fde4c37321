"""The page walk of 4-level and 5-level paging: the one authority on how a linear address is translated.

Source: Intel SDM volume 3, chapter "Paging". Interpreted as ``vmsim.walker`` and compiled as ``vmsim._walker`` from
this same file (Cython's pure Python mode); ``vmsim.translate`` is the compiled one.
"""

import cython
from vmsim import bits
from vmsim.entries import Entry, reserved
from vmsim.memory import Memory
from vmsim.processor import FETCH, WRITE, Access, Processor
from vmsim.trace import (
    EXECUTE_DISABLE,
    NOT_PRESENT,
    PROTECTION_KEY,
    READ_ONLY,
    RESERVED_BIT,
    SMAP,
    SMEP,
    SUPERVISOR_ADDRESS,
    GeneralProtection,
    PageFault,
    Rights,
    Translation,
    Walk,
    WalkStep,
)
from vmsim.value import Integer, check_integer

COMPILED = cython.compiled


def translate(memory: Memory, processor: Processor, access: Access, linear_address: Integer) -> Walk:
    """Walk the paging structures for one access that does not cross a page boundary.

    ``linear_address`` is from 0 to 2^64 - 1. Memory is not changed: each step says which accessed and dirty flags the
    processor sets, and ``memory.apply(walk)`` sets them. Raises FieldError for an address that is no 64-bit number,
    or a table that lies outside the memory.

    "4-Level Paging and 5-Level Paging"; "Accessed and Dirty Flags": A is set in each entry that was used, D in the
    entry that maps the page for a write. In the entry at which a fault was found neither is set; A in those above it
    is set, which the manual permits and does not demand.
    """
    check_integer("linear_address", linear_address, 0, bits.MAX_64)
    if not bits.is_canonical(linear_address, bits.low_bit(processor.levels + 1)):
        return Walk(linear_address, processor, access, (), None, GeneralProtection())

    steps: list[WalkStep] = []
    # A table may map itself: the walk then meets an entry again and reads the A flag that it set there.
    was_set: dict[int, int] = {}
    writable: cython.bint = True
    user: cython.bint = True
    execute_disable: cython.bint = False
    level: cython.int = processor.levels
    table: cython.ulonglong = processor.cr3 & bits.ADDRESS
    referrer = "CR3"
    while True:
        index: cython.ulonglong = bits.index(linear_address, level)
        entry_address: cython.ulonglong = table + index * bits.ENTRY_SIZE
        value: cython.ulonglong = memory.read(entry_address, f"address of the entry that {referrer} leads to")
        value = value | was_set.get(entry_address, 0)
        entry = Entry(level, value)

        wrong = reserved(entry, processor.maxphyaddr, processor.nxe) if entry.present else ()
        if not entry.present or wrong:
            steps.append(WalkStep(table, index, entry_address, entry, wrong, 0))
            fault = page_fault(linear_address, processor, access, (RESERVED_BIT if wrong else NOT_PRESENT,))
            return Walk(linear_address, processor, access, tuple(steps), None, fault)

        writable = writable and entry.writable
        user = user and entry.user
        execute_disable = execute_disable or entry.execute_disable
        if entry.maps_page:
            break

        sets: cython.ulonglong = bits.A & ~value
        was_set[entry_address] = bits.A
        steps.append(WalkStep(table, index, entry_address, entry, (), sets))
        table = entry.address
        referrer = entry.name
        level -= 1

    rights = Rights(writable, user, execute_disable, entry.protection_key)
    rules = refusals(rights, processor, access)
    if rules:
        steps.append(WalkStep(table, index, entry_address, entry, (), 0))
        fault = page_fault(linear_address, processor, access, rules)
        return Walk(linear_address, processor, access, tuple(steps), rights, fault)

    sets = (bits.A | bits.D if access.kind == WRITE else bits.A) & ~value
    steps.append(WalkStep(table, index, entry_address, entry, (), sets))
    offset: cython.ulonglong = linear_address & (bits.reach(level) - 1)
    found = Translation(entry.address + offset, entry.address, level)
    return Walk(linear_address, processor, access, tuple(steps), rights, found)


def refusals(rights: Rights, processor: Processor, access: Access) -> "tuple[str, ...]":
    """All rules that refuse the access to an address with these rights; empty where it is permitted.

    "Determination of Access Rights"; "Protection Keys".
    """
    write = access.kind == WRITE
    fetch = access.kind == FETCH
    rules = []
    if access.user_mode:
        if not rights.user:
            rules.append(SUPERVISOR_ADDRESS)
        if write and not rights.writable:
            rules.append(READ_ONLY)
    else:
        if rights.user and fetch and processor.smep:
            rules.append(SMEP)
        if rights.user and not fetch and processor.smap and (access.implicit or not processor.ac):
            rules.append(SMAP)
        if write and not rights.writable and processor.wp:
            rules.append(READ_ONLY)
    if fetch and rights.execute_disable and processor.nxe:
        rules.append(EXECUTE_DISABLE)
    if processor.pke and rights.user and not fetch:
        access_disable = processor.pkru >> 2 * rights.protection_key & 1
        write_disable = processor.pkru >> 2 * rights.protection_key + 1 & 1
        if access_disable or (write_disable and write and (access.user_mode or processor.wp)):
            rules.append(PROTECTION_KEY)
    return tuple(rules)


def page_fault(linear_address: Integer, processor: Processor, access: Access, rules: "tuple[str, ...]") -> PageFault:
    """The #PF that these rules raise, with its error code.

    "Page-Fault Exceptions". A reserved bit is looked for only where P is 1, so RSVD implies P. I/D is told only where
    the processor can forbid a fetch at all.
    """
    code = 0
    if NOT_PRESENT not in rules:
        code |= bits.PF_P
    if access.kind == WRITE:
        code |= bits.PF_WR
    if access.user_mode:
        code |= bits.PF_US
    if RESERVED_BIT in rules:
        code |= bits.PF_RSVD
    if access.kind == FETCH and (processor.nxe or processor.smep):
        code |= bits.PF_ID
    if PROTECTION_KEY in rules:
        code |= bits.PF_PK
    return PageFault(code, rules, linear_address)
