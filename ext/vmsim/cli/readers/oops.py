"""The page-fault lines of a kernel oops.

Source: Linux ``arch/x86/mm/fault.c``, ``show_fault_oops`` and ``dump_pagetable``.
"""

from __future__ import annotations

import re

from vmsim import bits
from vmsim.cli.explanation import Explanation, Line, Settings, sdm
from vmsim.cli.readers import entry

TAKES = "the page-fault lines of an oops (BUG: unable to handle …, #PF: …, PGD … P4D … PUD … PMD … PTE …)"

SOURCE = "Linux arch/x86/mm/fault.c, show_fault_oops"
_ADDRESS = re.compile(
    r"BUG: (unable to handle page fault for address|unable to handle kernel paging request at"
    r"|kernel NULL pointer dereference, address|unable to handle kernel NULL pointer dereference at):? "
    r"(?:virtual address )?(?:0x)?([0-9a-fA-F]+)"
)
_ACCESS = re.compile(r"#PF: (user|supervisor) (write access|read access|instruction fetch) in (user|kernel) mode")
_TABLES = re.compile(r"\bPGD (?:0x)?([0-9a-fA-F]+)((?: (?:P4D|PUD|PMD|PTE) (?:0x)?[0-9a-fA-F]+)*)")
_CR2 = re.compile(r"\bCR2: (?:0x)?([0-9a-fA-F]{8,16})\b")
# Linux's names, from the top; with 4 levels the PGD is the PML4 and the P4D is the same entry once more.
_FIVE = {"PGD": 5, "P4D": 4, "PUD": 3, "PMD": 2, "PTE": 1}


def read(text: str, settings: Settings) -> Explanation | None:
    """One line of an oops."""
    found = _ADDRESS.search(text)
    if found:
        return _address(int(found[2], 16))
    found = _ACCESS.search(text)
    if found:
        return _access(*found.groups())
    found = _TABLES.search(text)
    if found:
        return _tables(found[1], found[2], settings)
    found = _CR2.search(text)
    if found:
        return _address(int(found[1], 16))
    return None


def _address(address: int) -> Explanation:
    if address < bits.FRAME:
        kind = "in the first page: a null pointer, and an offset from it"
    elif not bits.is_canonical(address, 48):
        kind = "not canonical with 4-level paging"
    elif address >> 47:
        kind = "in the kernel's half"
    else:
        kind = "in user space's half"
    lines = (Line("address", f"0x{address:016x}", kind), Line("register", "CR2", "holds the address of the last #PF"))
    return Explanation(f"A page fault at 0x{address:016x}", lines, (SOURCE, *sdm("Page-Fault Exceptions")))


def _access(who: str, what: str, mode: str) -> Explanation:
    implicit = who == "supervisor" and mode == "user"
    lines = [
        Line("access", f"{who} {what}", "U/S = 1 in the error code" if who == "user" else "U/S = 0 in the error code"),
        Line("mode", mode, "CPL of the code that ran: 3" if mode == "user" else "CPL of the code that ran: below 3"),
    ]
    if implicit:
        lines.append(Line("so", "implicit", "the processor itself read a descriptor table or a TSS"))
    return Explanation(f"A {who}-mode {what} by code in {mode} mode", tuple(lines), (SOURCE, *sdm("Access Rights")))


def _tables(top: str, rest: str, settings: Settings) -> Explanation:
    named = [("PGD", int(top, 16))]
    words = rest.split()
    named += [(name, int(value, 16)) for name, value in zip(words[::2], words[1::2], strict=True)]
    folded = len(named) > 1 and named[1] == ("P4D", named[0][1])
    if folded:
        named.pop(0)
    inner = []
    for name, value in named:
        found = entry.explain(_FIVE[name], value & bits.MAX_64, settings)
        shown = f"PGD and P4D, the {found.title}" if folded and name == "P4D" else f"{name}, the {found.title}"
        inner.append(Explanation(shown, found.lines))
    title = "The entries that the walk for the address reads, from the top"
    lines = (Line("levels", "4" if folded else "5", "PGD and P4D are one entry"),) if folded else ()
    return Explanation(title, lines, (SOURCE, *sdm("4-Level Paging and 5-Level Paging")), tuple(inner))
