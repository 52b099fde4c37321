"""A confined process: what it gets, what it sees, what is known of it afterwards."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies

from notekit import sandbox
from notekit.model import Exceeded, NamedFile
from notekit.sandbox import ENVIRONMENT, WORK, Limits, SandboxError, Stopped, execute, folder, process
from notekit.sandbox.launch import NOBODY, launcher
from tests.notekit.confinement import (
    MARK,
    as_ordinary_user,
    bash,
    children,
    descriptors,
    processes_with,
    python,
    seconds,
)

HOOKS = Path(sandbox.__file__).parents[2]


def test_both_streams_and_the_status_come_back_apart() -> None:
    """Standard output, standard error and the exit status are told apart."""
    done = bash("echo out; echo error >&2; exit 3")
    assert (done.stdout, done.stderr, done.exit, done.exceeded) == (b"out\n", b"error\n", 3, None)


def test_merged_streams_keep_their_order() -> None:
    """With both streams in one, what was written first comes first."""
    done = bash("for i in 1 2 3; do echo $i; echo $i >&2; done", merge_output=True)
    assert (done.stdout, done.stderr) == (b"1\n1\n2\n2\n3\n3\n", b"")


def test_a_signal_is_128_and_its_number() -> None:
    """A program that a signal ends has the status that a shell would show."""
    assert bash("kill -SEGV $$").exit == 128 + signal.SIGSEGV


def test_a_command_that_does_not_exist_has_status_127() -> None:
    """A missing command ends as in a shell."""
    assert execute(["no-such-command"]).exit == 127


@hypothesis.given(strategies.binary(max_size=300))
@hypothesis.settings(max_examples=15)
def test_bytes_pass_unchanged(data: bytes) -> None:
    """Standard input reaches the program, and its output comes back, byte by byte."""
    assert execute(["cat"], stdin=data).stdout == data


def test_standard_input_is_empty_unless_given() -> None:
    """Without text for it, standard input is at its end."""
    assert bash("cat; readlink /proc/self/fd/0").stdout == b"/dev/null\n"


def test_more_output_than_a_pipe_holds_comes_back() -> None:
    """Output up to the limit comes back whole, from both streams at once."""
    done = bash("head -c 400000 /dev/zero; head -c 400000 /dev/zero >&2")
    assert (len(done.stdout), len(done.stderr), done.exceeded) == (400_000, 400_000, None)


def test_the_environment_is_the_sandbox_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the builder's environment is there, and all that is promised."""
    monkeypatch.setenv("BUILDER_TOKEN", "hidden")
    found = dict(line.split("=", 1) for line in execute(["env"]).stdout.decode().splitlines())
    assert {**found, "SHLVL": "", "_": ""} == {**ENVIRONMENT, "PWD": WORK, "SHLVL": "", "_": ""}


def test_the_user_is_an_ordinary_one_without_capabilities() -> None:
    """The program runs as a plain user with a name, and can become nobody else."""
    done = bash(
        "id -un; id -u; grep -c 'Cap.*:.0000000000000000$' /proc/self/status; grep NoNewPrivs /proc/self/status"
    )
    assert done.stdout == b"user\n1000\n5\nNoNewPrivs:\t1\n"


def test_the_program_holds_three_descriptors() -> None:
    """Nothing but the standard streams is open in a new program."""
    assert python("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])").stdout == b"[0, 1, 2]\n"


def test_streams_can_be_opened_by_name() -> None:
    """/dev/stdout and /dev/stderr work, whoever the builder is."""
    done = bash("echo out >/dev/stdout; echo error >/dev/stderr")
    assert (done.stdout, done.stderr) == (b"out\n", b"error\n")


def test_output_is_no_terminal() -> None:
    """There is no terminal, neither as a stream nor to be opened."""
    assert bash("test -t 0 || test -t 1 || test -t 2 || : </dev/tty").exit == 1


def test_named_files_are_there_and_nothing_else() -> None:
    """The working directory holds the files that were named, with their contents and permissions."""
    files = (NamedFile("run", b"#!/bin/sh\necho ran\n", executable=True), NamedFile("a/b/text", b"hello"))
    old = os.umask(0o077)
    try:
        done = bash("find . -printf '%p %m %u\\n' | sort; ./run; cat a/b/text; pwd; echo more >>a/b/text", files=files)
    finally:
        os.umask(old)
    listed = b". 755 user\n./a 755 user\n./a/b 755 user\n./a/b/text 644 user\n./run 755 user\n"
    assert done.stdout == listed + b"ran\nhello" + WORK.encode() + b"\n"


def test_files_that_do_not_fit_exceed_the_disk() -> None:
    """More bytes of files than the disk has room for is that limit, by its name."""
    done = execute(["true"], files=[NamedFile("big", b"x" * 200_000)], limits=Limits(disk=100 << 10))
    assert (done.exit, done.exceeded) == (None, Exceeded("disk", "100 KiB"))


def test_files_are_made_with_the_sandbox_s_umask() -> None:
    """The builder's umask does not show in an example."""
    old = os.umask(0o077)
    try:
        assert bash("touch new; stat -c %a new").stdout == b"644\n"
    finally:
        os.umask(old)


def test_the_builder_s_limits_do_not_show() -> None:
    """What ulimit says is the same, whatever the builder's own limits are."""
    said = bash("ulimit -n; ulimit -s; ulimit -c").stdout
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 100, hard))
    try:
        assert bash("ulimit -n; ulimit -s; ulimit -c").stdout == said == b"1024\n8192\n0\n"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_signals_that_the_builder_ignores_work_inside() -> None:
    """`nohup` around the builder changes no example."""
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert bash("kill -HUP $$; echo alive").exit == 128 + signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, old)


def test_a_file_larger_than_everything_can_be_sparse() -> None:
    """A sparse file of a terabyte is possible in the sandbox."""
    assert bash("truncate -s 1T big; stat -c '%s %b' big").stdout == b"1099511627776 0\n"


def test_kernel_keys_and_hidden_memory_are_refused() -> None:
    """The builder's keys cannot be read, nor memory taken that nothing would count."""
    script = """
import ctypes, platform
numbers = {"x86_64": (250, 29), "aarch64": (219, 194)}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
print([(libc.syscall(number, 0, 4096, 0o1600), ctypes.get_errno()) for number in numbers])
"""
    assert python(script).stdout == b"[(-1, 38), (-1, 38)]\n"


def test_files_are_read_back() -> None:
    """What a program leaves in its directory comes back, up to the size that was allowed."""
    wanted = [("a/new", 5), ("large", 5), ("missing", 5)]
    done = bash("mkdir a; echo 1234 >a/new; echo 12345 >large", collect=wanted)
    assert done.files == {"a/new": b"1234\n"}


def test_only_regular_files_are_read_back(tmp_path: Path) -> None:
    """A link, a link on the way, a FIFO, a folder, or a device is not read, and nothing waits for it."""
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "way").symlink_to(tmp_path)
    (inside / "folder").mkdir()
    os.mkfifo(inside / "fifo")
    handle = os.open(inside, os.O_PATH)
    try:
        names = ("link", "way/secret", "folder", "fifo", "missing", "folder/missing")
        assert [folder.read(handle, name, 100) for name in names] == [None] * 6
    finally:
        os.close(handle)


def test_nothing_is_left_behind() -> None:
    """After many executions at once, each has its own answer, and no descriptor or child is left."""
    before = descriptors(), children()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: bash(f"echo {number}; sleep 0.05").stdout, range(48)))
    assert answers == [f"{number}\n".encode() for number in range(48)]
    assert (descriptors(), children()) == before


def test_an_ordinary_user_can_run_it() -> None:
    """Without root, the same is confined in the same way, and the same limits hold."""

    def tried() -> list[object]:
        done = bash("id -u; cat given; echo error >/dev/stderr", files=[NamedFile("given", b"here\n")])
        hog = python("x = bytearray(b'1') * (2 << 30)", limits=Limits(memory=64 << 20))
        bomb = bash(":(){ :|:& };:")
        return [done.stdout, done.stderr, hog.exceeded, bomb.exceeded]

    assert as_ordinary_user(tried) == [
        b"1000\nhere\n",
        b"error\n",
        Exceeded("memory", "64 MiB"),
        Exceeded("processes", "64"),
    ]


@pytest.fixture
def stopping() -> Iterator[None]:
    """Lets executions go on after the test."""
    yield
    sandbox.start_again()


@pytest.mark.usefixtures("stopping")
def test_all_can_be_killed_at_once() -> None:
    """kill_all ends what runs, what starts, and what would start later, in well under a deadline."""
    outcomes: list[str] = []
    before = children()

    def attempt() -> None:
        try:
            execute(["sleep", MARK])
            outcomes.append("ended")
        except Stopped:
            outcomes.append("stopped")

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + 20
    while not processes_with(f"sleep {MARK}") and time.monotonic() < give_up:
        time.sleep(0.01)
    sandbox.kill_all()
    for thread in threads:
        thread.join(timeout=9)
    attempt()
    assert (outcomes, children()) == (["stopped"] * 9, before)
    # What was killed while it started is not waited for.
    while processes_with(MARK) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert processes_with(MARK) == []


def test_nothing_runs_without_its_builder() -> None:
    """A launcher whose builder is gone before the start runs nothing."""
    say, hear = os.pipe(), os.pipe()
    os.close(hear[1])
    script = launcher(Limits(), say[1], hear[0])
    done = subprocess.run(
        ["bash", "-c", script, "bash", "echo", "ran"], pass_fds=(say[1], hear[0]), capture_output=True
    )
    for descriptor in (*say, hear[0]):
        os.close(descriptor)
    assert done.stdout == b""


def test_examples_die_with_the_builder() -> None:
    """A builder that is killed leaves none of its examples running."""
    script = f"from notekit.sandbox import execute; execute(['sleep', '{MARK}'])"
    builder = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(HOOKS)})
    program = f"sleep {MARK}"
    give_up = time.monotonic() + 20
    while not any(line.startswith(program) for line in processes_with(program)) and time.monotonic() < give_up:
        time.sleep(0.01)
    started = processes_with(program)
    builder.kill()
    builder.wait()
    while processes_with(program) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert (len(started) > 1, processes_with(program)) == (True, [])


def test_an_example_is_never_root_outside() -> None:
    """Whoever the builder is, the processes of an example belong to an ordinary user of the machine."""
    owners: set[int] = set()

    def look(status: int, printed: int) -> tuple[bytes, float | None] | None:
        owners.update(path.stat().st_uid for path in Path("/proc").glob("[0-9]*") if MARK in named(path))
        return None

    def named(path: Path) -> str:
        return (path / "cmdline").read_text(errors="replace") if (path / "cmdline").exists() else ""

    execute(lambda say, hear: ("bash", "-c", f"echo step 0 >{say}; read -r x <{hear}; : {MARK}"), dialogue=look)
    assert owners == {os.geteuid() or NOBODY}


def test_a_program_that_asks_gets_answers() -> None:
    """A program working in steps is told its next one when all that it printed is known."""
    seen: list[tuple[int, int]] = []

    def answer(status: int, printed: int) -> tuple[bytes, float | None] | None:
        seen.append((status, printed))
        return (b"go\n", None) if len(seen) < 3 else None

    def command(say: str, hear: str) -> tuple[str, ...]:
        return ("bash", "-c", f"for i in 1 2 3 4; do echo $i; echo step 1$i >{say}; read -r x <{hear}; done")

    done = execute(command, dialogue=answer)
    assert (seen, done.stdout, done.exit) == ([(11, 2), (12, 4), (13, 6)], b"1\n2\n3\n", None)


def test_the_probe_finds_that_this_machine_can() -> None:
    """Where these tests run, the probe has nothing to say."""
    assert sandbox.probe() is None


def test_a_missing_bubblewrap_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap nothing runs, and the reason names the package."""
    monkeypatch.setattr(process.shutil, "which", lambda *_args, **_more: None)
    with pytest.raises(SandboxError) as caught:
        execute(["true"])
    assert sandbox.explain(str(caught.value)) == "bubblewrap is not installed; apt-get install bubblewrap"


def test_bubblewrap_s_own_complaint_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that does not start says why, and nothing runs."""
    monkeypatch.setattr(process.layout, "arguments", lambda *_: ["--no-such-option"])
    with pytest.raises(SandboxError, match="Unknown option --no-such-option"):
        execute(["true"])


@pytest.mark.parametrize(
    ("setting", "value", "cure"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_the_setting_that_forbids_namespaces_is_named(tmp_path: Path, setting: str, value: str, cure: str) -> None:
    """Where one setting of the kernel forbids a namespace, the explanation says how to change that one."""
    path = tmp_path / setting
    path.parent.mkdir()
    path.write_text(value + "\n")
    told = sandbox.explain("bwrap: setting up uid map: Permission denied", tmp_path)
    expected = "bubblewrap cannot make a namespace (setting up uid map: Permission denied); sudo sysctl -w "
    assert told == expected + cure


@pytest.mark.parametrize(
    ("complaint", "cure"),
    [
        ("bwrap: Unknown option --disable-userns", "install version 0.8.0 or later"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "systempaths=unconfined"),
        ("bwrap: No permissions to create new namespace", "seccomp=unconfined"),
    ],
)
def test_what_a_container_forbids_is_named(tmp_path: Path, complaint: str, cure: str) -> None:
    """Where no setting forbids it, the explanation names the container's option or the version."""
    assert cure in sandbox.explain(complaint, tmp_path)


def test_limits_are_named_as_people_say_them() -> None:
    """What was allowed reads as in a sentence."""
    limits = Limits(seconds=1.5)
    names = ("deadline", "memory", "processes", "disk", "output")
    assert [limits.exceeded(name).allowed for name in names] == ["1.5 s", "512 MiB", "64", "64 MiB", "1 MiB"]  # type: ignore[arg-type]


def test_time_is_measured_from_the_start() -> None:
    """The seconds of an execution are those of its program."""
    assert 0.2 <= bash("sleep 0.2", limits=seconds(60)).seconds < 60
