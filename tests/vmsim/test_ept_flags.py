"""Accessed and dirty flags that the vectors tell, which replay does not compare."""

import json
from pathlib import Path

from vmsim import bits
from vmsim.cli import decide_walk
from vmsim.cli.guest import Guest

ROWS = [json.loads(line) for line in (Path(__file__).parent / "data/vmx.jsonl").read_text().splitlines()]
TOLD = [row for row in ROWS if row["kind"] in decide_walk.QUESTIONS and "a_d_set" in row["expect"]]
NAMES = {4: "pml4e", 3: "pdpte", 2: "pde", 1: "pte"}


def flags(mask, accessed, dirty):
    return "+".join(name for name, bit in (("A", accessed), ("D", dirty)) if mask & bit)


def flags_set(guest, walk, apart):
    """By the vectors' names, the flags that the walk sets: ``ept_`` for the datum's page, ``eptB_`` for the table's."""
    names = {}
    for prefix, page in (("ept_", Guest.DATUM), ("eptB_", Guest.PAGE_TABLE_APART))[: 1 + apart]:
        for level, address in guest.tables.entry_addresses(page).items():
            names.setdefault(address, prefix + NAMES[level])
    masks = {}
    for address, _size, mask in walk.updates:
        if address in names:
            masks[names[address]] = masks.get(names[address], 0) | mask
    found = {name: flags(mask, bits.EPT_A, bits.EPT_D) for name, mask in masks.items()}
    last = walk.steps[-1]
    return found | ({"guest_pte": flags(last.sets, bits.A, bits.D)} if last.level == 1 and last.sets else {})


def test_the_flags_that_are_set_are_those_of_the_vectors(build, monkeypatch):
    """Guest and EPT entries get the flags that the emulator set, and no others."""
    seen = []
    access = Guest.access
    monkeypatch.setattr(Guest, "access", lambda *given: seen.append((given[0], access(*given))) or seen[-1][1])
    for row in TOLD:
        decide_walk.QUESTIONS[row["kind"]].decide(build, row["input"])
    assert len(TOLD) == 140
    assert [flags_set(*pair, row["kind"] == "ept_guest_pt") for row, pair in zip(TOLD, seen, strict=True)] == [
        row["expect"]["a_d_set"] for row in TOLD
    ]
