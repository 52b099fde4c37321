"""Paging structures given as text: a line for each entry or register.

    # registers by name, entries by physical address
    cr3: 0x1000
    0x1000: 0x2007

Numbers are decimal or hexadecimal; what follows ``#`` is a comment; blank lines are allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vmsim import bits
from vmsim.memory import Memory
from vmsim.value import FieldError, hexadecimal


class TablesError(Exception):
    """What is wrong with tables, a line for each: ``path:line: what is wrong; what would be right``."""


@dataclass(frozen=True)
class Tables:
    """``registers`` by name; ``entries``: line number, address and value, in the order of the text."""

    path: str = ""
    registers: Mapping[str, int] = field(default_factory=dict)
    entries: tuple[tuple[int, int, int], ...] = ()


def parse(text: str, path: str, names: Mapping[str, int]) -> Tables:
    """The tables in ``text``; ``names`` are the registers that may be there, with the highest value of each.

    Raises TablesError, for all lines that are wrong.
    """
    registers: dict[str, int] = {}
    entries = []
    errors = []
    first: dict[str | int, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#")[0].strip()
        if not content:
            continue
        name, _colon, rest = (part.strip() for part in content.partition(":"))
        value, address = _integer(rest), _integer(name)
        what = name if address is None else address
        highest = bits.MAX_64 if address is not None else names.get(name)
        if value is None:
            errors.append(f"{path}:{number}: {content!r} is no entry or register; write it as in 0x1000: 0x2007")
        elif highest is None:
            errors.append(f"{path}:{number}: {name!r} is neither an address nor one of {', '.join(names)}")
        elif not 0 <= value <= highest:
            errors.append(f"{path}:{number}: {name} is {hexadecimal(value)}; allowed: 0 to {hexadecimal(highest)}")
        elif what in first:
            errors.append(f"{path}:{number}: {name} is on line {first[what]} already; give it once")
        elif address is None:
            registers[name] = value
        else:
            entries.append((number, address, value))
        first.setdefault(what, number)
    if errors:
        raise TablesError("\n".join(errors))
    return Tables(path, registers, tuple(entries))


def store(memory: Memory, tables: Tables, entry_size: int) -> None:
    """Write the entries to memory; TablesError, for all of those that have no place there.

    With entries of 4 bytes (32-bit paging) a value that fits is one entry, and a longer one two.
    """
    errors = []
    for number, address, value in tables.entries:
        size = 4 if entry_size == 4 and value <= bits.MAX_32 else 8
        try:
            memory.write(address, value, size)
        except FieldError as error:
            errors.append(f"{tables.path}:{number}: {error}")
    if errors:
        raise TablesError("\n".join(errors))


def _integer(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
