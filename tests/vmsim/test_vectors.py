"""Replays what QEMU, Bochs and KVM answered (data/README.md says how the rows were made)."""

import json
from pathlib import Path

import pytest

from vmsim import Access, GeneralProtection, Memory, PageFault, Processor, Translation

ROWS = [json.loads(line) for line in (Path(__file__).parent / "data/page-walk.jsonl").read_text().splitlines()]
KINDS = {"r": "read", "w": "write", "x": "fetch"}
SIZES = {"4K": "4 KiB", "2M": "2 MiB", "1G": "1 GiB"}


def hexadecimal(text):
    return int(text, 16)


def entries(by_address):
    return {hexadecimal(address): hexadecimal(value) for address, value in by_address.items()}


def replay(build, row):
    processor = Processor(
        cr3=hexadecimal(row["cr3"]),
        cr0=hexadecimal(row["cr0"]),
        cr4=hexadecimal(row["cr4"]),
        efer=hexadecimal(row["efer"]),
        rflags=row["rflags_ac"] << 18,
        pkru=hexadecimal(row["pkru"]),
        maxphyaddr=row["maxphyaddr"],
    )
    memory = Memory(entries(row["mem"]))
    walk = build.translate(memory, processor, Access(KINDS[row["access"]], row["cpl"]), hexadecimal(row["va"]))
    memory.apply(walk)
    return walk, dict(memory.items())


def differences(build, row):
    """Names of what differs between the simulator's answer and the row's."""
    walk, after = replay(build, row)
    result, expect = walk.result, row["expect"]
    before = entries(row["mem"])
    if expect["ok"]:
        changed = before | entries(expect["entries_after"])
        compared = {
            "kind": isinstance(result, Translation),
            "pa": getattr(result, "physical_address", None) == hexadecimal(expect["pa"]),
            "page_size": getattr(result, "page_size", None) == SIZES[expect["page_size"]],
            "entries_after": after == {address: value for address, value in changed.items() if value},
        }
    elif expect["fault"] == "#PF":
        dirty = [a for a, value in after.items() if (value ^ before.get(a, 0)) & ~(1 << 5)]
        compared = {
            "kind": isinstance(result, PageFault),
            "pf_error_code": getattr(result, "error_code", None) == expect["pf_error_code"],
            "cr2": getattr(result, "linear_address", None) == hexadecimal(expect["cr2"]),
            "nothing but A changes": not dirty,
        }
    else:
        compared = {"kind": isinstance(result, GeneralProtection)}
    compared["steps"] = expect["steps"] in (None, len(walk.steps))
    read = [step.entry_address for step in walk.steps]
    compared["walk"] = read == [hexadecimal(address) for address in row["walk"]][: len(read)]
    return [name for name, same in compared.items() if not same]


def test_every_row_is_answered_as_by_the_emulators(build):
    """All 600 rows: physical address, page size, steps, flags set, error code and CR2 are those of real emulators."""
    wrong = {row["id"]: found for row in ROWS if (found := differences(build, row))}
    assert len(ROWS) == 600
    assert wrong == {}


@pytest.mark.parametrize("key, value", [("pa", "0x1000"), ("page_size", "4K"), ("entries_after", {"0x8": "0x1"})])
def test_a_changed_answer_is_noticed(build, key, value):
    """The comparison above fails where a row's answer is another."""
    row = next(row for row in ROWS if row["expect"]["page_size"] == "2M")
    assert differences(build, row) == []
    assert differences(build, row | {"expect": row["expect"] | {key: value}}) == [key]
