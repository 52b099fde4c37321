"""Cases on a machine: one image with all of them, run once, and what it told of each."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from notekit import machine, sandbox
from notekit.evidence.cases import BREAKPOINT, DONE, PAGE_FAULT, Case, Outcome, registers
from notekit.machine import LARGEST_IMAGE
from notekit.model import BareMachine, NamedFile
from notekit.sandbox import MIB, Limits

PROBER = Path(__file__).parent / "prober.s"
_LIMITS = Limits(seconds=60, output=16 * MIB)
_CASES_AT = 0x1000
_STRETCH = 2 * MIB
_WINDOW3, _WINDOW4 = 0xB000, 0xF000
_END = (1 << 64) - 1
# What a batch may take: two stretches of an image that has to fit below 512 KiB.
_MOST = LARGEST_IMAGE - _CASES_AT - 4096
_MEMORY = 64 * MIB


def batches(cases: Sequence[Case]) -> Iterator[tuple[int, ...]]:
    """The numbers of cases that one machine can have: of as many levels, and no more than fit."""
    for levels in (4, 5):
        batch: list[int] = []
        size = 0
        for number, case in enumerate(cases):
            if case.levels != levels:
                continue
            length = len(_encoded(case, 0, 0))
            if batch and size + length > _MOST:
                yield tuple(batch)
                batch, size = [], 0
            batch.append(number)
            size += length
        if batch:
            yield tuple(batch)


def boot(cases: Sequence[Case]) -> tuple[Outcome, ...]:
    """What each of a batch's cases came to on a machine. Raises SandboxError where that told nothing of one."""
    levels = cases[0].levels
    base, slot = _place(cases), _slot(cases)
    table = base + (_WINDOW3 if levels == 4 else _WINDOW4)
    encoded = b"".join(_encoded(case, slot, table) for case in cases) + struct.pack("<Q", _END)
    window = _canonical(slot << (39 if levels == 4 else 48), 48 if levels == 4 else 57)
    parameters = struct.pack("<5Q", base, window, 8 * slot, levels, len(encoded))
    code = _prober()
    image = (code[:8] + parameters + code[8 + len(parameters) :]).ljust(_CASES_AT, b"\0") + encoded
    highest = max(address for case in cases for address in case.addresses)
    memory = -(-max(highest + 4096, base + _STRETCH, _MEMORY) // MIB)
    done = machine.run(BareMachine(memory=memory), image, _LIMITS, sparse=True, five_levels=levels == 5)
    if done.exit != 0 or done.broken:
        raise sandbox.SandboxError(f"the probing machine ended otherwise: {done.broken or done.exceeded or done.exit}")
    return _outcomes(cases, done.stdout)


def _encoded(case: Case, slot: int, table: int) -> bytes:
    words = [*case.words, (case.top + 8 * slot, table | 7)]
    return struct.pack(
        f"<{10 + 2 * len(words)}Q", len(words), *registers(case), *(one for word in words for one in word)
    )


def _outcomes(cases: Sequence[Case], told: bytes) -> tuple[Outcome, ...]:
    found: list[Outcome] = []
    at = 0
    for case in cases:
        count = 5 + len(case.words) + 1
        if at + 8 * count > len(told):
            raise sandbox.SandboxError(f"the probing machine told of {len(found)} accesses of {len(cases)}")
        vector, error, cr2, rip, rax, *words = struct.unpack_from(f"<{count}Q", told, at)
        at += 8 * count
        byte = rax & 0xFF if vector == DONE and case.walk.access.kind == "read" else 0
        if vector == BREAKPOINT and rip != case.walk.linear_address + 1 & _END:
            vector = -1
        found.append(Outcome(vector, error, cr2 if vector == PAGE_FAULT else 0, byte, tuple(words[:-1])))
    return tuple(found)


@cache
def _prober() -> bytes:
    built = machine.assemble(BareMachine(), PROBER.name, [NamedFile(PROBER.name, PROBER.read_bytes())])
    if built.image is None or len(built.image) > _CASES_AT:
        said = built.build.text.decode("utf-8", "replace").strip()
        raise sandbox.SandboxError(f"the probing program was not assembled: {said or 'it is too large'}")
    return built.image


def _place(cases: Sequence[Case]) -> int:
    """Where the probing program can be: 2 MiB below 1 GiB that no case uses."""
    used = {address // _STRETCH for case in cases for address in case.addresses}
    return next(number for number in range(8, 512) if number not in used) * _STRETCH


def _slot(cases: Sequence[Case]) -> int:
    """An entry of the top table that no case uses. The first two are those of the program's own map."""
    width = 39 if cases[0].levels == 4 else 48
    used = {case.walk.linear_address >> width & 511 for case in cases}
    used |= {(address - case.top) // 8 for case in cases for address, _ in case.words if 0 <= address - case.top < 4096}
    return next(slot for slot in range(2, 512) if slot not in used)


def _canonical(address: int, width: int) -> int:
    return address | (_END << width & _END) if address >> (width - 1) & 1 else address
