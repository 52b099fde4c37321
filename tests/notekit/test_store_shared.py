"""A store that several builds use: what is removed and what is not, and what a build leaves that dies in the middle."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from notekit.model import Output
from notekit.store import Store
from notekit.store.contents import contents
from notekit.store.eviction import entries, evict

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
OUTPUT = Output(stdout=b"x" * 600, exit=0)
HEAD = """
import os, sys, time
from pathlib import Path
from notekit.model import Output
from notekit.store import Store
"""
LONG_AGO = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with three entries, of which A was used last, long ago."""
    store = Store(tmp_path / "store")
    for number, key in enumerate((C, B, A)):
        assert store.put(key, (OUTPUT,))
        os.utime(path_of(store.root, key), (LONG_AGO, LONG_AGO + number))
    return store.root


def path_of(root: Path, key: str) -> Path:
    return root / key[:2] / f"{key}.json"


def kept(root: Path) -> str:
    """The first letters of the keys that are there."""
    return "".join(sorted(file.key[0] for file in entries(root)))


def size(root: Path, number: int) -> int:
    """Room for that many of the entries."""
    return number * path_of(root, A).stat().st_size


def script(text: str, *arguments: object) -> list[str]:
    """A command that runs a Python program with our modules at hand."""
    return [sys.executable, "-c", HEAD + text, *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_what_was_used_longest_ago_goes_first(root: Path) -> None:
    """A store that is too large loses the entries that were used longest ago, and no more than it must."""
    evict(root, size(root, 3))
    assert kept(root) == "abc"
    evict(root, size(root, 2))
    assert kept(root) == "ab"
    evict(root, size(root, 2) - 1)
    assert kept(root) == "a"


def test_reading_is_using(root: Path) -> None:
    """An entry that a build has read counts as used now."""
    assert Store(root).get(C) == (OUTPUT,)
    evict(root, size(root, 2))
    assert kept(root) == "ac"


def test_looking_at_a_store_is_not_using_it(root: Path) -> None:
    """`notes store` changes nothing about what goes first."""
    assert [held.key for held in contents(root).held] == [A, B, C]
    evict(root, size(root, 2))
    assert kept(root) == "ab"


def test_the_end_of_a_build_brings_the_store_within_its_bound(root: Path) -> None:
    """A build with a bound leaves what it has used, and of the rest what there is room for."""
    with Store(root, size(root, 2)) as store:
        assert store.get(C)
    assert (kept(root), store.problems) == ("ac", ())


def test_nothing_that_a_running_build_uses_is_removed(root: Path) -> None:
    """What another build has read or put since it began stays, whatever the bound; the rest goes."""
    with Store(root) as other:
        assert other.get(C)
        assert other.put("d" * 64, (OUTPUT,))
        with Store(root, 0) as store:
            pass
        assert kept(root) == "cd"
        over = 2 * path_of(root, C).stat().st_size
        assert store.problems == (f"{root}: {over} bytes over store_size, all used by builds that run now",)
    with Store(root, 0):
        pass
    assert kept(root) == ""


def test_a_store_with_room_loses_nothing(root: Path) -> None:
    """Without a bound, or within it, everything stays."""
    with Store(root):
        pass
    with Store(root, size(root, 3)):
        pass
    assert kept(root) == "abc"


DIES = """
with Store(Path(sys.argv[1])) as store:
    store.get(sys.argv[2])
    (store.root / "aa" / ".half-written").write_text("{")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_build_holds_nothing_back(root: Path) -> None:
    """While a build lives, what it uses and what it is writing stays; once it was killed, that goes like the rest."""
    with subprocess.Popen(script(DIES, root, A), stdout=subprocess.PIPE, env=environment()) as build:
        assert build.stdout is not None
        assert build.stdout.readline() == b"ready\n"
        evict(root, 0)
        assert (kept(root), (root / "aa/.half-written").exists(), contents(root).builds) == ("a", True, 1)
        build.kill()
    evict(root, 0)
    assert (kept(root), (root / "aa/.half-written").exists(), contents(root).builds) == ("", False, 0)
    assert list((root / "running").iterdir()) == []


READER = """
root, key = Path(sys.argv[1]), sys.argv[2]
until = time.monotonic() + float(sys.argv[3])
rounds = 0
while time.monotonic() < until:
    with Store(root) as store:
        if store.get(key) is None:
            assert store.put(key, (Output(stdout=b"x" * 600, exit=0),))
        for _ in range(20):
            assert store.get(key) == (Output(stdout=b"x" * 600, exit=0),), "an entry in use was removed"
        assert store.problems == ()
    rounds += 1
print(rounds)
"""
EVICTOR = """
from notekit.store.eviction import evict
until = time.monotonic() + float(sys.argv[2])
rounds = 0
while time.monotonic() < until:
    evict(Path(sys.argv[1]), 0)
    rounds += 1
print(rounds)
"""


def test_an_entry_is_not_removed_while_it_is_read(root: Path) -> None:
    """Builds that read an entry again and again find it each time, while another process removes all that it may."""
    commands = [script(READER, root, A, 2), script(READER, root, A, 2), script(EVICTOR, root, 2)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) for command in commands]
    rounds = [int(process.communicate(timeout=60)[0] or 0) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert min(rounds) > 3


PUTS = """
store = Store(Path(sys.argv[1])).__enter__()
for number in range(10_000):
    key = f"{number:064x}"
    assert store.put(key, (Output(stdout=bytes([number % 256]) * 3000, exit=0),))
    print(key, flush=True)
"""


def test_a_build_killed_at_any_moment_loses_nothing_that_it_had_kept(tmp_path: Path) -> None:
    """Each entry that was reported as kept is whole after SIGKILL, no other is half there, and the litter goes."""
    chance = random.Random(24)
    for attempt in range(12):
        root = tmp_path / str(attempt)
        with subprocess.Popen(script(PUTS, root), stdout=subprocess.PIPE, env=environment()) as build:
            assert build.stdout is not None
            build.stdout.readline()
            time.sleep(chance.uniform(0, 0.05))
            build.kill()
            reported = [f"{0:064x}", *build.stdout.read().decode().split("\n")[:-1]]
        found = contents(root)
        assert found.damaged == ()
        assert {held.key for held in found.held} >= set(reported)
        for number, key in enumerate(reported):
            (output,) = Store(root).get(key) or ()
            assert output.stdout == bytes([number % 256]) * 3000
        evict(root, 1 << 30)
        assert [path for path in root.glob("*/.*") if path.is_file()] == []


FULL = """
store = Store(Path("/full/store"))
said = {}
for number in range(200):
    key = f"{number:064x}"
    said[key] = store.put(key, (Output(stdout=b"x" * 2000, exit=0),))
assert [store.get(key) is not None for key in said] == list(said.values())
print(sum(said.values()), len(list(store.root.glob("*/.*"))), *store.problems)
"""


def confined(mount: list[str], text: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A script where our modules can be read, nothing can be written, and ``mount`` is there too."""
    folders = ("/usr", "/lib", "/lib64", "/bin", sys.prefix, sys.base_prefix, *sys.path)
    binds = [
        word for folder in dict.fromkeys(folders) if Path(folder).is_dir() for word in ("--ro-bind", folder, folder)
    ]
    command = ["bwrap", "--unshare-user", *binds, "--proc", "/proc", "--dev", "/dev", *mount, "--"]
    command += script(text, *arguments)
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)


def test_on_a_full_file_system_what_is_kept_is_whole() -> None:
    """On a file system with 256 KiB, each result is either kept and whole or said not to be; no half of one remains."""
    done = confined(["--size", "262144", "--tmpfs", "/full"], FULL)
    assert done.returncode == 0, done.stderr
    number, litter, *problem = done.stdout.split(" ", 2)
    assert 10 < int(number) < 150
    assert litter == "0"
    assert problem == ["/full/store: No space left on device\n"]


READ_ONLY = """
with Store(Path("/kept"), 0) as store:
    assert store.get(sys.argv[1]) == (Output(stdout=b"x" * 600, exit=0),)
    assert not store.put("d" * 64, (Output(exit=0),))
print(*store.problems)
"""


def test_a_store_that_is_read_only_still_gives_its_results(root: Path) -> None:
    """From a mount that is read only, results are read; nothing is kept or removed, and that is said."""
    done = confined(["--ro-bind", str(root), "/kept"], READ_ONLY, A)
    assert (done.stdout, done.stderr) == ("/kept: Read-only file system\n", "")
    assert kept(root) == "abc"
