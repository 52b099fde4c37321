"""The same source under MicroPython 1.27 (WebAssembly, in Node), as the reader's page runs it."""

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from vmsim import _build, shadow, shadow_machine
from vmview import ept_walk, page_walk

FOLDER = Path(__file__).parents[1] / "micropython"
SOURCES = Path(_build.__file__).parents[1]
ADDRESS = 0x7F12_3456_7ABC
WALKS = [
    {"linear_address": ADDRESS},
    {"linear_address": 0xFFFF_FFFF_FFFF_FFFF, "page_size": "4 KiB", "mode": "supervisor", "access": "write"},
    {"linear_address": ADDRESS, "page_size": "2 MiB", "access": "write", "entries": {"PDE": {"R/W": 0}}},
    {"linear_address": 0xFFFF_8880_1234_5678, "page_size": "1 GiB", "entries": {"PDPTE": {"XD": 1, "PKEY": 9, "G": 1}}},
    {"linear_address": ADDRESS, "page_size": "4 KiB", "entries": {"PDE": {"address": 1 << 50}}, "maxphyaddr": 40},
    {"linear_address": 1 << 63},
    {"linear_address": 0x00FE_1234_1234_5678, "cr4_la57": 1, "page_size": "4 KiB", "cr4_pke": 1, "pkru": 0xFFFF_FFFF},
    {"linear_address": 0, "cr3": 0x1000, "tables": {"0x1000": 0x1007}, "access": "write"},
    {"linear_address": ADDRESS, "entries": {"PML4E": 0xFFFF_FFFF_FFFF_FFFF}},
    {"linear_address": -1},
    {"linear_address": ADDRESS, "page_size": "4 kB"},
    {"linear_address": ADDRESS, "entries": {"PDE": {"R/W": 2}}},
]
EXITS = [
    {"instruction": "CPUID", "cpl": 3},
    {"instruction": "MOV to CR3", "controls": ["CR3-load exiting"], "cr3_target_values": [1 << 63, 0x1000]},
    {"instruction": "WRMSR", "controls": ["use MSR bitmaps"], "msr": 0xC000_0080, "value": (1 << 64) - 1},
    {"instruction": "OUT", "port": 0x3F8, "size": 4, "controls": ["use I/O bitmaps"], "io_bitmap": [0x3FA]},
    {"instruction": "HLT", "cpl": 3},
    {"instruction": "MOV from CR4", "cr4_guest_host_mask": 0x2000, "cr4_read_shadow": 0},
    {"access": "write", "guest_physical_address": 0xFED0_0000, "controls": ["enable EPT"], "ept_entry": {"R": 0}},
    {"access": "read", "controls": ["enable EPT"], "kvm": {"gpa": "no page"}},
    {"exception": "#GP", "during": "#DF"},
    {"exception": "#PF", "during": "#GP", "exception_bitmap": ["#DF"]},
    {"instruction": "CPUID", "msr": 1},
    {"instruction": "HLT", "controls": ["HLT existing"]},
]
STORIES = [
    {
        "mapped": [{"map": ADDRESS & ~0xFFF}, {"map": 0xA0_0000, "page_size": "2 MiB", "D": 0}],
        "address_spaces": {"a": 1, "b": 2},
        "steps": [
            {"read": ADDRESS},
            {"write": ADDRESS, "times": 2},
            {"write": 0xA0_0000, "mode": "supervisor"},
            {"map": 0x40_0000, "pages": 3, "XD": 1},
            {"fetch": 0x40_0000},
            {"mov_to_cr3": "b", "keep": 1},
            {"mov_to_cr3": "a"},
            {"unmap": ADDRESS & ~0xFFF},
            {"invlpg": ADDRESS},
            {"read": ADDRESS},
            {"cr0_wp": 0},
            {"invpcid": "b"},
        ],
    },
    {"isolation": 1, "steps": [{"mov_to_cr3": "a/user"}, {"mov_from_cr3": 1}, {"memory_slots": "change"}]},
    {"steps": [{"unmap": 0}]},
]
EPT_WALKS = [
    {"linear_address": ADDRESS, "page_size": "4 KiB", "access": "write", "ept_accessed_dirty": 1},
    {"linear_address": ADDRESS, "page_size": "1 GiB", "ept_page_size": "2 MiB", "ept_levels": 5, "cr4_la57": 1},
    {"linear_address": ADDRESS, "page_size": "4 KiB", "ept_entries": {"PDE": {"EPT PTE": {"W": 0}}}},
    {"linear_address": ADDRESS, "page_size": "2 MiB", "ept_entries": {"page": {"EPT PDE": {"R": 0}}}},
    {"linear_address": ADDRESS, "page_size": "4 KiB", "page_frame": 1 << 50, "advanced_information": 1},
    {"linear_address": ADDRESS},
    {"linear_address": 1 << 63},
    {"linear_address": ADDRESS, "page_size": "4 KiB", "ept_entries": {"page": {"EPT PML5E": {"R": 0}}}},
]
BODIES = [("page-walk", body) for body in WALKS] + [("vm-exit", body) for body in EXITS]
BODIES += [("ept-walk", body) for body in EPT_WALKS]
BODIES += [("shadow-paging", body) for body in STORIES]


def load_cases():
    spec = importlib.util.spec_from_file_location("micropython_cases", FOLDER / "cases.py")
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    return cases


@pytest.fixture(scope="module")
def answers():
    """What MicroPython makes of the bodies."""
    assert (FOLDER / "node_modules").is_dir(), "MicroPython is not here: run `npm ci` in tests/micropython"
    ran = subprocess.run(
        ["node", "run.mjs", str(SOURCES), "cases"],
        cwd=FOLDER,
        input=json.dumps(BODIES),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


@pytest.mark.parametrize("build", [_build.interpreted, _build.compiled], ids=["interpreted", "compiled"])
def test_micropython_sees_and_draws_the_same(build, answers, monkeypatch):
    """Trace, outcome, Scene, SVG and text, in both languages, are the same to the last byte on all three."""
    for module in (page_walk, ept_walk, shadow, shadow_machine):
        monkeypatch.setattr(module, "translate", build().translate)
    here = load_cases().run(json.dumps(BODIES))
    lengths = [8] * 9 + [1] * 3 + [8] * 10 + [1] * 2 + [8] * 7 + [1] + [8] * 2 + [1]
    assert [len(results) for results in here] == lengths
    for mine, theirs in zip(here, answers, strict=True):
        assert mine == theirs


def test_the_stand_in_for_cython_is_short():
    """MicroPython needs three lines in place of Cython."""
    code = [line for line in (FOLDER / "cython.py").read_text().splitlines() if line]
    assert code[-1] == "compiled = False" and len(code) <= 3
