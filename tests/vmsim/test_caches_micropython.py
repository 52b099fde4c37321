"""Caches under MicroPython, as the reader's page runs them."""

import json
import subprocess

from tests.vmsim.permutations import FOLDER, load
from tests.vmsim.test_permutations import SOURCES

STEPS = [
    ["read", 0x123],
    ["write", 0x123],
    ["read", 0x1123],
    ["write", 0x1123],
    ["edit", 0x4000, 0x7007],
    ["read", 0x123],
    ["invlpg", 0x123],
    ["fetch", 0x123],
    ["mov_to_cr3", 0x1002],
    ["read", 0x1456],
    ["mov_to_cr3", 1 << 63 | 0x1000],
    ["read", 0x456],
    ["invpcid", 0, 0, 0x123],
    ["invpcid", 4],
    ["read", 1 << 39],
    ["read", 1 << 60],
    ["invvpid", 3, 1],
    ["read", 0x123],
    ["invept", 2],
    ["mov_to_cr4", 0x20020],
]
ASKED = [[policy, eptp, STEPS] for policy in ("LRU", "FIFO", "tree-PLRU") for eptp in (None, 0x10_001E)]


def test_micropython_keeps_and_drops_the_same():
    """Lookups, walks, fills, drops, permitted results and what is left: the same traces."""
    ran = subprocess.run(
        ["node", "run.mjs", str(SOURCES), "cached"],
        cwd=FOLDER,
        input=json.dumps(ASKED),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    here = load("cached").run(json.dumps(ASKED))
    assert len(here) == 6 * len(STEPS)
    assert json.loads(ran.stdout) == here
