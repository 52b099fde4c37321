"""Registers as others print them: QEMU's monitor and GDB (``info registers``), Linux's oops.

    CR0=80050033 CR2=00007f1234567abc CR3=0000000001000000 CR4=000006f0      QEMU
    cr3            0x1000000           [ PDBR=4096 PCID=0 ]                  GDB
    CR2: 00007f1234567abc CR3: 0000000001000000 CR4: 00000000000006f0        Linux

Source: QEMU ``target/i386/cpu-dump.c``; Linux ``arch/x86/kernel/process_64.c``, ``__show_regs``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# By the printed name.
_NAMES = {"cr0": "cr0", "cr2": "cr2", "cr3": "cr3", "cr4": "cr4", "efer": "efer", "cpl": "cpl"}
_NAMES |= {"rfl": "rflags", "efl": "rflags", "eflags": "rflags", "rflags": "rflags", "pkru": "pkru"}
_ANY = "|".join(_NAMES)
_QEMU = re.compile(rf"\b({_ANY})\s*=\s*([0-9a-f]+)\b", re.IGNORECASE)
_GDB = re.compile(rf"^\s*({_ANY})\s+(0x[0-9a-f]+)\b", re.IGNORECASE)
_LINUX = re.compile(rf"\b({_ANY})\s*:\s*(?:0x)?([0-9a-f]{{8,16}})\b", re.IGNORECASE)
_CPU = re.compile(r"^\s*CPU#\d+", re.IGNORECASE)


def read(text: str) -> tuple[Mapping[str, int], ...]:
    """The registers of each CPU that the text tells of, by the names of ``vmsim walk``'s options, cr2 and cpl too.

    A line ``CPU#1`` begins another CPU (``info registers -a``). CPUs of which nothing is told are not there.
    """
    found: list[dict[str, int]] = [{}]
    for line in text.splitlines():
        if _CPU.match(line):
            found.append({})
        found[-1].update(in_line(line))
    return tuple(one for one in found if one)


def in_line(line: str) -> dict[str, int]:
    """The registers that one line tells of."""
    pairs = [*_QEMU.findall(line), *_LINUX.findall(line), *_GDB.findall(line)]
    return {_NAMES[name.lower()]: int(value, 16) for name, value in pairs}
