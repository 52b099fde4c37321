"""What a machine told, held against what the simulator drew. Pure.

An emulator's known faults are those that decision 0042 names, and no others.
"""

from __future__ import annotations

from dataclasses import replace

from notekit.evidence.cases import BREAKPOINT, DONE, GENERAL_PROTECTION, PAGE_FAULT, Case, Outcome, Reason, expected
from notekit.model import Evidence
from vmsim.bits import PF_P, PF_RSVD, A

_NAMES = {
    PAGE_FAULT: "a page fault",
    GENERAL_PROTECTION: "general protection",
    DONE: "an access",
    BREAKPOINT: "a fetch",
}


def compared(case: Case, seen: Outcome, emulator: str) -> Evidence:
    """Whether a machine did what was drawn: all of it, all but a known fault, or something else, and then what."""
    drawn = expected(case)
    if seen == drawn:
        return Evidence("seen", emulator)
    known: list[Reason] = []
    forgiven = seen
    if _lacks_present(seen, drawn):
        forgiven = replace(forgiven, error=drawn.error)
        known.append(("present", f"{seen.error:#x}"))
    early = _early_accessed(case, seen, drawn)
    if early != seen.words:
        forgiven = replace(forgiven, words=early)
        known.append(("accessed", ""))
    if forgiven == drawn:
        return Evidence("known", emulator, tuple(known))
    return Evidence("differs", emulator, message=_difference(case, seen, drawn))


def _lacks_present(seen: Outcome, drawn: Outcome) -> bool:
    """Decision 0042: a reserved bit is told with P = 0, although the entry is present."""
    fault = seen.vector == drawn.vector == PAGE_FAULT
    return fault and bool(drawn.error & PF_RSVD) and seen.error == drawn.error & ~PF_P


def _early_accessed(case: Case, seen: Outcome, drawn: Outcome) -> tuple[int, ...]:
    """The words without the A that decision 0042 names: of a PDPTE that maps a page, where the access faults."""
    if drawn.vector != PAGE_FAULT:
        return seen.words
    last = case.walk.steps[-1]
    if last.level != 3 or not last.entry.maps_page:
        return seen.words
    pairs = zip(case.words, seen.words, strict=True)
    return tuple(
        value & ~A | before & A if address == last.entry_address else value for (address, before), value in pairs
    )


def _difference(case: Case, seen: Outcome, drawn: Outcome) -> str:
    """In one line, what the machine did and what was drawn."""
    if (seen.vector, seen.error, seen.cr2) != (drawn.vector, drawn.error, drawn.cr2):
        return f"{_told(seen)}, where the simulator drew {_told(drawn)}"
    if seen.byte != drawn.byte:
        return f"another physical address: {seen.byte:#04x} was read, where {drawn.byte:#04x} was put"
    wrong = [
        f"{found:#x} at {address:#x}, where the simulator has {right:#x}"
        for (address, _), found, right in zip(case.words, seen.words, drawn.words, strict=True)
        if found != right
    ]
    return "memory afterwards: " + "; ".join(wrong)


def _told(outcome: Outcome) -> str:
    name = _NAMES.get(outcome.vector, f"exception {outcome.vector}")
    if outcome.vector == PAGE_FAULT:
        return f"{name} with error code {outcome.error:#x} at {outcome.cr2:#x}"
    return name
