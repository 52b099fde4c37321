"""Nothing crashes either build, reads outside a buffer or loops on; what cannot be is refused in the same words."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vmsim
from tests.vmsim import wild
from vmsim import _build

TOP = Path(__file__).parents[2]
SANITIZERS = ("asan", "ubsan")
CASES = 3000


# A case draws hundreds of numbers, which is more than Hypothesis likes to see.
@settings(max_examples=200, suppress_health_check=[HealthCheck.large_base_example, HealthCheck.data_too_large])
@given(source=st.randoms(use_true_random=False))
def test_wild_cases_are_answered_alike_or_refused_alike(source):
    """Any registers, memory and arguments: the same trace on both builds, or the same FieldError."""
    case = wild.case(source)
    assert wild.ask(_build.compiled(), case) == wild.ask(_build.interpreted(), case)


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory):
    """A folder with vmsim, its extensions built with AddressSanitizer and UndefinedBehaviorSanitizer."""
    folder = tmp_path_factory.mktemp("sanitized")
    shutil.copytree(
        Path(vmsim.__file__).parent, folder / "ext/vmsim", ignore=shutil.ignore_patterns("__pycache__", "*.so")
    )
    shutil.copy(TOP / "setup.py", folder)
    flags = "-O0 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "ext"],
        cwd=folder,
        env=os.environ | {"CFLAGS": flags, "LDFLAGS": flags},
        check=True,
        capture_output=True,
    )
    return folder / "ext"


def run_sanitized(folder, *arguments):
    """A Python with the sanitizers in it, and vmsim from the folder; what it printed and how it ended."""
    cc = os.environ.get("CC", "cc")
    asked = [[cc, f"-print-file-name=lib{name}.so"] for name in SANITIZERS]
    libraries = [subprocess.run(one, capture_output=True, text=True, check=True).stdout.strip() for one in asked]
    return subprocess.run(
        [sys.executable, *arguments],
        env={
            "LD_PRELOAD": " ".join(libraries),
            # CPython frees little at exit; its own allocator would hide an overrun within its arenas.
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
            "PYTHONPATH": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sanitizers_find_nothing_in_wild_cases(sanitized):
    """The compiled modules, built with the sanitizers, answer as the source does, and neither stops them."""
    ran = run_sanitized(sanitized, str(Path(wild.__file__)), str(CASES), "sanitized")
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.startswith(f"{CASES} cases, ") and str(sanitized) in ran.stdout


def test_the_sanitizers_are_at_work(sanitized):
    """The extensions call AddressSanitizer, and it stops a read behind a buffer."""
    for name in _build.SOURCES:
        (extension,) = (sanitized / "vmsim").glob(f"_{name}.*.so")
        assert b"__asan_report" in extension.read_bytes()
    overrun = "import ctypes; b = ctypes.create_string_buffer(64); ctypes.string_at(ctypes.addressof(b), 4096)"
    ran = run_sanitized(sanitized, "-c", overrun)
    assert ran.returncode != 0 and "heap-buffer-overflow" in ran.stderr
