"""Examples that mean harm, or that went wrong badly: each is contained and named, and leaves nothing behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notekit.model import Exceeded
from notekit.sandbox import Execution, Limits
from tests.notekit.confinement import MARK, bash, children, descriptors, processes_with, python, seconds

SMALL = Limits(seconds=20, memory=128 << 20, processes=32, disk=4 << 20, output=1 << 16)

HOG = "x = bytearray(b'1') * (4 << 30)"
MANY_SMALL_HOGS = """
import os, time
for _ in range(20):
    if os.fork() == 0:
        x = bytearray(b"1") * (20 << 20)
        time.sleep(60)
os.wait()
"""
SHARED_HOG = "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1"
FILE_IN_MEMORY = "import os\nf = os.memfd_create('x')\nwhile True: os.write(f, bytes(1 << 20))"
EMPTY_FILES = "from itertools import count\nfor i in count(): open(f'/tmp/{i}', 'w').close()"
MANY_CHILDREN = "import subprocess\n[subprocess.Popen(['sleep', '60']) for _ in range(200)]"
MANY_THREADS = """
import threading, time
for _ in range(100):
    threading.Thread(target=time.sleep, args=(60,)).start()
"""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No process, zombie or descriptor is left by any of these tests."""
    before = descriptors(), children()
    yield
    assert (descriptors(), children(), processes_with(MARK)) == (*before, [])


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        (HOG, Exceeded("memory", "128 MiB")),
        (MANY_SMALL_HOGS, Exceeded("memory", "128 MiB")),
        (SHARED_HOG, Exceeded("memory", "128 MiB")),
        (FILE_IN_MEMORY, Exceeded("memory", "128 MiB")),
        (EMPTY_FILES, Exceeded("disk", "4 MiB")),
        (MANY_CHILDREN, Exceeded("processes", "32")),
        (MANY_THREADS, Exceeded("processes", "32")),
        ("import os\nwhile True: os.fork()", Exceeded("processes", "32")),
        ("while True: print('x' * 1000)", Exceeded("output", "64 KiB")),
    ],
    ids=[
        "memory hog", "many small hogs", "shared memory", "file in memory", "empty files",
        "many children", "many threads", "fork loop", "endless output",
    ],
)  # fmt: skip
def test_a_limit_is_named(script: str, limit: Exceeded) -> None:
    """What takes too much of something is ended, and the limit has its name."""
    done = python(script, limits=SMALL)
    assert (done.exceeded, done.exit) == (limit, None)


@pytest.mark.parametrize("place", [".", "/home/user", "/tmp", "/dev/shm"])
def test_every_disk_has_a_size(place: str) -> None:
    """Wherever one can write, the disk fills up at its limit, even where the program makes light of it."""
    done = bash(f"cat /dev/zero >{place}/x; exit 0", limits=SMALL)
    assert done.exceeded == Exceeded("disk", "4 MiB")


@pytest.mark.parametrize(
    "script",
    ["while :; do :; done", f"trap '' TERM INT HUP; sleep {MARK}", "kill -STOP $$"],
    ids=["loop", "deaf", "stopped"],
)
def test_what_does_not_end_is_ended(script: str) -> None:
    """An endless loop, a program that ignores signals, and one that stopped itself end at the deadline."""
    done = bash(script, limits=seconds(0.5))
    assert (done.exceeded, done.exit) == (Exceeded("deadline", "0.5 s"), None)


def test_a_bomb_in_the_background_is_named() -> None:
    """A process bomb whose first process ends at once, with success, is found all the same."""
    assert bash(":(){ :|:& };:").exceeded == Exceeded("processes", "64")


def test_output_is_cut_at_its_limit() -> None:
    """Of endless output, as much as the limit allows comes back, both streams counted together."""
    done = bash("yes & yes >&2", limits=SMALL)
    assert len(done.stdout) + len(done.stderr) == SMALL.output


def test_pages_that_processes_share_count_once() -> None:
    """Ten processes that share 40 MiB use 40 MiB, not 400."""
    script = """
import mmap, os, time
shared = mmap.mmap(-1, 40 << 20)
private = bytearray(b"1") * (40 << 20)
shared[:] = b"1" * len(shared)
for _ in range(10):
    if os.fork() == 0:
        time.sleep(0.3 + sum(shared[::4096]) * 0 + sum(private[::4096]) * 0)
        os._exit(0)
for _ in range(10):
    os.wait()
"""
    done = python(script, limits=Limits(seconds=20, memory=160 << 20))
    assert (done.exceeded, done.exit, done.stderr) == (None, 0, b"")


@pytest.mark.parametrize("path", ["/x", "/usr/x", "/usr/bin/x", "/etc/x", "/etc/passwd", "/dev/x", "/run/x", "/proc/x"])
def test_nothing_outside_can_be_written(path: str) -> None:
    """Neither the system nor the sandbox's own root takes a file."""
    assert bash(f"echo x >>{path}").exit == 1
    assert not Path("/x").exists()


def test_the_builder_s_home_and_files_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the builder's home, nor its temporary files, nor its users and passwords can be seen."""
    (tmp_path / "secret").write_text("secret-61803")
    monkeypatch.setenv("HOME", str(tmp_path))
    done = bash(f"cat {tmp_path}/secret ~/secret /etc/shadow; ls -A /root /home /tmp; wc -l </etc/passwd")
    assert (b"secret-61803" in done.stdout, done.stdout) == (False, b"/home:\nuser\n\n/tmp:\n3\n")


def test_the_builder_s_environment_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process that can be seen inside has a variable of the builder's."""
    monkeypatch.setenv("BUILDER_TOKEN", "secret-61803")
    done = bash("cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'; ls -d /proc/[0-9]* | wc -l")
    assert b"LANG=C.UTF-8" in done.stdout
    assert b"secret-61803" not in done.stdout
    assert int(done.stdout.split()[-1]) < 10


def test_a_server_on_the_builder_cannot_be_reached() -> None:
    """Neither the builder's loopback interface nor its abstract sockets are there, and no other network."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(f"\0pagewalk-{MARK}")
        local.listen()
        script = f"""
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
                        (socket.AF_UNIX, "\\0pagewalk-{MARK}"), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        socket.socket(family).connect(address)
        print("reached")
    except OSError as error:
        print(error.strerror)
"""
        assert python(script).stdout == b"Connection refused\nConnection refused\nNetwork is unreachable\n"


def test_a_child_does_not_outlive_its_parent() -> None:
    """A child in a session of its own, ignoring signals, is dead when the result is there."""
    script = f"trap '' HUP TERM INT; (setsid sleep {MARK} >/dev/null 2>&1 &); sleep 0.1; echo parent ends"
    assert bash(script).stdout == b"parent ends\n"
    assert processes_with(MARK) == []


def test_a_daemon_that_holds_the_output_does_not_delay_the_end() -> None:
    """A child that keeps the pipe open and writes to it for ever does not hold up its parent's result."""
    done = bash(f"(setsid yes {MARK} &) ; exit 4", limits=seconds(30))
    assert done.exit == 4 or done.exceeded == Exceeded("output", "1 MiB")
    assert done.seconds < 15


@pytest.mark.parametrize(
    "script",
    ["kill -9 -1; sleep 5", "kill -9 2; sleep 5", f"kill -STOP -1; sleep {MARK}"],
    ids=["kill all", "kill the launcher", "stop all"],
)
def test_signals_to_everyone_stay_inside(script: str) -> None:
    """Signals to all processes reach none outside, and the run comes to an end."""
    done = bash(script, limits=seconds(1))
    assert done.exit in (None, 0, 137)
    assert done.seconds < 15


def test_closing_and_filling_every_descriptor_harms_nobody() -> None:
    """A program that writes to, and closes, every descriptor it can find ends as any other."""
    script = """
import os
for number in range(1, 1024):
    try:
        os.write(number, b"exit 0\\nstep 0\\n")
        os.close(number)
    except OSError:
        pass
os._exit(7)
"""
    assert python(script).exit == 7


def test_a_program_can_forge_no_more_than_its_own_end() -> None:
    """What is written to the launcher's own pipes, however long or odd, is at most an exit status."""
    script = "for p in /proc/2/fd/*; do head -c 50000 /dev/zero >>$p; echo; echo exit 999999 >>$p; done; exit 3"
    done = bash(script, limits=seconds(1))
    assert done.exit in (None, 3, 999999 & 0xFF)


def test_no_process_of_the_sandbox_has_a_capability() -> None:
    """There is nothing to gain from tracing another process inside, the first one and the launcher among them."""
    done = bash("cat /proc/[0-9]*/status | grep -E '^Cap(Inh|Prm|Eff|Amb):' | sort -u | cut -f 2 | uniq")
    assert done.stdout == b"0000000000000000\n"


def test_only_the_sandbox_s_own_processes_exist() -> None:
    """The builder has no process number inside, so it can be neither signalled nor traced."""
    done = bash("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | cut -c -9; done")
    assert {line.split()[0] for line in done.stdout.decode().splitlines() if line} <= {
        "bwrap",
        "/usr/bin/",
        "/bin/bash",
        "bash",
        "tr",
        "cut",
    }


def test_no_namespace_can_be_made_inside() -> None:
    """A user namespace, the way to capabilities over the kernel, is refused."""
    assert bash("unshare --user --map-root-user true").exit == 1


def test_a_planted_link_is_not_read_back() -> None:
    """A link in the place of a file that is read back leads nowhere, to the system's files or to others."""
    names = ("link", "folder/passwd", "pipe", "device")
    script = "ln -s /etc/passwd link; ln -s /etc folder; mkfifo pipe; ln -s /dev/zero device; echo ok >plain"
    done = bash(script, collect=[(name, 1 << 20) for name in (*names, "plain")])
    assert done.files == {"plain": b"ok\n"}


def test_bytes_that_are_no_text_come_back_as_they_are() -> None:
    """Invalid UTF-8 and terminal escapes are bytes like others."""
    assert bash(r"printf 'a\xff\x1b[31m\0\xc3('").stdout == b"a\xff\x1b[31m\0\xc3("


def test_the_others_go_on() -> None:
    """While some examples do their worst, healthy ones run beside them and come out right."""

    def harm(script: str) -> Execution:
        return python(script, limits=SMALL)

    hostile = [HOG, MANY_CHILDREN, EMPTY_FILES, "while True: print('x')"]
    with ThreadPoolExecutor(4) as pool:
        bad = [pool.submit(harm, script) for script in hostile]
        good = [pool.submit(bash, f"echo {number}", limits=seconds(60)) for number in range(8)]
        assert [one.result().stdout for one in good] == [f"{number}\n".encode() for number in range(8)]
        assert [one.result().exceeded is not None for one in bad] == [True] * 4
