"""What can go wrong in a guest while an example runs: one clear line each, others unharmed, nothing left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from notekit import runners, sandbox, verify
from notekit.model import Exceeded, NamedFile
from notekit.sandbox import Stopped
from tests.notekit.guests import block, nothing_left, outcome, printed, qemus
from tests.notekit.units import example, run

# Interrupts off on the only CPU, for good: as a kernel hangs.
_HANG = b"""#include <linux/module.h>
static int __init hang_init(void) { local_irq_disable(); for (;;) cpu_relax(); return 0; }
module_init(hang_init);
MODULE_LICENSE("GPL");
"""
# Writes zeros over the agent's code, which is where process 1 goes on when it wakes.
_KILL_AGENT = (
    "IFS='- ' read -r from to _ <<<\"$(grep -m 1 ' r-xp ' /proc/1/maps)\"; "
    "head -c $((0x$to - 0x$from)) /dev/zero | dd of=/proc/1/mem seek=$((0x$from)) oflag=seek_bytes status=none"
)
# Takes the agent's own descriptor of the port: the port cannot be opened twice.
_IMPERSONATE = r"""
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    int agent = syscall(SYS_pidfd_open, 1, 0);
    for (int fd = 3; fd < 32; fd++) {
        char path[32], link[64] = "";
        sprintf(path, "/proc/1/fd/%d", fd);
        if (readlink(path, link, sizeof link - 1) > 0 && !strcmp(link, "/dev/vport0p1"))
            return write(syscall(SYS_pidfd_getfd, agent, fd, 0), GARBAGE, sizeof GARBAGE - 1) < 0;
    }
    return 2;
}
"""
_GARBAGE = ["what is this?", r"O\0\0\0\xff\xff\xff\xff", r"O\7\0\0\1\0\0\0x"]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Whatever a test does, its guest is gone afterwards, and another one runs."""
    with nothing_left():
        yield
        assert printed("# echo well") == [("well\n", 0)]


def test_a_panic_is_told_with_the_console() -> None:
    """The panic's own words are the reason; the console's lines from there on stand in the report."""
    panicking = block("# echo before", "# echo c >/proc/sysrq-trigger")
    (output,) = run(panicking)
    assert output.broken == "the guest's kernel panicked: sysrq triggered crash"
    assert "Kernel panic - not syncing: sysrq triggered crash" in output.log
    report = verify.report([verify.verify(panicking, output)])
    assert report.startswith("a/b/en.md:1: x could not be run: the guest's kernel panicked")
    assert "\n    console: [" in report


def test_an_agent_that_is_killed_is_told() -> None:
    """Process 1 overwritten by root is a panic of the guest's, and nothing worse."""
    assert "Attempted to kill init" in (outcome(f"# {_KILL_AGENT}").broken or "")


def test_a_kernel_that_hangs_is_ended_by_the_host() -> None:
    """The deadline is the host's: a guest whose clock stands still ends at it too."""
    files = (NamedFile("hang.c", _HANG),)
    output = outcome("# insmod hang.ko", files=files, modules=("hang.c",), timeout=2)
    assert (output.exceeded, output.broken) == (Exceeded("deadline", "2 s"), None)


def test_a_full_disk_is_the_guest_s_own_affair() -> None:
    """What is written beyond the guest's room fails there, with the kernel's own words."""
    found = printed("$ head -c 1G /dev/zero >big", "# rm big; df --output=pcent /home | tail -1")
    assert found == [("head: error writing 'standard output': No space left on device\n", 1), ("  0%\n", 0)]


def test_memory_is_the_guest_s_own_affair() -> None:
    """A process that takes more memory than there is is killed by the guest's kernel, and the shell goes on."""
    found = printed("$ tail /dev/zero", "# echo on")
    assert found[0][1] == 137
    assert found[1] == ("on\n", 0)


def test_a_flooded_console_does_no_harm() -> None:
    """Of a kernel that prints without end only the last is kept; the example is not disturbed."""
    flood = (
        "# dmesg -n 8; for n in $(seq 4000); do printf '<1>flood %0500d\\n' $n; done >/dev/kmsg; dmesg -n 1; echo done"
    )
    assert printed(flood) == [("done\n", 0)]


def test_output_has_a_limit() -> None:
    """An example that prints without end is stopped at the limit, which is named."""
    assert outcome("# yes").exceeded == Exceeded("output", "1 MiB")


@pytest.mark.parametrize("garbage", _GARBAGE)
def test_garbage_on_the_channel_ends_the_guest(garbage: str) -> None:
    """What root sends in the agent's place, and is no frame, ends the example with a line that says so."""
    assert printed("# echo x >/dev/vport0p1") == [("bash: line 1: /dev/vport0p1: Device or resource busy\n", 1)]
    (output,) = run(example("c", f'#define GARBAGE "{garbage}"\n{_IMPERSONATE}', runner="guest"))
    assert (output.broken or "").startswith("the guest sent what is no frame: b'")


def test_qemu_killed_from_outside_is_told() -> None:
    """Where QEMU is killed, say for want of memory, the example is broken and says so."""
    before = qemus()

    def kill() -> None:
        while not (found := qemus() - before):
            time.sleep(0.05)
        time.sleep(1)
        for number in found:
            os.kill(number, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    output = outcome("# sleep 100")
    killer.join()
    assert output.broken == "QEMU was ended from outside: exit 137 (SIGKILL)"


def test_a_guest_that_is_switched_off_is_told() -> None:
    """Power off, and a reboot that the note does not announce, end the example; that is what it says."""
    assert outcome("# echo o >/proc/sysrq-trigger; sleep 20").broken == "the guest was switched off"
    assert outcome("# echo b >/proc/sysrq-trigger; sleep 20").broken == "the guest was switched off"


def test_others_go_on_beside_a_fault() -> None:
    """Of units that run at a time one panics and the others pass."""
    blocks = [block("# echo c >/proc/sysrq-trigger"), *(block(f"# echo {number}") for number in range(4))]
    with ThreadPoolExecutor(3) as pool:
        first, *rest = (outputs[0] for outputs in pool.map(run, blocks))
    assert first.broken
    assert [one.commands[0].text for one in rest] == [b"0\n", b"1\n", b"2\n", b"3\n"]


def test_an_interrupt_ends_guests_at_once() -> None:
    """After kill_all the guest that runs is gone, and nothing new starts."""
    timer = threading.Timer(2, runners.kill_all)
    timer.start()
    try:
        with pytest.raises(Stopped):
            run(block("# sleep 300", timeout=300))
        with pytest.raises(Stopped):
            run(block("# true"))
    finally:
        timer.join()
        sandbox.start_again()
