"""The C programs that ``vmsim bench`` measures beside the simulator: compiled, and called on its tables."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from array import array
from collections.abc import Callable
from pathlib import Path

from vmsim.stream import Counts, Tables
from vmsim.stream_tables import NESTED

FOLDER = Path(__file__).parents[2] / "bench"
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")

# Takes addresses and tables; gives seconds of processor time, and the counts.
Program = Callable[["array[int]", Tables], tuple[float, Counts]]


class BenchError(Exception):
    """Why nothing can be measured, and what would cure it."""


def compiled(name: str, folder: Path) -> Program:
    """``ext/bench/name.c``, compiled into ``folder``. Raises BenchError where it cannot be."""
    source, target = FOLDER / f"{name}.c", folder / f"{name}.so"
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    if not source.is_file():
        raise BenchError(f"{source} is missing; the project's own folder, where it was cloned to, has it")
    if compiler is None:
        raise BenchError("there is no C compiler; gcc, or CC=COMPILER, would be right")
    argv = [*compiler.split(), *FLAGS, str(source), "-o", str(target)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchError(f"{compiler} cannot be run ({error.strerror}); a C compiler would be right") from None
    if done.returncode:
        raise BenchError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr}")
    return _program(ctypes.CDLL(str(target)))


def _program(library: ctypes.CDLL) -> Program:
    pointer = ctypes.c_void_p
    simulate = library.simulate
    simulate.argtypes = [pointer, ctypes.c_size_t, pointer, pointer, pointer, ctypes.c_int, pointer]
    simulate.restype = None

    def program(addresses: array[int], tables: Tables) -> tuple[float, Counts]:
        counts = array("Q", bytes(8 * len(Counts._fields)))
        views = [_address(words.view) for words in (tables.entries, tables.ept, tables.places)]
        given = (_address(memoryview(addresses)), len(addresses), *views, tables.mode == NESTED)
        start = time.thread_time()
        simulate(*given, _address(memoryview(counts)))
        return time.thread_time() - start, Counts(*counts)

    return program


def _address(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))
