"""Rows about translations: page walks, EPT, and which of #PF and EPT violation comes first.

Each row is decided by building memory as it says and walking it; nothing here knows a rule of paging.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from vmsim import Access, GeneralProtection, Memory, PageFault, Processor, Translation, bits
from vmsim.cli.guest import ACCESSES, PAGE_SIZES, Guest, answer
from vmsim.cli.question import Answer, Given, Question, choice, flag, number, refuse_unknown, required
from vmsim.value import FieldError, hexadecimal

PAGE_WALK = "page-walk"
SIZES = {"4 KiB": "4K", "2 MiB": "2M", "1 GiB": "1G"}
# Told by the rows, but different between implementations, or said once more by entries_after.
_NOT_COMPARED = ("a_d_on_fault", "a_d_bits_set_after", "note", "entries_after")


def page_walk(build: ModuleType, given: Given) -> Answer:
    """One access through the tables in ``mem``."""
    processor = Processor(
        cr3=number(given, "cr3"),
        cr0=number(given, "cr0"),
        cr4=number(given, "cr4"),
        efer=number(given, "efer"),
        rflags=bits.RFLAGS_AC if flag(given, "rflags_ac") else 0,
        pkru=number(given, "pkru", 0, bits.MAX_32),
        maxphyaddr=number(given, "maxphyaddr"),
    )
    if number(given, "levels") != processor.levels:
        raise FieldError("levels", given["levels"], f"{processor.levels}, by cr0, cr4 and efer")
    memory = Memory(entries(given, "mem"))
    access = Access(choice(given, "access", ACCESSES), number(given, "cpl"))
    walk = build.translate(memory, processor, access, number(given, "va"))
    memory.apply(walk)
    result = walk.result
    found: dict[str, Any] = dict.fromkeys(("pa", "page_size", "fault", "pf_error_code", "cr2"))
    found |= {"ok": False, "steps": len(walk.steps), "memory_after": shown(dict(memory.items()))}
    if isinstance(result, Translation):
        found |= {"ok": True, "pa": hexadecimal(result.physical_address), "page_size": SIZES[result.page_size]}
    elif isinstance(result, PageFault):
        found |= {"fault": "#PF", "pf_error_code": result.error_code, "cr2": hexadecimal(result.linear_address)}
    elif isinstance(result, GeneralProtection):
        found["fault"] = "#GP"
    return found


def page_walk_expected(row: Mapping[str, Any]) -> Answer:
    """What is compared: after an access that succeeds, all of memory; the steps where they are known."""
    expect = row["expect"]
    found = {key: value for key, value in expect.items() if key not in _NOT_COMPARED}
    if found.get("steps") is None:
        found.pop("steps", None)
    if "entries_after" in expect:
        after = entries(row, "mem") | entries(expect, "entries_after")
        found["memory_after"] = shown({address: value for address, value in after.items() if value})
    return found


def entries(given: Mapping[str, Any], key: str) -> dict[int, int]:
    """Address to entry, both as numbers."""
    value = required(given, key)
    if not isinstance(value, dict):
        raise FieldError(key, value, "an object of entries by address")
    return {number({key: address}, key): number(value, address) for address in value}


def shown(memory: Mapping[int, int]) -> dict[str, str]:
    """The same in hexadecimal, lowest address first."""
    return {hexadecimal(address): hexadecimal(memory[address]) for address in sorted(memory)}


def ept_perm(build: ModuleType, given: Given) -> Answer:
    """The entry of one level has the permissions ``perm``."""
    refuse_unknown(given, "level perm access leaf page ept_ad")
    guest = Guest(page_size=choice(given, "page", PAGE_SIZES), accessed_dirty=flag(given, "ept_ad"))
    level = guest.level(given)
    if "leaf" in given and flag(given, "leaf") != (level == min(guest.datum)):
        raise FieldError("leaf", given["leaf"], "whether the entry of that level maps the page")
    guest.permit(guest.datum[level], number(given, "perm", 0, 7))
    return answer(guest.access(build, given))


def ept_perm_combo(build: ModuleType, given: Given) -> Answer:
    """Each of the four entries has permissions of its own."""
    key = "perms_pml4e_pdpte_pde_pte"
    refuse_unknown(given, f"{key} access ept_ad")
    guest = Guest(accessed_dirty=flag(given, "ept_ad"))
    permissions = required(given, key)
    if not isinstance(permissions, list) or len(permissions) != len(guest.datum):
        raise FieldError(key, permissions, "four numbers from 0 to 7")
    for level, permission in zip(sorted(guest.datum, reverse=True), permissions, strict=True):
        guest.permit(guest.datum[level], number({key: permission}, key, 0, 7))
    return answer(guest.access(build, given))


def ept_memtype(build: ModuleType, given: Given) -> Answer:
    """The entry that maps the page has another memory type, or ignores the PAT."""
    refuse_unknown(given, "memtype ipat page access ept_ad")
    guest = Guest(page_size=choice(given, "page", PAGE_SIZES), accessed_dirty=optional_flag(given, "ept_ad"))
    leaf = guest.datum[min(guest.datum)]
    guest.change(leaf, 7 << bits.EPT_MEMORY_TYPE_SHIFT, number(given, "memtype", 0, 7) << bits.EPT_MEMORY_TYPE_SHIFT)
    guest.change(leaf, bits.EPT_IGNORE_PAT, bits.EPT_IGNORE_PAT if flag(given, "ipat") else 0)
    return answer(guest.access(build, given))


def ept_bit(build: ModuleType, given: Given) -> Answer:
    """One bit of the entry of one level, in a translation to a 4-KByte page, is set."""
    return _with_bit(build, given, "4 KiB")


def ept_large_align_bit(build: ModuleType, given: Given) -> Answer:
    """One bit of the entry that maps a 2-MByte or 1-GByte page is set."""
    return _with_bit(build, given, bits.PAGE_SIZES[number(given, "level", 2, 3)])


def ept_rsvd_not_present(build: ModuleType, given: Given) -> Answer:
    """One bit of an entry whose R, W and X are 0 is set."""
    return _with_bit(build, given, "4 KiB", present=False)


def _with_bit(build: ModuleType, given: Given, page_size: str, present: bool = True) -> Answer:
    refuse_unknown(given, "level bit maxphyaddr page access ept_ad")
    maxphyaddr = number(given, "maxphyaddr") if "maxphyaddr" in given else Guest.MAXPHYADDR
    guest = Guest(page_size=page_size, maxphyaddr=maxphyaddr, accessed_dirty=optional_flag(given, "ept_ad"))
    entry_address = guest.datum[guest.level(given)]
    if not present:
        guest.permit(entry_address, 0)
    mask = 1 << number(given, "bit", 0, 63)
    guest.change(entry_address, mask, mask)
    return answer(guest.access(build, given))


def ept_guest_pt(build: ModuleType, given: Given) -> Answer:
    """The page that holds the guest's PTE has the permissions ``perm``."""
    refuse_unknown(given, "perm access guest_pte_A guest_pte_D ept_ad")
    flags = bits.P | bits.RW | bits.US
    flags |= (bits.A if flag(given, "guest_pte_A") else 0) | (bits.D if flag(given, "guest_pte_D") else 0)
    guest = Guest(page_table=Guest.PAGE_TABLE_APART, pte_flags=flags, accessed_dirty=flag(given, "ept_ad"))
    guest.permit(guest.tables.entry_addresses(Guest.PAGE_TABLE_APART)[1], number(given, "perm", 0, 7))
    return answer(guest.access(build, given))


def pf_vs_ept(build: ModuleType, given: Given) -> Answer:
    """The guest's PTE has these flags, and the datum's page these permissions."""
    refuse_unknown(given, "guest_pte target_ept_perm access ept_ad")
    guest = Guest(pte_flags=number(given, "guest_pte"), accessed_dirty=optional_flag(given, "ept_ad"))
    guest.permit(guest.datum[1], number(given, "target_ept_perm", 0, 7))
    return answer(guest.access(build, given))


def optional_flag(given: Given, key: str) -> bool:
    """The truth value at ``key``; false where it is missing."""
    return flag(given, key) if key in given else False


QUESTIONS: Mapping[str, Question] = {
    PAGE_WALK: Question(page_walk, page_walk_expected),
    "ept_perm": Question(ept_perm),
    "ept_perm_large": Question(ept_perm),
    "ept_perm_combo": Question(ept_perm_combo),
    "ept_memtype": Question(ept_memtype),
    "ept_nonleaf_bit": Question(ept_bit),
    "ept_high_bit": Question(ept_bit),
    "ept_large_align_bit": Question(ept_large_align_bit),
    "ept_rsvd_not_present": Question(ept_rsvd_not_present),
    "ept_guest_pt": Question(ept_guest_pt),
    "pf_vs_ept": Question(pf_vs_ept),
}
