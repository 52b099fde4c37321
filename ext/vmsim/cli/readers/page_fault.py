"""A #PF error code: as ``#PF 0x7``, in an oops, or in the line that Linux logs for a segmentation fault."""

from __future__ import annotations

import re

from vmsim import Access, bits
from vmsim.cli.explanation import Explanation, Line, Settings, number, sdm
from vmsim.value import FieldError, hexadecimal

TAKES = "a #PF error code: #PF 0x7"

_PLAIN = re.compile(r"#?PF(?:\s+error(?:[ _]code)?)?[\s:=(]+(0x[0-9a-fA-F]+|\d+)\)?$", re.IGNORECASE)
_OOPS_CODE = re.compile(r"#PF: error_code\((0x[0-9a-fA-F]+)\) - (.*)$")
_OOPS_HEAD = re.compile(r"Oops: (?:Oops: )?([0-9a-fA-F]{4}) \[#\d+\]")
_SEGFAULT = re.compile(r"segfault at ([0-9a-fA-F]+) ip ([0-9a-fA-F]+) sp [0-9a-fA-F]+ error ([0-9a-fA-F]+)")

# Bit, name, what 0 and what 1 says.
_BITS = (
    (31, "RMP", "", "the reverse map table of SEV-SNP refuses the access (AMD)"),
    (15, "SGX", "", "SGX refuses the access; the paging structures do not"),
    (7, "HLAT", "", "found during a walk of the hypervisor's own paging structures (HLAT)"),
    (6, "SS", "", "a shadow-stack access"),
    (5, "PK", "", "the page's protection key refuses the access"),
    (4, "I/D", "", "an instruction fetch"),
    (3, "RSVD", "", "a reserved bit is 1 in an entry"),
    (2, "U/S", "a supervisor-mode access", "a user-mode access"),
    (1, "W/R", "not a write", "a write"),
    (0, "P", "an entry on the way is not present", "all entries are present: the access itself is refused"),
)
_KNOWN = sum(1 << bit for bit, *_rest in _BITS)
SOURCES = (*sdm("Page-Fault Exceptions"), "Linux arch/x86/include/asm/trap_pf.h")


def read(text: str, settings: Settings) -> Explanation | None:
    """The error code taken apart."""
    found = _PLAIN.match(text)
    if found:
        return explain(number(found[1]))
    found = _OOPS_CODE.search(text)
    if found:
        return explain(int(found[1], 16))
    found = _OOPS_HEAD.search(text)
    if found:
        return explain(int(found[1], 16))
    found = _SEGFAULT.search(text)
    if found:
        address = Line("address", f"0x{found[1]}", "what the program accessed (CR2)")
        instruction = Line("ip", f"0x{found[2]}", "the instruction that did")
        code = explain(int(found[3], 16))
        return Explanation(code.title, (address, instruction, *code.lines), code.sources)
    return None


def explain(code: int) -> Explanation:
    """One error code, 32 bits."""
    if code >> 32 or code & ~_KNOWN:
        known = ", ".join(str(bit) for bit, *_rest in reversed(_BITS))
        raise FieldError("#PF error code", code, f"bits {known}")
    lines = []
    for bit, name, zero, one in _BITS:
        value = code >> bit & 1
        if value or zero:
            lines.append(Line(f"bit {bit} {name}", str(value), one if value else zero))
    return Explanation(f"#PF {hexadecimal(code)}: {sentence(code)}", tuple(lines), SOURCES)


def access(code: int) -> Access:
    """The access that faulted, as far as its error code tells: not its CPL, but whether that was 3."""
    kind = "fetch" if code & bits.PF_ID else "write" if code & bits.PF_WR else "read"
    return Access(kind, 3 if code & bits.PF_US else 0)


def sentence(code: int) -> str:
    """What happened, in a few words."""
    who = "user-mode" if code & bits.PF_US else "supervisor-mode"
    what = access(code).kind
    if not code & bits.PF_P:
        return f"a {who} {what}, and no page is mapped there"
    if code & bits.PF_RSVD:
        return f"a {who} {what}, and a reserved bit is 1 in an entry"
    if code & bits.PF_PK:
        return f"a {who} {what} that the protection key refuses"
    return f"a {who} {what} that the page's rights refuse"
