"""Page walks done on an emulated machine: that it does them, that differences are seen, and what is made of them."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notekit import pipeline, store
from notekit.evidence import booting, see
from notekit.evidence.cases import Case, Outcome, case_of, expected
from notekit.evidence.comparing import compared
from notekit.model import Diagram, Place
from notekit.sandbox import tools
from tests.notekit.parsing import AREA, HEAD
from vmsim.value import FieldError

ADDRESS = 0x7F12_3456_7ABC
_FLAGS = ("P", "R/W", "U/S", "PWT", "PCD", "A", "D", "PS", "G", "XD")


def diagram(spec: dict[str, Any], name: str = "walk", kind: str = "page-walk") -> Diagram:
    """A diagram of that body."""
    return Diagram(note="a/b", name=name, id=name, kind=kind, place=Place("a/b/en.md", 7), document="en", spec=spec)


def a_case(**spec: Any) -> Case:
    """The case of a body that a machine can do."""
    found = case_of({"linear_address": ADDRESS, **spec})
    assert isinstance(found, Case)
    return found


def booted(*cases: Case) -> tuple[Outcome, ...]:
    """What a machine makes of cases, in their order."""
    found: dict[int, Outcome] = {}
    for numbers in booting.batches(cases):
        found |= dict(zip(numbers, booting.boot([cases[number] for number in numbers]), strict=True))
    return tuple(found[number] for number in range(len(cases)))


def some_specs(seed: int) -> list[dict[str, Any]]:
    """Bodies of diagrams, anything in them at random."""
    pick = random.Random(seed)
    found = []
    for _ in range(400):
        five = pick.random() < 0.3
        width = 57 if five else 48
        address = pick.choice(
            [pick.getrandbits(width - 1), -pick.getrandbits(width - 1) & (1 << 64) - 1, pick.getrandbits(64)]
        )
        spec: dict[str, Any] = {"linear_address": address, "access": pick.choice(["read", "write", "fetch"])}
        spec |= {"mode": pick.choice(["user", "supervisor"]), "cr4_la57": int(five), "pkru": pick.getrandbits(32)}
        for key in ("cr0_wp", "cr4_smep", "cr4_smap", "cr4_pke", "rflags_ac", "efer_nxe"):
            spec[key] = pick.getrandbits(1)
        size, shift = pick.choice([("4 KiB", 12), ("2 MiB", 21), ("1 GiB", 30)])
        spec |= {"page_size": size, "page_frame": pick.getrandbits(35) >> shift << shift, "entries": {}}
        for entry in ("PML4E", "PDPTE", "PDE", "PTE"):
            if pick.random() < 0.3:
                spec["entries"][entry] = {flag: pick.getrandbits(1) for flag in _FLAGS if pick.random() < 0.2}
        found.append(spec)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_machine_does_what_the_simulator_draws(seed: int) -> None:
    """Over random tables, registers and accesses the two differ in the emulator's known faults and nothing else."""
    cases = []
    for spec in some_specs(seed):
        try:
            found = case_of(spec)
        except FieldError:
            continue
        cases += [found] if isinstance(found, Case) else []
    assert len(cases) > 100
    verdicts = [compared(*pair, "QEMU").verdict for pair in zip(cases, booted(*cases), strict=True)]
    assert set(verdicts) <= {"seen", "known"}
    assert verdicts.count("seen") > len(cases) * 0.8


WALKS: dict[str, dict[str, Any]] = {
    "read": {"page_size": "4 KiB"},
    "write": {"page_size": "2 MiB", "access": "write"},
    "fetch": {"page_size": "1 GiB", "access": "fetch"},
    "supervisor fetch": {"page_size": "4 KiB", "access": "fetch", "mode": "supervisor"},
    "five levels": {"page_size": "4 KiB", "cr4_la57": 1, "linear_address": 0xFF12_3456_789A_BCDE},
    "not present": {},
    "read-only": {"page_size": "4 KiB", "entries": {"PDE": {"R/W": 0}}, "access": "write"},
    "not canonical": {"linear_address": 1 << 63},
    "reserved bits of an address": {"maxphyaddr": 40, "entries": {"PML4E": {"address": 1 << 41}}},
    "protection key": {"page_size": "4 KiB", "cr4_pke": 1, "pkru": 1},
    "SMAP": {"page_size": "4 KiB", "cr4_smap": 1, "mode": "supervisor"},
}


def test_each_kind_of_outcome_is_seen() -> None:
    """Translations at any level, by any access, and each kind of fault come out as drawn, many in one machine."""
    cases = [a_case(**spec) for spec in WALKS.values()]
    verdicts = [compared(*pair, "QEMU").verdict for pair in zip(cases, booted(*cases), strict=True)]
    assert dict(zip(WALKS, verdicts, strict=True)) == {
        **dict.fromkeys(WALKS, "seen"),
        # Decision 0042; QEMU may have mended it.
        "reserved bits of an address": verdicts[list(WALKS).index("reserved bits of an address")],
    }
    assert "differs" not in verdicts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vector": 0x80}, "an access, where the simulator drew a page fault with error code 0x7 at 0x7f1234567abc"),
        ({"error": 6}, "a page fault with error code 0x6 at 0x7f1234567abc, where the simulator drew a page fault"),
        ({"cr2": 0}, "a page fault with error code 0x7 at 0x0, where"),
        ({"words": (0x2007, 0x3027, 0x4027, 0x40000005)}, "memory afterwards: 0x2007 at 0x17f0, where the simulator"),
    ],
)
def test_whatever_differs_is_told(change: dict[str, Any], said: str) -> None:
    """Another exception, error code, address, or flag in a table is a difference, and one line tells of it."""
    case = a_case(page_size="4 KiB", entries={"PTE": {"R/W": 0}}, access="write")
    found = compared(case, replace(expected(case), **change), "QEMU 7.2")
    assert found.verdict == "differs"
    assert said in found.message


def test_another_physical_address_differs() -> None:
    """What is read comes from the page that was drawn: elsewhere lies another byte."""
    case = a_case(page_size="4 KiB")
    found = compared(case, replace(expected(case), byte=0), "QEMU 7.2")
    assert (found.verdict, found.message) == ("differs", "another physical address: 0x00 was read, where 0xcc was put")


def test_known_faults_are_those_of_the_decision() -> None:
    """A reserved bit without P, and A of a 1 GiB page whose access faults; each other bit is a difference."""
    reserved = a_case(page_size="4 KiB", entries={"PTE": {"XD": 1}}, efer_nxe=0)
    right = expected(reserved)
    assert right.error == 0xD
    assert compared(reserved, replace(right, error=0xC), "QEMU").reasons == (("present", "0xc"),)
    assert compared(reserved, replace(right, error=0x5), "QEMU").verdict == "differs"
    large = a_case(page_size="1 GiB", entries={"PDPTE": {"R/W": 0}}, access="write")
    right = expected(large)
    accessed = (*right.words[:-1], right.words[-1] | 0x20)
    assert compared(large, replace(right, words=accessed), "QEMU").reasons == (("accessed", ""),)
    dirty = (*right.words[:-1], right.words[-1] | 0x40)
    assert compared(large, replace(right, words=dirty), "QEMU").verdict == "differs"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"page_size": "4 KiB", "page_frame": 1 << 45}, ("wide", "40")),
        ({"page_size": "4 KiB", "maxphyaddr": 36}, ("narrow", "40")),
        ({"page_size": "4 KiB", "page_frame": 0xA0000}, ("no_ram", "0xa0ab8")),
        ({"page_size": "4 KiB", "page_frame": 0x1000, "linear_address": 0}, ("own_tables", "0x1000")),
    ],
)
def test_what_the_machine_cannot_do_says_why(spec: dict[str, Any], reason: tuple[str, str]) -> None:
    """Addresses wider than its own, places without RAM, and pages that hold their own tables."""
    assert case_of({"linear_address": ADDRESS, **spec}) == reason


def test_evidence_is_kept_and_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look boots nothing; another address, or another QEMU, boots again."""
    shown = [diagram({"linear_address": ADDRESS, "page_size": "4 KiB"})]
    with store.Store(tmp_path) as kept:
        assert see(shown, kept)["a/b", "walk"].verdict == "seen"
        monkeypatch.setattr(booting, "boot", lambda cases: pytest.fail("booted"))
        assert see(shown, kept)["a/b", "walk"].verdict == "seen"
        with pytest.raises(pytest.fail.Exception):
            see([diagram({"linear_address": ADDRESS, "page_size": "2 MiB"})], kept)
        monkeypatch.setattr(tools, "versions", lambda words: (("qemu-system-x86_64", "99"),))
        with pytest.raises(pytest.fail.Exception):
            see(shown, kept)


def test_a_difference_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is booted again the next time."""
    shown = [diagram({"linear_address": ADDRESS, "page_size": "4 KiB"})]
    monkeypatch.setattr(booting, "boot", lambda cases: tuple(replace(expected(case), byte=1) for case in cases))
    with store.Store(tmp_path) as kept:
        assert see(shown, kept)["a/b", "walk"].verdict == "differs"
    assert not list(tmp_path.rglob("??/*.json"))


def test_without_an_emulator_nothing_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagram stands, computed only, with the reason."""
    monkeypatch.setattr(tools, "resolve", lambda word: None)
    with store.Store(tmp_path) as kept:
        found = see([diagram({"linear_address": 0})], kept)["a/b", "walk"]
    assert (found.verdict, found.reasons) == ("unseen", (("absent", "qemu-system-x86_64 is not installed"),))


def test_what_qemu_does_not_emulate_is_computed_only(tmp_path: Path) -> None:
    """Diagrams of VMX and EPT say that they were not seen; a plot says nothing of a machine."""
    with store.Store(tmp_path) as kept:
        found = see([diagram({}, "walk", "ept-walk"), diagram({}, "plot", "plot")], kept)
    assert {name: one.reasons for name, one in found.items()} == {("a/b", "walk"): (("vmx", ""),)}


@pytest.mark.parametrize(("byte", "status"), [(0xCC, "passed"), (0, "failed")])
def test_a_difference_fails_the_build_at_the_diagram(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, byte: int, status: str
) -> None:
    """The failure stands at the diagram's line, and says what the machine did; a page says what was seen."""
    note = tmp_path / "notes_src/area/n"
    note.mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nextra: {languages: [en]}\n")
    (tmp_path / "notes_src/area/area.yml").write_text(AREA)
    (note / "en.md").write_text(f"{HEAD}\n```page-walk {{#w}}\nlinear_address: {ADDRESS}\npage_size: 4 KiB\n```\n")
    monkeypatch.setattr(booting, "boot", lambda cases: tuple(replace(expected(case), byte=byte) for case in cases))
    with store.Store(tmp_path / "store") as kept:
        checked = pipeline.check(tmp_path, kept)
    (result,) = checked.results
    assert result.status == status
    if status == "failed":
        (failure,) = result.failures
        assert str(failure.place) == "notes_src/area/n/en.md:6"
        assert re.match(r"QEMU \d+\.\d+ does otherwise: another physical address: 0x00 was read", failure.message)
    else:
        (page,) = [page for page in pipeline.pages(checked) if page.slug == "area/n" and page.kind == "note"]
        assert "Computed, and seen on QEMU " in page.markdown
