"""What is in the guest: which packages, what of them, and the few files of our own."""

from __future__ import annotations

import posixpath
import re
import stat
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from notekit.guest import cpio, elf
from notekit.guest.cpio import Entry
from notekit.guest.errors import GuestError
from notekit.guest.fetching import Package
from notekit.sandbox.layout import HOME, USER_ID

#: Debian's packages whose files are there whole, documentation aside.
PROGRAMS = (
    *("base-files", "bash", "busybox", "coreutils", "cpuid", "dash", "diffutils", "e2fsprogs", "findutils", "grep"),
    *("gzip", "hostname", "iproute2", "kmod", "less", "libc-bin", "mawk", "mount", "msr-tools", "ncurses-base"),
    *("ndctl", "procps", "sed", "strace", "trace-cmd", "util-linux"),
)
#: Those of them without which no Debian system is (Debian Policy, 3.8).
ESSENTIAL = frozenset(
    {
        *("base-files", "bash", "coreutils", "dash", "diffutils", "findutils", "grep", "gzip", "hostname", "libc-bin"),
        *("ncurses-base", "sed", "util-linux"),
    }
)
#: The kernels that there are, by the name that a note gives them.
KERNELS: Mapping[str, str] = {"cloud": "linux-image-cloud-amd64", "general": "linux-image-amd64"}
#: Modules that the guest has, with those that they need; the first are loaded at its start.
BOOT_MODULES = ("virtio_pci", "virtio_console")
MODULES = (
    *("brd", "bridge", "configfs", "cpuid", "dax_pmem", "device_dax", "dm_mod", "dummy", "fuse", "kvm_amd"),
    *("kvm_intel", "loop", "msr", "nd_pmem", "nfit", "null_blk", "overlay", "tun", "veth", "virtio_blk"),
    *("virtio_rng", "xfs", "zram", "hwpoison_inject", "mce_inject"),
)
# Opened at run time, by name, so that no dynamic section tells of it.
_OPENED = ("libgcc_s.so.1",)
_LEFT_OUT = re.compile(
    r"usr/share/(?!terminfo/|base-files/)|usr/games|etc/(?:cron|init\.d|logrotate|default/|apt)|var/cache|boot/|"
    r"usr/lib/(?:systemd|udev)/|usr/lib/x86_64-linux-gnu/(?:gconv|audit|tc)/|usr/sbin/unix_chkpwd|"
    r"etc/modprobe\.d/nvdimm-security"
)
_MERGED = ("bin", "sbin", "lib", "lib64")
_ETC = {
    "etc/passwd": f"root:x:0:0:root:/root:/bin/bash\nuser:x:{USER_ID}:{USER_ID}:user:{HOME}:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\ntty:x:5:\ndisk:x:6:\nuser:x:{USER_ID}:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost guest\n::1 localhost\n",
    "etc/hostname": "guest\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
}
_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_LINKS = {
    "usr/bin/sh": "dash",
    "usr/bin/awk": "mawk",
    "etc/mtab": "/proc/self/mounts",
    "init": "agent/agent",
    _LOADER: "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
}


def contents(packages: Iterable[Package]) -> tuple[dict[str, Entry], dict[str, str], bytes]:
    """All files of the guest by path, the package that each comes from, and the kernel.

    Libraries are there that something needs, and of the kernel's modules the named ones with those that they need.
    Raises GuestError for a package that cannot be read, or a library that none of them brings.
    """
    found: dict[str, Entry] = {}
    owners: dict[str, str] = {}
    libraries: dict[str, tuple[str, Entry]] = {}
    modules: dict[str, Entry] = {}
    kernel = b""
    for package in packages:
        for entry in files(package):
            if re.match(r"boot/vmlinuz-", entry.path):
                kernel = entry.content
            elif entry.path.endswith(".ko"):
                modules[_module_name(entry.path)] = entry
            elif entry.path.startswith("lib/modules/") or entry.path.startswith("usr/lib/modules/"):
                if posixpath.basename(entry.path).startswith("modules."):
                    found[entry.path] = entry
            elif package.name in PROGRAMS and not _LEFT_OUT.match(entry.path):
                found[entry.path] = entry
                owners[entry.path] = package.name
            if ".so" in entry.path and entry.path.startswith("usr/lib/x86_64-linux-gnu/"):
                libraries[posixpath.basename(entry.path)] = (package.name, entry)
    _add_libraries(found, owners, libraries)
    _add_modules(found, modules)
    return found, owners, kernel


def _add_libraries(found: dict[str, Entry], owners: dict[str, str], libraries: Mapping[str, tuple[str, Entry]]) -> None:
    """Adds each library that is needed, with the links that lead to it."""
    waiting = [*_OPENED, "ld-linux-x86-64.so.2", *(name for one in found.values() for name in _needs(one))]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in libraries:
            raise GuestError(f"no package of the guest brings {name}, which a program of it needs")
        package, entry = libraries[name]
        found[entry.path] = entry
        owners[entry.path] = package
        if stat.S_ISLNK(entry.mode):
            waiting.append(posixpath.basename(entry.content.decode()))
        waiting += _needs(entry)


def _needs(entry: Entry) -> tuple[str, ...]:
    return elf.needed(entry.content) if stat.S_ISREG(entry.mode) else ()


def _add_modules(found: dict[str, Entry], modules: Mapping[str, Entry]) -> None:
    """Adds the named modules, and the list of those that the agent loads, each after those that it needs."""
    for name in MODULES:
        for one in _with_needed(name, modules):
            found[modules[one].path] = modules[one]
    boot = list(dict.fromkeys(one for name in BOOT_MODULES for one in _with_needed(name, modules)))
    for one in boot:
        found[modules[one].path] = modules[one]
    paths = "".join(f"/{modules[one].path}\n" for one in boot)
    found["agent/modules"] = cpio.file("agent/modules", paths.encode())


def _with_needed(name: str, modules: Mapping[str, Entry]) -> list[str]:
    """The module after all that it needs; nothing where this kernel has it built in, or not at all."""
    if name not in modules:
        return []
    before = [one for need in elf.depends(modules[name].content) for one in _with_needed(need, modules)]
    return [*before, name]


def _module_name(path: str) -> str:
    return posixpath.basename(path).removesuffix(".ko").replace("-", "_")


def image(found: Mapping[str, Entry], agent: bytes) -> bytes:
    """The initramfs of those files, with the agent and what else is ours."""
    ours = [
        *(cpio.file(path, text.encode()) for path, text in _ETC.items()),
        *(cpio.link(path, to) for path, to in _LINKS.items()),
        *(cpio.link(name, f"usr/{name}") for name in _MERGED),
        cpio.folder("agent", 0o755),
        cpio.folder("root", 0o700),
        cpio.folder("tmp", 0o1777),
        *(cpio.folder(name) for name in ("home", "proc", "sys", "dev", "run", "var", "mnt", "usr/lib64")),
        cpio.file("agent/agent", agent, 0o755),
    ]
    every = {**found, **{entry.path: entry for entry in ours}}
    for path in list(every):
        while (path := posixpath.dirname(path)) and path not in every:
            every[path] = cpio.folder(path)
    return cpio.archive(every[path] for path in sorted(every))


def files(package: Package) -> Iterator[Entry]:
    """What a package would install, with ``/bin``, ``/lib`` … as the links that they are."""
    command = ("dpkg-deb", "--fsys-tarfile", str(package.path))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            yield from _members(process.stdout)
        except tarfile.TarError as error:
            said = process.stderr.read().decode("utf-8", "replace").strip() or str(error)
            raise GuestError(f"{package.path}: {said}; remove it, it will be fetched again") from error


def _members(stream: IO[bytes]) -> Iterator[Entry]:
    contents: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            path = _merged(posixpath.normpath(member.name))
            if path == "." or path in _MERGED:
                continue
            if member.isdir():
                yield cpio.folder(path, member.mode)
            elif member.issym():
                yield cpio.link(path, member.linkname)
            elif member.isfile():
                source = archive.extractfile(member)
                assert source is not None
                contents[member.name] = source.read()
                yield cpio.file(path, contents[member.name], member.mode)
            elif member.islnk():
                yield cpio.link(path, "/" + _merged(posixpath.normpath(member.linkname)))


def _merged(path: str) -> str:
    return f"usr/{path}" if path.split("/")[0] in _MERGED else path
