"""A page-walk diagram as something that a machine can do: memory, registers, one access. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vmsim import Access, PageFault, Processor, Translation, Walk
from vmsim.bits import ADDRESS, CR4_LA57, RFLAGS_AC
from vmsim.walker import translate
from vmview import spec as body

#: What the byte that is accessed holds: the instruction int3, so that a fetch from there can be told as well.
BYTE = 0xCC
#: What is written over it.
WRITTEN = 0xA5
#: Width of physical addresses of the emulated processor, and the highest one of which there can be RAM.
_WIDTH = 40
_HIGHEST = 1000 << 30
# On a PC no RAM is here: video memory and firmware; what lies below 4 GiB for devices.
_HOLES = ((0x8_0000, 0x10_0000), (0xC000_0000, 0x1_0000_0000))


#: Why something cannot be seen: the name of a text, and what it tells of.
Reason = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """What is put into the machine, and where: ``words`` are physical address and value, eight bytes each.

    ``target`` is the word that is accessed, where the simulator found a translation. It is among the words.
    """

    walk: Walk
    words: tuple[tuple[int, int], ...]
    target: int | None

    @property
    def levels(self) -> int:
        """4 or 5."""
        return 5 if self.walk.processor.cr4 & CR4_LA57 else 4

    @property
    def top(self) -> int:
        """Physical address of the table that CR3 points to."""
        return self.walk.processor.cr3 & ADDRESS

    @property
    def addresses(self) -> tuple[int, ...]:
        """All physical addresses that must be RAM."""
        return (*(address for address, _ in self.words), self.top)


def case_of(spec: Mapping[str, Any]) -> Case | Reason:
    """The case of a diagram's body, which must be one that the simulator can run; or why the machine cannot do it."""
    processor, access, address = body.processor(spec), body.access(spec), spec["linear_address"]
    memory = body.memory(spec, processor)
    walk = translate(memory, processor, access, address)
    words = dict(memory.items())
    read = {step.entry_address: step.entry.value for step in walk.steps}
    # What the walk does not come to need not be there.
    words = {address: value for address, value in words.items() if _is_ram(address)} | read
    found = walk.result
    target = found.physical_address & ~7 if isinstance(found, Translation) else None
    reason = _beyond(processor, words, target)
    if reason:
        return reason
    if target is not None and target in words:
        return "own_tables", f"{target:#x}"
    if target is not None:
        words[target] = int.from_bytes(bytes([BYTE] * 8))
    return Case(walk, tuple(sorted(words.items())), target)


def _beyond(processor: Processor, words: Mapping[int, int], target: int | None) -> Reason | None:
    """What of a case the emulated machine does not have."""
    wide = processor.maxphyaddr != _WIDTH and any((value & ADDRESS) >> _WIDTH for value in words.values())
    if processor.maxphyaddr < _WIDTH:
        return "narrow", str(_WIDTH)
    if wide or processor.cr3 >> _WIDTH:
        return "wide", str(_WIDTH)
    for address in (*words, processor.cr3 & ADDRESS, *(() if target is None else (target,))):
        if not _is_ram(address):
            return "no_ram", f"{address:#x}"
    return None


def _is_ram(address: int) -> bool:
    return address <= _HIGHEST and not any(low <= address < high for low, high in _HOLES)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an access came to, as a machine tells it or as the simulator says that it must.

    ``vector`` is that of the exception, 0x80 where a read or write was made; a fetch ends in the int3 there. ``error``
    is its error code, ``cr2`` counts for page faults only. ``byte`` is what was read. ``words`` are the case's,
    after it.
    """

    vector: int
    error: int
    cr2: int
    byte: int
    words: tuple[int, ...]


DONE, BREAKPOINT, GENERAL_PROTECTION, PAGE_FAULT = 0x80, 3, 13, 14


def expected(case: Case) -> Outcome:
    """What the simulator drew."""
    walk, kind = case.walk, case.walk.access.kind
    after = dict(case.words)
    for address, _, flags in walk.updates:
        after[address] |= flags
    if isinstance(walk.result, PageFault):
        outcome = Outcome(PAGE_FAULT, walk.result.error_code, walk.linear_address, 0, ())
    elif isinstance(walk.result, Translation):
        if kind == "write":
            shift = 8 * (walk.result.physical_address & 7)
            target = walk.result.physical_address & ~7
            after[target] = after[target] & ~(0xFF << shift) | WRITTEN << shift
        outcome = Outcome(BREAKPOINT if kind == "fetch" else DONE, 0, 0, BYTE if kind == "read" else 0, ())
    else:
        outcome = Outcome(GENERAL_PROTECTION, 0, 0, 0, ())
    return Outcome(outcome.vector, outcome.error, outcome.cr2, outcome.byte, tuple(after[one] for one, _ in case.words))


def registers(case: Case) -> tuple[int, ...]:
    """What the probing program loads: access and mode, the address, CR0, CR4, EFER, PKRU, CR3 and RFLAGS."""
    walk, processor = case.walk, case.walk.processor
    access: Access = walk.access
    kind = ("read", "write", "fetch").index(access.kind)
    control = (processor.cr0, processor.cr4, processor.efer, processor.pkru, processor.cr3)
    return (kind, int(access.user_mode), walk.linear_address, *control, processor.rflags & RFLAGS_AC)
