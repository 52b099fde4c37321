"""Which build of the walker runs: the compiled one, unless it is asked not to; never a stale one.

``setup.py`` compiles ``walker.py`` into ``vmsim._walker`` (and likewise each of ``SOURCES``) and puts the digest of the
source into it. Where such a module is missing or was made from another source, importing vmsim fails and says what to
do: a silent fall-back would be slow without a word, and a stale build would answer by rules that are no longer those of
the source. ``VMSIM_INTERPRETED=1`` takes ``walker.py`` itself. MicroPython has only that one.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

REBUILD = (
    "compile it with `pip install --no-build-isolation --no-deps -e .` in the top folder, "
    "or set VMSIM_INTERPRETED=1 to run the source"
)

# What is compiled, the walker last: it uses the others.
SOURCES = ("ept", "walker")
# What is compiled and imported only when it is asked for, with the sources that setup.py joins.
PARTS = {
    "stream_loop": ("stream_structures.py", "stream_walk.py", "stream_loop.py"),
    "stream_simd": ("stream_simd.pyx", "stream_simd.h", "stream_simd_sets.h", "stream_simd_take.h"),
}


def choose() -> "ModuleType":
    """The module to take ``translate`` from; ImportError where the compiled one is missing or stale."""
    if sys.implementation.name != "cpython":
        return interpreted()
    import os

    if os.environ.get("VMSIM_INTERPRETED") == "1":
        return interpreted()
    return compiled()


def interpreted() -> "ModuleType":
    """``vmsim.walker``."""
    from vmsim import walker

    return walker


def compiled() -> "ModuleType":
    """``vmsim._walker``; ImportError where a compiled module is missing or not made from the source beside it."""
    modules = [extension(name) for name in SOURCES]
    return modules[-1]


def extension(name: str) -> "ModuleType":
    """``vmsim._name``; ImportError where it is missing or not made from its source."""
    import importlib

    try:
        module = importlib.import_module(f"vmsim._{name}")
    except ModuleNotFoundError as error:
        raise ImportError(f"vmsim is not compiled for this Python; {REBUILD}") from error
    if source_digest(name) != module.SOURCE_DIGEST:
        raise ImportError(f"vmsim/{name}.py was changed after it was compiled; {REBUILD}")
    return module


def source_digest(name: str) -> str:
    """SHA-256 of the extension's source as it is now, in hexadecimal."""
    import hashlib
    from pathlib import Path

    parts = [Path(__file__).with_name(part).read_bytes() for part in PARTS.get(name, (f"{name}.py",))]
    return hashlib.sha256(b"".join(parts)).hexdigest()
