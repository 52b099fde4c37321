"""The rules of 4-level and 5-level paging once more, written from the manual and sharing nothing with vmsim.

It works on strings of 64 binary digits, recursively, and asks what is *permitted*, where the walker asks what refuses.
Source: Intel SDM volume 3, "4-Level Paging and 5-Level Paging", "Access Rights", "Page-Fault Exceptions",
"Accessed and Dirty Flags".
"""

from typing import NamedTuple


class Case(NamedTuple):
    """``memory``: address to entry; ``user``: a user-mode access; ``kind`` is read, write or fetch."""

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


def bit(number, position):
    return binary(number)[63 - position] == "1"


def field(number, high, low):
    return int(binary(number)[63 - high : 64 - low], 2)


def binary(number):
    return bin(number)[2:].rjust(64, "0")


def answer(case):
    """("ok", physical address, page size in bytes, memory after), ("#PF", error code) or ("#GP",)."""
    top = 47 if case.levels == 4 else 56
    if len(set(binary(case.address)[: 64 - top])) != 1:
        return ("#GP",)
    path, frame, size = descend(case, field(case.cr3, 51, 12) << 12, top, [])
    if frame is None:
        return ("#PF", size | about_access(case))
    if not permitted(case, [entry for _, entry in path]):
        return ("#PF", 0b1 | about_access(case) | (0b100000 if key_denies(case, path) else 0))
    after = dict(case.memory)
    for address, _ in path:
        after[address] |= 0x20
    if case.kind == "write":
        after[path[-1][0]] |= 0x40
    return ("ok", frame + case.address % size, size, after)


def descend(case, table, high, path):
    """(entries on the way, page frame, page size), or (.., None, P and RSVD bits of the error code)."""
    at = table + 8 * field(case.address, high, high - 8)
    entry = case.memory.get(at, 0)
    if not bit(entry, 0):
        return path, None, 0
    path = [*path, (at, entry)]
    low = high - 8
    forbidden = list(range(case.maxphyaddr, 52)) + ([] if case.nxe else [63])
    if low in (39, 48):
        forbidden += [7]
    elif low == 30 and bit(entry, 7):
        forbidden += range(13, 30)
    elif low == 21 and bit(entry, 7):
        forbidden += range(13, 21)
    if any(bit(entry, position) for position in forbidden):
        return path, None, 0b1001
    if low == 12 or bit(entry, 7):
        return path, field(entry, 51, low) << low, 1 << low
    return descend(case, field(entry, 51, 12) << 12, low - 1, path)


def about_access(case):
    code = 0b10 if case.kind == "write" else 0
    code += 0b100 if case.user else 0
    code += 0b10000 if case.kind == "fetch" and (case.nxe or case.smep) else 0
    return code


def is_user_address(entries):
    return all(bit(entry, 2) for entry in entries)


def key_denies(case, path):
    """Whether the protection key of a user-mode address denies this data access."""
    if not case.pke or case.kind == "fetch" or not is_user_address(entry for _, entry in path):
        return False
    key = field(path[-1][1], 62, 59)
    if bit(case.pkru, 2 * key):
        return True
    return bit(case.pkru, 2 * key + 1) and case.kind == "write" and (case.user or case.wp)


def permitted(case, entries):
    user_address = is_user_address(entries)
    writable = all(bit(entry, 1) for entry in entries)
    executable = not case.nxe or not any(bit(entry, 63) for entry in entries)
    key_allows = not key_denies(case, [(0, entry) for entry in entries])
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
