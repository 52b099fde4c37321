"""The EPT walk: the one authority on how a guest-physical address is translated.

Source: Intel SDM volume 3, "The Extended Page Table Mechanism (EPT)". Interpreted as ``vmsim.ept`` and compiled as
``vmsim._ept`` from this same file (Cython's pure Python mode).
"""

import cython
from vmsim import bits
from vmsim.ept_entries import EptEntry, is_present, misconfigurations
from vmsim.ept_trace import (
    EPT_EXECUTE,
    EPT_NOT_PRESENT,
    EPT_READ,
    EPT_WIDTH,
    EPT_WRITE,
    EptMisconfiguration,
    EptStep,
    EptTranslation,
    EptViolation,
    EptWalk,
)
from vmsim.eptp import Ept, GuestPhysicalAccess
from vmsim.memory import WalkMemory
from vmsim.value import FieldError, Integer

COMPILED: bool = cython.compiled

RWX = bits.EPT_R | bits.EPT_W | bits.EPT_X


def translate_guest_physical(
    memory: WalkMemory, ept: Ept, maxphyaddr: Integer, access: GuestPhysicalAccess, guest_physical_address: Integer
) -> EptWalk:
    """Walk the EPT paging structures for one access with a guest-physical address (0 to 2^52 - 1).

    "EPT Translation Mechanism"; "Accessed and Dirty Flags for EPT": where they are on, the accessed flag is set in
    each entry that was used, and the dirty flag in the entry that maps the page for a write. A walk that ends with an
    EPT violation or an EPT misconfiguration sets none, which the manual permits and does not demand.
    Raises FieldError for a table that lies outside the memory or beyond MAXPHYADDR.
    """
    if ept.address >> maxphyaddr:
        raise FieldError("eptp", ept.eptp, f"an address below 2^{maxphyaddr} (MAXPHYADDR is {maxphyaddr})")
    if guest_physical_address >> 9 * ept.levels + 12:
        # The walk has no level for bits 51:48: such an address has no translation.
        return EptWalk(
            guest_physical_address, access, (), 0, violation(ept, access, guest_physical_address, 0, (EPT_WIDTH,))
        )

    steps: list[EptStep] = []
    permissions: cython.ulonglong = RWX | bits.EPT_XU
    level: cython.int = ept.levels
    table: cython.ulonglong = ept.address
    referrer = "EPTP"
    while True:
        index: cython.ulonglong = bits.index(guest_physical_address, level)
        entry_address: cython.ulonglong = table + index * bits.ENTRY_SIZE
        value: cython.ulonglong = memory.read(entry_address, f"address of the EPT entry that {referrer} leads to")
        entry = EptEntry(level, value)
        permissions &= value

        present: cython.bint = is_present(entry, ept)
        wrong = misconfigurations(entry, ept, maxphyaddr) if present else ()
        steps.append(EptStep(table, index, entry_address, entry, wrong, 0))
        if wrong:
            misconfigured = EptMisconfiguration(guest_physical_address)
            return EptWalk(guest_physical_address, access, tuple(steps), permissions, misconfigured)
        if not present or entry.maps_page:
            break
        table = entry.address
        referrer = entry.name
        level -= 1

    rules = refusals(ept, access, permissions) if present else (EPT_NOT_PRESENT,)
    if rules:
        violated = violation(ept, access, guest_physical_address, permissions, rules)
        return EptWalk(guest_physical_address, access, tuple(steps), permissions, violated)

    if ept.accessed_dirty:
        steps = [set_flags(memory, step, access.write) for step in steps]
    offset: cython.ulonglong = guest_physical_address & (bits.reach(level) - 1)
    ignore_pat: cython.bint = value & bits.EPT_IGNORE_PAT != 0
    found = EptTranslation(entry.address + offset, entry.address, level, entry.memory_type, ignore_pat)
    return EptWalk(guest_physical_address, access, tuple(steps), permissions, found)


def refusals(ept: Ept, access: GuestPhysicalAccess, permissions: Integer) -> "tuple[str, ...]":
    """All rules that refuse the access; ``permissions`` are those of all entries together.

    "EPT Violations". With mode-based execute control X is for supervisor-mode linear addresses, XU for user-mode ones.
    """
    rules = []
    if access.read and not permissions & bits.EPT_R:
        rules.append(EPT_READ)
    if access.write and not permissions & bits.EPT_W:
        rules.append(EPT_WRITE)
    execute = bits.EPT_XU if ept.mode_based_execute_control and access.user_address else bits.EPT_X
    if access.fetch and not permissions & execute:
        rules.append(EPT_EXECUTE)
    return tuple(rules)


def violation(
    ept: Ept,
    access: GuestPhysicalAccess,
    guest_physical_address: Integer,
    permissions: Integer,
    rules: "tuple[str, ...]",
) -> EptViolation:
    """The EPT violation that these rules cause, with its exit qualification.

    "Exit Qualification for EPT Violations". Bits that are undefined (6 without mode-based execute control; 9 to 11
    without advanced information, or before the linear address is translated) are 0.
    """
    code = (permissions & RWX) << bits.EPTQ_PERMISSIONS_SHIFT
    if access.read:
        code |= bits.EPTQ_READ
    if access.write:
        code |= bits.EPTQ_WRITE
    if access.fetch:
        code |= bits.EPTQ_FETCH
    if ept.mode_based_execute_control and permissions & bits.EPT_XU:
        code |= bits.EPTQ_USER_EXECUTABLE
    if access.linear_address is not None:
        code |= bits.EPTQ_LINEAR_VALID
    if access.final:
        code |= bits.EPTQ_FINAL
        if ept.advanced_information:
            if access.user_address:
                code |= bits.EPTQ_USER_ADDRESS
            if access.writable:
                code |= bits.EPTQ_WRITABLE_PAGE
            if access.execute_disable:
                code |= bits.EPTQ_EXECUTE_DISABLE
    if access.unblocks_nmi:
        code |= bits.EPTQ_NMI_UNBLOCKING
    return EptViolation(code, rules, guest_physical_address, access.linear_address)


def set_flags(memory: WalkMemory, step: EptStep, write: bool) -> EptStep:
    """The step with the flags that the processor sets in its entry, which are set in memory as the walk sees it."""
    wanted = bits.EPT_A | bits.EPT_D if write and step.entry.maps_page else bits.EPT_A
    sets = wanted & ~memory.read(step.entry_address, "address of an EPT entry")
    memory.set(step.entry_address, sets)
    return EptStep(step.table, step.index, step.entry_address, step.entry, (), sets)
