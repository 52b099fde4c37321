"""The rules of all paging modes and of EPT once more, written from the manual and sharing nothing with vmsim.

It works on strings of binary digits, sets flags in memory as it goes, and asks what is *permitted*, where the walker
asks what refuses. Source: Intel SDM volume 3, "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging",
"Access Rights", "Page-Fault Exceptions", "Accessed and Dirty Flags", "The Extended Page Table Mechanism (EPT)",
"Exit Qualification for EPT Violations".
"""

from typing import NamedTuple


class Case(NamedTuple):
    """``memory``: address to 8 bytes; ``user``: a user-mode access; ``kind`` is read, write or fetch.

    ``paging``: none, 32, PAE or long (``levels`` 4 or 5). ``eptp`` is None without EPT.
    """

    memory: dict
    cr3: int
    levels: int
    maxphyaddr: int
    wp: bool
    nxe: bool
    smep: bool
    smap: bool
    ac: bool
    pke: bool
    pkru: int
    kind: str
    user: bool
    implicit: bool
    address: int
    paging: str = "long"
    pse: bool = False
    pks: bool = False
    pkrs: int = 0
    pdptes: tuple = ()
    eptp: int | None = None
    execute_only: bool = True
    mode_based: bool = False
    advanced: bool = False
    page_2m: bool = True
    page_1g: bool = True


class End(Exception):
    """The walk ends otherwise than with a translation; its arguments are the answer."""


# Bits of the linear (or guest-physical) address that select an entry, top level first.
NINES = ((56, 48), (47, 39), (38, 30), (29, 21), (20, 12))
TENS = ((31, 22), (21, 12))


def bit(number, position):
    return binary(number)[63 - position] == "1"


def field(number, high, low):
    return int(binary(number)[63 - high : 64 - low], 2)


def binary(number):
    return bin(number)[2:].rjust(64, "0")


def case_of(scene):
    """A case out of registers (the plain dict of tests/micropython/permutations.py)."""
    cr0, cr4, efer = scene["cr0"], scene["cr4"], scene["efer"]
    long = bit(efer, 10)
    return Case(
        memory=scene["memory"],
        cr3=scene["cr3"],
        levels=5 if bit(cr4, 12) else 4,
        maxphyaddr=scene["maxphyaddr"],
        wp=bit(cr0, 16),
        nxe=bit(efer, 11) and bit(cr4, 5),
        smep=bit(cr4, 20),
        smap=bit(cr4, 21),
        ac=bit(scene["rflags"], 18),
        pke=bit(cr4, 22) and long,
        pkru=scene["pkru"],
        kind=scene["kind"],
        user=scene["cpl"] == 3 and not scene["implicit"],
        implicit=scene["implicit"],
        address=scene["address"],
        paging="none" if not bit(cr0, 31) else "long" if long else "PAE" if bit(cr4, 5) else "32",
        pse=bit(cr4, 4),
        pks=bit(cr4, 24) and long,
        pkrs=scene["pkrs"],
        pdptes=scene["pdptes"],
        eptp=scene["eptp"],
        execute_only=bit(scene["capabilities"], 0),
        mode_based=scene["mode_based"],
        advanced=bit(scene["capabilities"], 22),
        page_2m=bit(scene["capabilities"], 16),
        page_1g=bit(scene["capabilities"], 17),
    )


def answer(case):
    """("ok", physical address, page size in bytes, memory after); under EPT the address is the host's.

    Or ("#PF", error code), ("#GP",), ("EPT violation", exit qualification, guest-physical address),
    ("EPT misconfiguration", guest-physical address).
    """
    now = dict(case.memory)
    try:
        physical, size, entries = linear(case, now)
        if case.eptp is not None:
            uses = {"read": "R", "write": "W", "fetch": "X"}[case.kind]
            physical = through_ept(case, now, physical, uses, entries)
    except End as end:
        return end.args
    return ("ok", physical, size, now)


def linear(case, now):
    """(physical address, page size, entries) of the linear address."""
    if case.paging == "none":
        return case.address, 0, []
    if case.paging == "long":
        spans = NINES[5 - case.levels :]
        if len(set(binary(case.address)[: 64 - spans[0][0]])) != 1:
            raise End("#GP")
        table = field(case.cr3, 51, 12) << 12
    elif case.paging == "PAE":
        spans = NINES[3:]
        register = case.pdptes[field(case.address, 31, 30)]
        if not bit(register, 0):
            raise End("#PF", about_access(case))
        table = field(register, 51, 12) << 12
    else:
        spans = TENS
        table = field(case.cr3, 31, 12) << 12
    width = 4 if case.paging == "32" else 8
    entries = []
    for high, low in spans:
        at = table + width * field(case.address, high, low)
        host = at
        if case.eptp is not None:
            host = through_ept(case, now, at, "RW" if bit(case.eptp, 6) else "R", None)
        entry = load(now, host, width)
        if not bit(entry, 0):
            raise End("#PF", about_access(case))
        large = low > 12 and bit(entry, 7) and (case.pse if width == 4 else low < 39)
        if any(bit(entry, position) for position in forbidden(case, low, large)):
            raise End("#PF", 0b1001 | about_access(case))
        entries.append(entry)
        leaf = low == 12 or large
        if leaf and not permitted(case, entries):
            raise End("#PF", 0b1 | about_access(case) | (0b100000 if key_denies(case, entries) else 0))
        wanted = 0x60 if leaf and case.kind == "write" else 0x20
        if entry & wanted != wanted:
            if case.eptp is not None:
                through_ept(case, now, at, "RW", None)
            word = host - host % 8
            now[word] = now.get(word, 0) | wanted << 8 * (host % 8)
        if not leaf:
            table = field(entry, 51 if width == 8 else 31, 12) << 12
        elif width == 4 and large:
            return (field(entry, 20, 13) << 32) + (field(entry, 31, 22) << 22) + case.address % 2**22, 2**22, entries
        else:
            return (field(entry, 51, low) << low) + case.address % 2**low, 2**low, entries
    raise AssertionError("the last level maps a page")


def load(now, address, width):
    word = now.get(address - address % 8, 0)
    return word if width == 8 else field(word, 63, 32) if address % 8 else field(word, 31, 0)


def forbidden(case, low, large):
    """Positions of reserved bits of an entry whose index ends at bit ``low`` of the address."""
    if case.paging == "32":
        return range(min(case.maxphyaddr, 40) - 19, 22) if large else ()
    found = list(range(case.maxphyaddr, 52 if case.paging == "long" else 63))
    if not case.nxe:
        found.append(63)
    if low in (39, 48):
        found.append(7)
    if large:
        found += range(13, low)
    return found


def about_access(case):
    code = 0b10 if case.kind == "write" else 0
    code += 0b100 if case.user else 0
    code += 0b10000 if case.kind == "fetch" and (case.nxe or case.smep) else 0
    return code


def is_user_address(entries):
    return all(bit(entry, 2) for entry in entries)


def key_denies(case, entries):
    """Whether the protection key denies this data access."""
    user_address = is_user_address(entries)
    if case.kind == "fetch" or not (case.pke if user_address else case.pks):
        return False
    register = case.pkru if user_address else case.pkrs
    key = field(entries[-1], 62, 59)
    if bit(register, 2 * key):
        return True
    return bit(register, 2 * key + 1) and case.kind == "write" and (case.user or case.wp)


def permitted(case, entries):
    user_address = is_user_address(entries)
    writable = all(bit(entry, 1) for entry in entries)
    executable = not case.nxe or not any(bit(entry, 63) for entry in entries)
    key_allows = not key_denies(case, entries)
    if case.user:
        return (
            user_address
            and {
                "read": key_allows,
                "write": key_allows and writable,
                "fetch": executable,
            }[case.kind]
        )
    data_reaches = not user_address or not case.smap or (case.ac and not case.implicit)
    return {
        "read": data_reaches and key_allows,
        "write": data_reaches and key_allows and (writable or not case.wp),
        "fetch": executable and not (user_address and case.smep),
    }[case.kind]


def through_ept(case, now, guest, uses, entries):
    """The host-physical address; ``uses``: letters of R, W, X; ``entries``: the guest's, None for a guest structure."""
    levels = field(case.eptp, 5, 3) + 1
    spans = NINES[5 - levels :]
    user_address = entries is not None and is_user_address(entries)
    if guest >= 2 ** (spans[0][0] + 1):
        raise End("EPT violation", qualification(case, uses, set(), entries), guest)
    table = field(case.eptp, 51, 12) << 12
    allowed = set("RWXU")
    read = []
    for high, low in spans:
        at = table + 8 * field(guest, high, low)
        entry = now.get(at, 0)
        letters = {letter for letter, position in (("R", 0), ("W", 1), ("X", 2), ("U", 10)) if bit(entry, position)}
        allowed &= letters
        if not letters - (set() if case.mode_based else {"U"}):
            raise End("EPT violation", qualification(case, uses, allowed, entries), guest)
        leaf = low == 12 or (low <= 30 and bit(entry, 7))
        if ill_set(case, entry, low, leaf, letters):
            raise End("EPT misconfiguration", guest)
        read.append(at)
        if leaf:
            break
        table = field(entry, 51, 12) << 12
    needed = {"U" if use == "X" and case.mode_based and user_address else use for use in uses}
    if not needed <= allowed:
        raise End("EPT violation", qualification(case, uses, allowed, entries), guest)
    if bit(case.eptp, 6):
        for at in read:
            now[at] |= 0x100
        if "W" in uses:
            now[read[-1]] |= 0x200
    return (field(entry, 51, low) << low) + guest % 2**low


def ill_set(case, entry, low, leaf, letters):
    """Whether a present EPT entry is misconfigured."""
    if "W" in letters and "R" not in letters:
        return True
    executes = letters & (set("XU") if case.mode_based else set("X"))
    if executes and "R" not in letters and not case.execute_only:
        return True
    if any(bit(entry, position) for position in range(case.maxphyaddr, 52)):
        return True
    if not leaf:
        return field(entry, 7, 3) != 0
    if (low == 21 and not case.page_2m) or (low == 30 and not case.page_1g):
        return True
    return field(entry, 5, 3) in (2, 3, 7) or any(bit(entry, position) for position in range(12, low))


def qualification(case, uses, allowed, entries):
    digits = ["1" if letter in uses else "0" for letter in "RWX"]
    digits += ["1" if letter in allowed else "0" for letter in "RWX"]
    digits.append("1" if case.mode_based and "U" in allowed else "0")
    digits += ["1", "0" if entries is None else "1"]
    if case.advanced and entries is not None:
        digits.append("1" if is_user_address(entries) else "0")
        digits.append("1" if all(bit(entry, 1) for entry in entries) else "0")
        digits.append("1" if case.nxe and any(bit(entry, 63) for entry in entries) else "0")
    return int("".join(reversed(digits)), 2)
