"""How a guest is made: of Debian's packages, once, whole or not at all; each thing that stops it in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from notekit.guest import GuestError, cpio, elf, fetching, here, making, modules, userland
from notekit.guest.fetching import Package
from notekit.model import NamedFile
from notekit.sandbox import tools
from tests.notekit.guests import bash


def quiet(text: str) -> None:
    """Takes what is said of progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for guests with all packages that were fetched for the tests."""
    here.image("cloud")
    (tmp_path / "apt").symlink_to(here.folder() / "apt")
    return tmp_path


@pytest.mark.parametrize("word", ["bash", "gcc", "qemu-system-x86_64", "libc.so.6"])
def test_libraries_are_read_as_readelf_reads_them(word: str) -> None:
    """The names of the libraries that a program needs are those that readelf shows."""
    path = tools.resolve(word)
    assert path is not None
    shown = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    assert list(elf.needed(Path(path).read_bytes())) == re.findall(r"\(NEEDED\).*\[(.*)\]", shown)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(60)])
def test_what_is_no_program_needs_no_library(content: bytes) -> None:
    """A script, an empty file and a program for another machine need nothing."""
    assert elf.needed(content) == ()


def test_an_archive_is_what_cpio_reads() -> None:
    """busybox's cpio finds each entry with its kind, permissions and content."""
    entries = [
        cpio.folder("d", 0o751),
        cpio.file("d/f", b"content", 0o640),
        cpio.link("d/l", "f"),
        cpio.file("empty", b""),
    ]
    script = (
        "mkdir /x; cd /x; busybox cpio -i <../home/user/work/archive 2>&1; find . -printf '%P %M %l\\n' | sort; cat d/l"
    )
    done = bash(script, files=(NamedFile("archive", cpio.archive(entries)),))
    assert done.stdout.decode().splitlines()[1:] == [
        *(" drwxr-xr-x ", "d drwxr-x--x ", "d/f -rw-r----- ", "d/l lrwxrwxrwx f", "empty -rw-r--r-- ", "content"),
    ]


def test_an_image_says_what_it_is_made_of() -> None:
    """The versions of all packages are kept with the image, and each of its programs is one of a package's."""
    image = here.image("cloud")
    assert set(userland.PROGRAMS) - {"base-files", "ncurses-base"} <= set(image.versions) | {"base-files"}
    assert image.versions[f"linux-image-{image.release}"]
    assert image.owners["rdmsr"] == "msr-tools"
    assert image.owners["insmod"] == "kmod"
    assert bash("uname -r").stdout.decode().strip() == image.release


def test_nothing_is_fetched_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all packages lie in the folder, nothing is fetched: no archive need be there."""
    said: list[str] = []
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    image = making.make(folder, "cloud", said.append)
    assert said == ["making the guest's files"]
    assert image.identity == here.image("cloud").identity
    assert making.make(folder, "cloud", pytest.fail) == image


def test_an_image_that_is_cut_short_is_made_anew(folder: Path) -> None:
    """An image whose files are not as long as they were is none."""
    image = making.make(folder, "cloud", quiet)
    os.truncate(image.initramfs, 1000)
    making.make(folder, "cloud", quiet)
    assert image.initramfs.stat().st_size > 10_000_000
    assert not list(folder.rglob(".new-*"))


def test_an_archive_that_cannot_be_reached_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a way to Debian's archive the reason is apt's own, in one line."""
    monkeypatch.setenv("PAGEWALK_DEBIAN", "http://127.0.0.1:9")
    with pytest.raises(GuestError, match=r"^Debian's packages cannot be fetched: apt-get: .*127\.0\.0\.1.*$"):
        making.make(tmp_path, "cloud", quiet)
    assert not (tmp_path / "images").exists()


def test_a_machine_without_apt_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no apt, or no key to check the archive with, the line says what to install."""
    monkeypatch.setattr(fetching, "KEYRINGS", ("/nonexistent",))
    with pytest.raises(GuestError, match="the key of Debian's archive is not installed; apt-get install debian-"):
        making.make(tmp_path, "cloud", quiet)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(GuestError, match="apt-get is not installed"):
        making.make(tmp_path, "cloud", quiet)


def test_an_archive_that_is_not_debian_s_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of packages that no key of Debian's has signed is not taken."""
    for name in ("debian/dists/bookworm", "debian-security/dists/bookworm-security"):
        (tmp_path / "mirror" / name).mkdir(parents=True)
        (tmp_path / "mirror" / name / "Release").write_text("Suite: stable\nCodename: bookworm\n")
    monkeypatch.setenv("PAGEWALK_DEBIAN", f"file://{tmp_path}/mirror")
    with pytest.raises(GuestError, match="not signed"):
        making.make(tmp_path / "guest", "cloud", quiet)


def test_a_damaged_package_is_named(tmp_path: Path) -> None:
    """A package that cannot be read is named, with what to do."""
    path = tmp_path / "x_1_amd64.deb"
    path.write_bytes(b"!<arch>\n")
    with pytest.raises(GuestError, match=r"x_1_amd64\.deb: .*; remove it, it will be fetched again"):
        list(userland.files(Package("x", "1", path)))


_NO_SPACE = """
import sys
from pathlib import Path
from notekit.guest import GuestError, making
try:
    making.make(Path(sys.argv[1]) / "guest", "cloud", lambda text: None)
except GuestError as error:
    print(error)
print(*(path for path in (Path(sys.argv[1]) / "guest/images").iterdir() if path.is_dir()))
"""


def test_no_space_is_one_line(folder: Path) -> None:
    """Where the image does not fit, one line says so, and nothing of it is left."""
    (folder / "small").mkdir()
    script = (
        'mount -t tmpfs -o size=20M none "$1" && mkdir "$1/guest" && ln -s "$2" "$1/guest/apt" && '
        'exec "$3" -c "$4" "$1"'
    )
    given = (str(folder / "small"), str(folder / "apt"), sys.executable, _NO_SPACE)
    argv = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *given]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == f"{folder}/small/guest: the guest cannot be made there (No space left on device)\n\n", (
        done.stderr
    )


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    """What is made takes the old one's place once it is whole; until then, and where it fails, the old one stays."""
    place = tmp_path / "place"
    for number in (1, 2):
        with making.complete_folder(place) as made:
            (made / "file").write_text(str(number))
    with pytest.raises(OSError, match="out of order"), making.complete_folder(place) as made:
        (made / "file").write_text("3")
        raise OSError("out of order")
    assert (place / "file").read_text() == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_modules_are_kept_by_content(tmp_path: Path) -> None:
    """The same sources are built once; others, and what is damaged, are built anew."""
    chain = here.toolchain("cloud")
    code = '#include <linux/module.h>\nMODULE_LICENSE("GPL");\n'
    source = NamedFile("k/x.c", code.encode())
    (first,) = modules.build(tmp_path, chain, ["k/x.c"], [source])
    assert (first.build.exit, [file.path for file in first.modules]) == (0, ["k/x.ko"])
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    assert modules.build(tmp_path, chain, ["k/x.c"], [source])[0].modules == first.modules
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(kept.read_bytes()[:-10])
    assert modules.build(tmp_path, chain, ["k/x.c"], [source])[0].modules == first.modules
    assert {"gcc-12", "make"} <= set(chain.versions)


def test_the_agent_compiles_without_a_warning(tmp_path: Path) -> None:
    """The guest's process 1 has nothing that gcc would warn of."""
    sources = map(str, sorted((Path(making.__file__).parent / "agent").glob("*.c")))
    flags = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O2", "-static"]
    subprocess.run(["gcc", *flags, "-o", str(tmp_path / "agent"), *sources], check=True)
