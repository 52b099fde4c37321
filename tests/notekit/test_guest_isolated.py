"""From inside a guest nothing of the host can be read, written or reached but the channel; nor from inside QEMU."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notekit import guest
from notekit.guest import here
from notekit.guest.clone import clone
from notekit.guest.vm import Vm
from notekit.model import PLAIN
from notekit.sandbox import execute
from tests.notekit.confinement import ORDINARY_USER
from tests.notekit.guests import bash, qemus
from tests.site.project import REPOSITORY


def digest(descriptor: int) -> str:
    """Of all that a file holds."""
    found = hashlib.sha256()
    at = 0
    while part := os.pread(descriptor, 1 << 20, at):
        found.update(part)
        at += len(part)
    return found.hexdigest()


def test_a_guest_has_no_way_out() -> None:
    """There is no network but the guest's own loopback, and no device that shares files or sockets with the host."""
    done = bash(
        "ls /sys/class/net; cat /proc/net/route | wc -l; "
        "for one in /sys/bus/pci/devices/*; do cat $one/vendor $one/device | paste -s -; done; "
        "for one in /sys/bus/virtio/devices/*; do cat $one/device; done; ls /dev/vd* /dev/vsock /dev/kvm 2>&1 | wc -l"
    )
    lines = done.stdout.decode().splitlines()
    assert lines[:2] == ["lo", "1"]
    # The host bridge, the virtio console (1AF4:1003 or :1043) and the LPC bridge of q35; virtio device 3 is a console.
    assert set(lines[2:-2]) <= {"0x8086\t0x29c0", "0x8086\t0x2918", "0x1af4\t0x1003", "0x1af4\t0x1043"}
    assert lines[-2:] == ["0x0003", "3"]


def test_a_guest_cannot_change_what_others_start_from() -> None:
    """A guest that writes over all its memory leaves the template as it was."""
    with guest.borrowed(PLAIN) as template:
        before = digest(template.memory), digest(template.state)
        done = bash("head -c 90M /dev/zero | tr '\\0' x >/root/all; wc -c </root/all; echo changed >/etc/hostname")
        assert done.stdout == b"94371840\n"
        assert (digest(template.memory), digest(template.state)) == before
        for descriptor in (template.memory, template.state):
            with pytest.raises(PermissionError):
                os.pwrite(descriptor, b"x", 0)
    assert bash("cat /etc/hostname").stdout == b"guest\n"


@pytest.fixture
def running() -> Iterator[tuple[Vm, Path]]:
    """A clone, and its QEMU's folder in /proc."""
    before = qemus()
    with guest.borrowed(PLAIN) as template, clone(template) as vm:
        (number,) = qemus() - before
        yield vm, Path(f"/proc/{number}")


def test_qemu_is_confined(running: tuple[Vm, Path]) -> None:
    """QEMU has no rights, no system calls that it does not need, no network, and sees the system's programs only."""
    _, process = running
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert (status["CapEff"], status["CapPrm"], status["NoNewPrivs"]) == ("0" * 16, "0" * 16, "1")
    assert status["Seccomp"] == "2"
    links = [line.split(":")[0].strip() for line in (process / "net/dev").read_text().splitlines()[2:]]
    assert links == ["lo"]
    root = process / "root"
    assert {path.name for path in (root / "home").iterdir()} == {"user"}
    assert not list((root / "tmp").iterdir())
    assert not (root / REPOSITORY.relative_to("/")).exists()
    assert not (root / "dev/kvm").exists()


def test_qemu_has_descriptors_of_nothing_else(running: tuple[Vm, Path]) -> None:
    """Of ours it has the template, the kernel, sockets and pipes, and can write to none of the files."""
    _, process = running
    files = set()
    for link in (process / "fd").iterdir():
        target = os.readlink(link)
        flags = int((process / "fdinfo" / link.name).read_text().split("flags:")[1].split()[0], 8)
        if target.startswith(("socket:", "pipe:", "anon_inode:")) or target == "/dev/null":
            continue
        files.add(Path(target.removesuffix(" (deleted)")).name)
        if stat.S_ISREG(os.stat(link).st_mode) and not target.startswith("/memfd:"):
            assert flags & os.O_ACCMODE == os.O_RDONLY
    assert files <= {"memfd:guest-memory", "memfd:guest-state", "memfd:empty", "memfd:data", "kernel"}


def test_a_guest_is_ended_from_outside_only(running: tuple[Vm, Path]) -> None:
    """A clone that nobody speaks to stays, and is gone when its block ends."""
    vm, process = running
    vm.hear(time.monotonic() + 0.2)
    assert process.exists()


_ALONE = """
import os, sys
from pathlib import Path
from notekit import guest
from notekit.guest import GuestError
guest.settle(Path(sys.argv[1]))
assert os.getuid() == 12345 and not os.path.exists("/dev/kvm"), os.getuid()
print(guest.probe())
"""


def test_any_user_can_without_kvm(tmp_path: Path) -> None:
    """As an ordinary user without rights, and with no /dev/kvm to see, a guest is made, booted and cloned."""
    (tmp_path / "guest").mkdir()
    for name in ("images", "apt"):
        (tmp_path / "guest" / name).symlink_to(here.folder() / name)
    argv = [
        *("bwrap", "--bind", "/", "/", "--dev", "/dev", "--unshare-user"),
        *("--uid", str(ORDINARY_USER), "--gid", str(ORDINARY_USER), "--die-with-parent", "--"),
        *(sys.executable, "-c", _ALONE, str(tmp_path / "guest")),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "None\n", done.stdout + done.stderr
    assert list((tmp_path / "guest/templates").glob("*/template.json"))


def test_the_host_s_sandbox_has_no_guest_s_descriptors() -> None:
    """What runs on the host beside a guest finds none of its channel."""
    with guest.borrowed(PLAIN) as template, clone(template):
        done = execute(["ls", "-l", "/proc/self/fd"])
    assert b"memfd" not in done.stdout.replace(b"memfd:data", b"")
    assert done.stdout.count(b"socket:") == 0
