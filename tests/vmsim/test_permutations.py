"""Every combination of what decides a translation against the oracle, in the manner of kvm-unit-tests' access.c.

Each space is sampled by a fixed seed; ``--exhaustive`` counts through all of them (3.3 million cases).
"""

import json
import random
import subprocess
from pathlib import Path

import pytest

from tests.vmsim import oracle
from tests.vmsim.permutations import FOLDER, permutations
from tests.vmsim.test_walker import answer_of
from vmsim import _build
from vmsim import walker as interpreted

SAMPLE = 1000
IN_MICROPYTHON = 60
SOURCES = Path(_build.__file__).parents[1]


def numbers(name, count):
    """Numbers of cases of a space, the same each time."""
    size = permutations.SPACES[name][1]
    return sorted(random.Random(name).sample(range(size), min(count, size)))


def nonzero(answer):
    """The answer without words of memory that are 0."""
    return (*answer[:3], {a: v for a, v in answer[3].items() if v}) if answer[0] == "ok" else answer


@pytest.mark.parametrize("name", sorted(permutations.SPACES))
def test_every_combination_is_answered_as_by_the_oracle(name, request):
    """Each case of the space gives the oracle's answer, and the same trace on both builds."""
    compiled = _build.compiled()
    exhaustive = request.config.getoption("--exhaustive")
    for number in range(permutations.SPACES[name][1]) if exhaustive else numbers(name, SAMPLE):
        scene = permutations.scene(name, number)
        walk, memory = permutations.walk(compiled.translate, scene)
        assert answer_of(walk, memory) == nonzero(oracle.answer(oracle.case_of(scene))), (name, number)
        assert walk == permutations.walk(interpreted.translate, scene)[0], (name, number)


@pytest.mark.parametrize("name", sorted(permutations.SPACES))
def test_a_space_has_cases_of_many_outcomes(name):
    """The cases of each space end in several ways, so that none of it is spent on one fault."""
    outcomes = {oracle.answer(oracle.case_of(permutations.scene(name, n)))[:1] for n in numbers(name, SAMPLE)}
    assert ("ok",) in outcomes
    assert len(outcomes) >= (1 if name == "flags" else 2)


def test_micropython_tells_the_same_traces():
    """MicroPython gives, byte for byte, the trace of either build of CPython."""
    asked = {name: numbers(name, IN_MICROPYTHON) for name in permutations.SPACES}
    ran = subprocess.run(
        ["node", "run.mjs", str(SOURCES), "permutations"],
        cwd=FOLDER,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    theirs = json.loads(ran.stdout)
    for build in (interpreted, _build.compiled()):
        assert permutations.lines(build.translate, asked) == theirs
