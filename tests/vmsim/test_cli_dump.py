"""``vmsim walk`` and ``vmsim explain`` on the memory and registers of a machine that QEMU runs."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vmsim.machine import Machine, booted
from tests.vmsim.test_cli import vmsim
from vmsim.cli import monitor

ADDRESS = "0x7f1234567abc"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where QEMU writes what it dumps."""
    return tmp_path_factory.mktemp("machine")


@pytest.fixture(scope="module")
def machine(folder: Path) -> Iterator[Machine]:
    """A halted machine with 4-level paging; its memory and registers are in ``memory``, ``core`` and ``registers``."""
    with booted(folder) as found:
        found.monitor(f'pmemsave 0 0x100000 "{folder}/memory"')
        found.monitor(f"dump-guest-memory {folder}/core")
        (folder / "registers").write_text(found.monitor("info registers -a"))
        yield found


def test_a_walk_through_a_machine_s_memory_is_the_machine_s_own(machine: Machine, folder: Path) -> None:
    """With memory by pmemsave and `info registers`, the physical address is the one that QEMU's gva2gpa gives."""
    asked = machine.monitor(f"gva2gpa {ADDRESS}").strip()
    status, out, err = vmsim("walk", ADDRESS, "--image", folder / "memory", "--registers", folder / "registers")
    assert (status, err) == (0, "")
    assert asked == "gpa: 0x9abc"
    assert "physical address 0x9abc" in out
    # The machine's own access has set the flags of all four.
    assert out.count(" A=1 ") == 4
    assert "supervisor-mode read, 4-level paging" in out


def test_an_elf_dump_has_the_registers_too(machine: Machine, folder: Path) -> None:
    """A dump by dump-guest-memory needs no other option; each CPU's registers are there."""
    raw = vmsim("walk", ADDRESS, "--image", folder / "memory", "--registers", folder / "registers", "--json")
    dump = vmsim("walk", ADDRESS, "--image", folder / "core", "--cpl", 0, "--json")
    assert dump == raw
    # The second CPU waits, with paging off.
    off = vmsim("walk", "0x1234", "--image", folder / "core", "--cpu", 1, "--efer", 0, "--access", "fetch")
    assert (off[0], "paging off" in off[1] or "no paging" in off[1]) == (0, True), off


def test_options_and_text_go_before_registers_that_were_read(machine: Machine, folder: Path) -> None:
    """An option replaces a register of the dump, and an entry given as text one of its entries."""
    image = ("walk", ADDRESS, "--image", folder / "core", "--registers", folder / "registers")
    assert "0x0000000000002007" not in vmsim(*image, "--cr3", "0x5000")[1]
    assert "error code 0x4" in vmsim(*image, "--cpl", 3, "--tables", "-", stdin="0x4b38: 0")[1]


def test_a_walk_is_drawn(machine: Machine, folder: Path) -> None:
    """--svg writes the picture beside what is printed; it names each entry that was read."""
    out = vmsim("walk", ADDRESS, "--image", folder / "core", "--svg", folder / "walk.svg")
    assert out == vmsim("walk", ADDRESS, "--image", folder / "core")
    picture = ET.fromstring((folder / "walk.svg").read_text())
    words = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert [name for name in ("PML4E", "PDPTE", "PDE", "PTE") if any(name in (word or "") for word in words)] == [
        "PML4E", "PDPTE", "PDE", "PTE",
    ]  # fmt: skip


def test_an_oops_is_explained_with_the_walk_for_its_address(machine: Machine, folder: Path) -> None:
    """With a machine's memory, the address of a fault is walked from the CR3 beside it."""
    oops = (
        "#PF: error_code(0x0002) - not-present page\nCR2: 00007f1234568abc CR3: 0000000000001000 CR4: 0000000000000020"
    )
    status, out, err = vmsim("explain", "--image", folder / "memory", stdin=oops)
    assert (status, err) == (0, "")
    assert "0x7f1234568abc: supervisor-mode write, 4-level paging" in out
    assert "PTE 0x0000000000000000 at 0x4b40" in out
    assert "exception #PF, error code 0x2 (W/R)" in out


def test_the_monitor_s_registers_are_explained(machine: Machine, folder: Path) -> None:
    """`info registers` says which mode of paging, and where the first table lies."""
    out = vmsim("explain", stdin=machine.monitor("info registers"))[1]
    assert "the first table is at 0x1000; bits 11:0 are 0x0" in out
    assert "PAE entries of 8 bytes" in out
    assert "LMA IA-32e mode" in out


def test_registers_are_read_as_three_programs_print_them() -> None:
    """QEMU's monitor, GDB and an oops."""
    assert monitor.read("RIP=0 RFL=00000046 [---Z-P-] CPL=0 II=0\nCR0=80050033 CR2=0 CR3=0a CR4=6f0\nEFER=0000d01") == (
        {"rflags": 0x46, "cpl": 0, "cr0": 0x80050033, "cr2": 0, "cr3": 0xA, "cr4": 0x6F0, "efer": 0xD01},
    )
    assert monitor.read("cr3            0x1a2b000           [ PDBR=6698 PCID=0 ]\nefer 0xd01 [ NXE ]\ncs 0x8 8") == (
        {"cr3": 0x1A2B000, "efer": 0xD01},
    )
    assert monitor.read("CR2: 00000000000000f8 CR3: 0000000104a5e000 CR4: 00000000000006f0") == (
        {"cr2": 0xF8, "cr3": 0x104A5E000, "cr4": 0x6F0},
    )
    assert monitor.read("CPU#0\nCR3=1000\n\nCPU#1\nCR3=2000") == ({"cr3": 0x1000}, {"cr3": 0x2000})
    assert monitor.read("nothing of the kind") == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:40], "a whole dump; this one is cut short"),
        (lambda data: data[: len(data) // 2], "a whole dump; this one is cut short"),
        (lambda data: data[:4] + b"\x01" + data[5:], "an ELF core of an x86-64 machine"),
        (lambda data: data[:18] + struct.pack("<H", 183) + data[20:], "an ELF core of an x86-64 machine"),
        (lambda data: b"KDUMP   " + data[8:], "a dump that is not compressed: dump-guest-memory without -z, -l, -s"),
    ],
)
def test_what_is_no_whole_dump_is_refused(machine: Machine, folder: Path, tmp_path: Path, change, said: str) -> None:
    """A dump that is cut short, of another machine or compressed is told in one line."""
    harmed = tmp_path / "core"
    harmed.write_bytes(change((folder / "core").read_bytes()))
    assert vmsim("walk", 0, "--image", harmed) == (2, "", f"vmsim walk: image is {str(harmed)!r}; allowed: {said}\n")


def test_what_is_not_there_is_told(machine: Machine, folder: Path, tmp_path: Path) -> None:
    """A CPU or memory that the dump does not have, and text that tells of no register."""
    core = ("walk", ADDRESS, "--image", folder / "core")
    assert "cpu is 0x2; allowed: an integer from 0 to 1" in vmsim(*core, "--cpu", 2)[2]
    assert "CR3 leads to is 0x" in vmsim(*core, "--cr3", "0xf0000000")[2]
    empty = tmp_path / "empty"
    empty.write_text("none\n")
    assert "allowed: text with `CR3=…`, as `info registers` prints it" in vmsim(*core, "--registers", empty)[2]
    pae = vmsim(*core, "--efer", 0, "--cr4", "0x20", "--svg", tmp_path / "no.svg")
    assert pae[0] == 2
    assert not (tmp_path / "no.svg").exists()
