"""Computed text."""

from __future__ import annotations

import pytest

from notekit import names
from notekit.model import ComputedCall, Document, Head
from vmsim import exit_reasons


@pytest.mark.parametrize(
    ("name", "args", "text"),
    [
        ("hexadecimal", (4096,), "0x1000"),
        ("hexadecimal", (0,), "0x0"),
        ("binary_size", (0,), "0 bytes"),
        ("binary_size", (1000,), "1000 bytes"),
        ("binary_size", (1 << 40,), "1 TiB"),
        ("binary_size", (1536 << 20,), "1536 MiB"),
        ("field", (0x7F1234567ABC, "pml4"), "254"),
        ("field", (0x7F1234567ABC, "pt"), "359"),
        ("reach", ("pt",), "4 KiB"),
        ("reach", ("pd",), "2 MiB"),
        ("reach", ("pml5",), "256 TiB"),
        ("exit_of", ("CPUID",), "10 CPUID"),
        ("exit_of", ("HLT",), "—"),
        ("exit_of", ("HLT", "HLT exiting, CR3-load exiting"), "12 HLT"),
        ("exit_of", ("MOV to CR3", "CR3-load exiting", "0x1000 0x2000"), "28 CR_ACCESS"),
        ("entries_read", ("4 KiB",), "4"),
        ("entries_read", ("4 KiB", "4 KiB"), "24"),
        ("entries_read", ("2 MiB", "2 MiB"), "15"),
        ("entries_read", ("4 KiB", "4 KiB", 5, 5), "35"),
        ("pair_of", ("benign", "page fault"), "—"),
        ("pair_of", ("contributory", "contributory"), "#DF"),
        ("pair_of", ("#DF", "#PF"), "triple fault"),
        ("exceptions_of", ("page fault",), "`#PF` `#VE`"),
    ],
)
def test_a_name_gives_its_text(name: str, args: tuple[object, ...], text: str) -> None:
    """Each function, by the name that a note uses."""
    assert names.value(ComputedCall(1, 0, 1, name, args)) == text


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("field", (1, "pt5"), "level is 'pt5'; it is one of pt, pd, pdpt, pml4, pml5"),
        ("hexadecimal", (-1,), "number is -1; it is a whole number from 0 to 0xffffffffffffffff"),
        ("hexadecimal", (True,), "number is True; it is a whole number from 0 to 0xffffffffffffffff"),
        ("binary_size", ("4",), "number is '4'; it is a whole number from 0 to 0xffffffffffffffff"),
        ("exit_of", ("HALT",), "instruction is 'HALT'; allowed: an instruction that the vm-exit diagram knows"),
        ("entries_read", ("4 KiB", "4 MiB"), "ept_page_size is '4 MiB'; allowed: 4 KiB, 2 MiB, 1 GiB"),
        ("entries_read", ("4 KiB", "", 3), "levels is 0x3; allowed: 4, 5"),
        ("exceptions_of", ("bad",), "class_name is 'bad'; allowed: benign, contributory, page fault, double fault"),
        ("exit_of", ("CPUID", "", "a"), "targets is 'a'; allowed: numbers with spaces between them"),
    ],
)
def test_a_value_without_an_answer_is_a_problem_with_its_line(name: str, args: tuple[object, ...], said: str) -> None:
    """The line is that of the call; the message names the argument, its value and what is allowed."""
    document = Document("en", "a/b/en.md", Head("t", "q"), (), 1, calls=(ComputedCall(7, 0, 1, name, args),))
    assert [str(problem) for problem in names.problems(document)] == [f"a/b/en.md:7: [[[ {name}(…) ]]]: {said}"]


@pytest.mark.parametrize(
    ("operands", "text"),
    [
        ({"value": 0x2000}, "—"),
        ({"value": 0x2000, "cr3_target_count": 1}, "28 CR_ACCESS"),
        ({"value": 0x3000, "cpl": 3}, "#GP"),
    ],
)
def test_operands_of_an_instruction_have_names(operands: dict[str, int], text: str) -> None:
    """What decides beside the controls is given by name."""
    args = ("MOV to CR3", "CR3-load exiting", "0x1000 0x2000")
    assert names.value(ComputedCall(1, 0, 1, "exit_of", args, operands)) == text


def test_the_rows_of_exit_reasons_are_a_table() -> None:
    """There is a row for each basic exit reason, with four cells; some can end in user space, CPUID cannot."""
    rows = names.value(ComputedCall(1, 0, 1, "exit_rows", ())).splitlines()
    assert len(rows) == len(exit_reasons.ALL) and all(row.count("|") == 5 for row in rows)
    assert "| 30 | `IO_INSTRUCTION` | `handle_io` | `KVM_EXIT_IO` |" in rows
    assert "| 10 | `CPUID` | `kvm_emulate_cpuid` | — |" in rows


def test_the_rows_of_cr3_targets_cover_every_count() -> None:
    """With the control, only the first ``count`` target values do not exit; without it, nothing does."""
    rows = names.value(ComputedCall(1, 0, 1, "cr3_rows", ())).splitlines()
    for count in range(5):
        cells = ["—"] * count + ["28"] * (5 - count)
        assert rows[count] == f"| 0 | {count} | — | — | — | — | — |"
        assert rows[5 + count] == f"| 1 | {count} | {' | '.join(cells)} |"


def test_the_rows_of_vmxon_follow_the_bits() -> None:
    """VMXON succeeds where the MSR is locked and the bit of the place is 1, outside SMX operation or inside it."""
    rows = names.value(ComputedCall(1, 0, 1, "vmxon_rows", ())).splitlines()
    for row in rows:
        outside, inside, lock, value, *ends = [cell.strip() for cell in row.strip("|").split("|")]
        assert int(value) == int(outside + inside + lock, 2)
        assert ends == ["VMsucceed" if lock == bit == "1" else "#GP(0)" for bit in (outside, inside)]
    assert len(rows) == 8


def test_the_rows_of_paging_modes() -> None:
    """Index bits of each level, sizes of entries and of pages."""
    rows = names.value(ComputedCall(1, 0, 1, "paging_rows", ())).splitlines()
    assert rows[0] == "| 32-bit | 2 | 31:22 21:12 | 4 | 4K 4M |"
    assert rows[1] == "| PAE | 3 | 31:30 29:21 20:12 | 8 | 4K 2M |"
    assert rows[3] == "| 5-level | 5 | 56:48 47:39 38:30 29:21 20:12 | 8 | 4K 2M 1G |"
