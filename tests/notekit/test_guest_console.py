"""Console blocks in a guest: two users, their shells, a session, and the machine that a note names."""

from __future__ import annotations

import datetime
import re

import pytest

from notekit import runners
from notekit.model import NamedFile, Output, Unit
from notekit.parse.machine import read_machine
from notekit.runners import _guest
from notekit.runners.console import Talk
from notekit.runners.guest_console import _Order
from notekit.sandbox.layout import USER_ID
from tests.notekit.guests import block, outcome, printed
from tests.notekit.units import example, run


def test_a_prompt_says_who_types() -> None:
    """`# ` is root's and `$ ` an ordinary user's, each in the example's directory with a home of its own."""
    assert printed("# id -u; pwd; echo $HOME", "$ id -u; pwd; echo $HOME", "$ touch mine; stat -c %U mine .") == [
        ("0\n/home/user/work\n/root\n", 0),
        ("1000\n/home/user/work\n/home/user\n", 0),
        ("user\nuser\n", 0),
    ]


def test_each_user_s_shell_goes_on_where_it_was() -> None:
    """Variables, directory and the last status stay from command to command of one user's, whatever the other did."""
    found = printed("$ x=5; cd /; false", '# echo "[$x]"; pwd', "$ echo $? $x; pwd", "# exit 3")
    assert found == [("", 1), ("[]\n/home/user/work\n", 0), ("1 5\n/\n", 0), ("", 3)]


@pytest.mark.parametrize("asked", [[0, USER_ID], [USER_ID, 0]])
def test_whichever_shell_asks_first_the_commands_go_on(asked: list[int]) -> None:
    """With several processors the shell that is not needed yet may be the later one to ask: it waits, and the other's
    next command comes when that asks."""
    (made,) = [block("$ one", "$ two", "# three")]
    order = _Order((made,), Talk((made,), limits_of=_guest.limits_of))
    said = [order(user, 0, 0) for user in (*asked, USER_ID, USER_ID)]
    assert [(step.text.rstrip(b"\0"), step.user) for step in said if step and step.text] == [
        (b"one", USER_ID),
        (b"two", USER_ID),
        (b"three", 0),
    ]
    assert order(0, 0, 0) is None


def test_what_is_printed_stays_in_order() -> None:
    """Standard output and error, of both shells, arrive in the order in which they were written."""
    lines = "".join(f"{number}\n" for number in range(2000))
    found = printed(
        "# for n in $(seq 0 1999); do echo $n >&$((n % 2 + 1)); done", "$ echo last", "# (sleep 0.2; echo late) &"
    )
    assert found == [(lines, 0), ("last\n", 0), ("", 0)]


def test_a_block_finds_its_files() -> None:
    """Files of the note's folder lie in the working directory, with their folders; an executable one runs."""
    files = (NamedFile("a/data", b"\x00\xffdata" * 50_000), NamedFile("run", b"#!/bin/sh\necho ran\n", executable=True))
    assert printed("$ ./run; wc -c <a/data; ls -A", files=files) == [("ran\n300000\na\nrun\n", 0)]


def test_blocks_are_strangers_and_a_session_is_one() -> None:
    """A block finds nothing of another's; the blocks of a session share one guest."""
    printed("# echo here >~/trace; modprobe dummy")
    assert printed("# test -e ~/trace; echo $?; lsmod | grep -c dummy") == [("1\n0\n", 1)]
    first, second = run(
        block("# v=1; modprobe dummy", session="s"), block("# echo $v; lsmod | grep -c ^dummy", session="s")
    )
    assert (first.commands[0].exit, second.commands[0].text) == (0, b"1\n1\n")


def test_clones_differ_where_machines_do() -> None:
    """Two clones of one template have the host's time, and random numbers of their own."""
    first, second = (printed("# date +%s; cat /proc/sys/kernel/random/uuid")[0][0].split() for _ in range(2))
    assert abs(int(first[0]) - datetime.datetime.now().timestamp()) < 60
    assert first[1] != second[1]


def test_a_command_word_has_the_guest_s_version() -> None:
    """QEMU, the kernel, and the guest's own programs that a block calls are among the versions; it is in the key."""
    output = outcome("# rdmsr --version; lsmod >/dev/null")
    names = {name for name, _ in output.versions}
    assert {"bash", "lsmod", "qemu-system-x86_64", "rdmsr"} <= names
    assert [name for name in names if re.fullmatch(r"linux-image-6\.1\.0-\d+-cloud-amd64", name)]
    one, other = (
        runners.for_example(example).environment(Unit((example,)))
        for example in (block("# true"), block("# true", machine=read_machine("smp=2")))
    )
    assert one != other
    assert one == runners.for_example(block("# true")).environment(Unit((block("# true"),)))


@pytest.mark.parametrize(
    ("words", "command", "expected"),
    [
        ("smp=sockets=2,cores=2,threads=2 cpu=SandyBridge", "lscpu -p=SOCKET,CORE,CPU | tail -1", "1,3,7\n"),
        ("memory=512M", "awk '/MemTotal/ { print ($2 > 400000) }' /proc/meminfo", "1\n"),
        ("disk=8M", "modprobe virtio_blk; blockdev --getsize64 /dev/vda", "8388608\n"),
        ("cpu=Icelake-Server", "grep -o -m 1 'Xeon.*' /proc/cpuinfo", "Xeon Processor (Icelake)\n"),
    ],
)
def test_a_note_names_its_machine(words: str, command: str, expected: str) -> None:
    """Topology, memory, a second disk and the CPU model are what the block says."""
    assert printed(f"# {command}", machine=read_machine(words)) == [(expected, 0)]


def test_a_guest_s_clocks_may_be_ahead() -> None:
    """Both clocks are as many seconds ahead of the host's as the block says."""
    found = printed(
        "# date +%s; date +%s -d @$(cat /sys/class/rtc/rtc0/since_epoch)", machine=read_machine("clock=+3600")
    )
    now = datetime.datetime.now().timestamp()
    assert all(3000 < int(one) - now < 3660 for one in found[0][0].split())


def test_a_guest_may_be_rebooted_in_the_middle() -> None:
    """With `reboot` a reboot ends its command, the shells begin anew, and what lies on an NVDIMM is still there."""
    found = printed(
        "# modprobe -a nfit nd_pmem; echo kept >/dev/pmem0; v=1; cat /proc/sys/kernel/random/boot_id",
        "# sync; echo b >/proc/sysrq-trigger; sleep 100",
        '# modprobe -a nfit nd_pmem; head -1 /dev/pmem0; echo "[$v]"; pwd; cat /proc/sys/kernel/random/boot_id',
        machine=read_machine("nvdimm=16M reboot"),
    )
    assert [status for _, status in found] == [0, 0, 0]
    *kept, boot = found[2][0].splitlines()
    assert kept == ["kept", "[]", "/home/user/work"]
    assert boot != found[0][0].strip()


def test_a_cpu_that_qemu_does_not_know_breaks_its_example_only() -> None:
    """A wrong CPU model is told of in QEMU's words; other machines run."""
    output: Output = outcome("# true", machine=read_machine("cpu=Nonesuch"))
    assert output.broken == "the guest does not boot: QEMU ended: unable to find CPU model 'Nonesuch'"
    assert printed("# true") == [("", 0)]


@pytest.mark.parametrize(
    "command",
    [
        "echo $0 $- $# $PWD $HOME $USER",
        "false; echo $?",
        "(exit 3) | true; echo ${PIPESTATUS[@]}",
        "f() { return 4; }; f",
        "for n in 1 2; do echo $n; break; done; echo $n",
        "if then",
        "echo 'never closed",
        "cat <<END\nhere\nEND",
        "${nothing?is not set}",
        "no-such-command",
        "/etc/passwd",
        "kill -TERM $$",
        "exec true",
        "echo $((1 / 0))",
        "local x",
        "trap 'echo trapped $?' ERR; false; echo on",
        "set -e; false; echo off",
        "set -x; echo traced",
        "echo $LINENO ${BASH_LINENO[*]} ${#FUNCNAME[*]}\necho $LINENO",
        "trap 'echo bye' EXIT; exit 5",
        "shopt -s nullglob; echo *.none",
        "sleep 0.2 & wait; echo ${!:+job}",
        "read x; echo $?",
        "ulimit -c; ulimit -n; umask",
    ],
)
def test_a_shell_in_a_guest_is_as_on_the_host(command: str) -> None:
    """Whatever a command says of its shell, breaks or ends, in a guest it comes to what it comes to on the host."""
    (expected,) = run(example("console", commands=(command, "echo after $?")))
    output = outcome(f"$ {command}", "$ echo after $?")
    assert [(one.text, one.exit) for one in output.commands] == [(one.text, one.exit) for one in expected.commands]


def test_what_shells_draw_by_lot_differs() -> None:
    """Shells that waited in one template do not draw the same numbers, and have not waited for anyone's seconds."""
    first, second = (printed("$ echo $RANDOM $RANDOM $SECONDS")[0][0].split() for _ in range(2))
    assert first[:2] != second[:2]
    assert int(first[2]) < 60


def test_shells_that_nobody_needs_may_go() -> None:
    """Root may end every other process, also the shell that waits for a user who does not come."""
    assert printed("# kill -9 -1; sleep 0.2; pgrep -c bash", "# echo on") == [("1\n", 0), ("on\n", 0)]
