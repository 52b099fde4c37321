"""Which accesses the rights of a translation refuse, and the page fault that says so; what EPT is asked with them.

Source: Intel SDM volume 3, "Access Rights", "Protection Keys", "Page-Fault Exceptions".
"""

from vmsim import bits
from vmsim.eptp import GuestPhysicalAccess
from vmsim.faults import (
    EXECUTE_DISABLE,
    NOT_PRESENT,
    PROTECTION_KEY,
    READ_ONLY,
    RESERVED_BIT,
    SMAP,
    SMEP,
    SUPERVISOR_ADDRESS,
    PageFault,
)
from vmsim.processor import FETCH, READ, WRITE, Access, Processor
from vmsim.trace import Rights


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
    if not fetch and (processor.pke if rights.user else processor.pks):
        keys = (processor.pkru if rights.user else processor.pkrs) >> 2 * rights.protection_key
        access_disable, write_disable = keys & 1, keys >> 1 & 1
        if access_disable or (write_disable and write and (access.user_mode or processor.wp)):
            rules.append(PROTECTION_KEY)
    return tuple(rules)


def page_fault(linear_address: int, processor: Processor, access: Access, rules: "tuple[str, ...]") -> PageFault:
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


def final_access(access: Access, linear_address: int, rights: Rights) -> GuestPhysicalAccess:
    """The access to the translation of a linear address, for which the guest's structures give those rights."""
    return GuestPhysicalAccess(
        read=access.kind == READ,
        write=access.kind == WRITE,
        fetch=access.kind == FETCH,
        linear_address=linear_address,
        final=True,
        user_address=rights.user,
        writable=rights.writable,
        execute_disable=rights.execute_disable,
        unblocks_nmi=access.unblocks_nmi,
    )


def table_access(access: Access, linear_address: int, write: bool) -> GuestPhysicalAccess:
    """The access to an entry of the guest's structures on the way; ``write``: as one that sets a flag there."""
    return GuestPhysicalAccess(read=True, write=write, linear_address=linear_address, unblocks_nmi=access.unblocks_nmi)
