"""Decisions about exits, KVM and VM entry under MicroPython, as the reader's page runs them."""

import json
import subprocess

from tests.vmsim.permutations import FOLDER, load
from tests.vmsim.test_permutations import SOURCES

ASKED = [
    [[], 0],
    [["HLT exiting", "use MSR bitmaps", "use I/O bitmaps", "CR3-load exiting", "enable EPT", "unrestricted guest"], 0],
    [["use TPR shadow", "virtual NMIs", "RDTSC exiting", "enable RDTSCP", "enable VPID", "INVLPG exiting"], 3],
]


def test_micropython_decides_the_same():
    """Every instruction and event, KVM's handling, VM entry and the tables: the same traces and the same errors."""
    ran = subprocess.run(
        ["node", "run.mjs", str(SOURCES), "exits"],
        cwd=FOLDER,
        input=json.dumps(ASKED),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    here = load("exits").run(json.dumps(ASKED))
    assert len(here) == 18 and sum(map(len, here)) > 1500
    assert json.loads(ran.stdout) == here
