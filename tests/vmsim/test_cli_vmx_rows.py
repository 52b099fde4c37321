"""Rows of ``vmsim replay`` about exits: the sample, and the whole domain of each kind by rows made here."""

import itertools
import json

import pytest

from tests.vmsim import vmx_oracle
from tests.vmsim.test_cli import BUILDS, row, vectors
from vmsim.cli import decide_vmx, rows
from vmsim.instructions import ROWS


def problems(lines):
    return [str(found) for build in BUILDS for line in lines if (found := rows.compare(build, line))]


def test_rows_about_exits_replay_without_a_mismatch():
    """Each of the sample gives what is expected, on both builds."""
    lines = [line for line in vectors("vmx.jsonl") if json.loads(line)["kind"] in decide_vmx.QUESTIONS]
    assert len(lines) == 119
    assert {json.loads(line)["kind"] for line in lines} == set(decide_vmx.QUESTIONS)
    assert problems(lines) == []


@pytest.mark.parametrize("use, bit, other", list(itertools.product((0, 1), (0, 1), (False, True))))
def test_msr_rows_of_every_range(use, bit, other):
    """Below, at and above each border of the two ranges, both operations."""
    lines = []
    for msr in (0, 0x1B, 0x1FFF, 0x2000, 0x4000_0000, 0xBFFF_FFFF, 0xC000_0000, 0xC000_1FFF, 0xC000_2000, 0xFFFF_FFFF):
        in_range = msr < 0x2000 or 0xC000_0000 <= msr < 0xC000_2000
        for op, reason in (("rdmsr", 31), ("wrmsr", 32)):
            state = "only the other direction set" if other else bit
            exits = not use or not in_range or (bit and not other)
            name = ("MSR_READ" if op == "rdmsr" else "MSR_WRITE") if exits else None
            expect = {"exit": bool(exits), "reason": reason if exits else None, "reason_name": name}
            given = {"msr": hex(msr), "op": op, "use_msr_bitmaps": use, "bit": state, "in_range": in_range}
            lines.append(row("msr_bitmap", expect, **given))
    assert problems(lines) == []


def test_cr3_rows_of_every_count_and_target():
    """Each value of the four, and one that is none, with each count."""
    targets = ["0x2000000", "0x2005000", "0x2006008", "0x2007018"]
    lines = []
    for on, count, value in itertools.product((0, 1), range(5), [*targets, "0x2000008"]):
        exits = bool(on) and value not in targets[:count]
        expect = {"exit": exits, "reason": 28 if exits else None, "reason_name": "CR_ACCESS" if exits else None}
        if exits:
            expect["qualification"] = "0x303"
        given = {"cr3_load_exiting": on, "target_count": count, "targets": targets, "value": value}
        lines.append(row("mov_to_cr3", expect, **given))
    assert problems(lines) == []


def test_page_fault_rows_of_every_mask_and_match():
    """All of the low five bits of mask and match, and some error codes."""
    lines = []
    for bit, mask, match, code in itertools.product((0, 1), range(0, 32, 3), range(0, 32, 3), (0, 2, 3, 0x15)):
        exits = bool(vmx_oracle.page_fault_exits(bool(bit), code, mask, match))
        expect = {"exit": exits, "reason": 0 if exits else None, "reason_name": "EXCEPTION_NMI" if exits else None}
        expect |= {"intr_vector": 14, "error_code": code, "qualification": "0x10000000000"} if exits else {}
        expect |= {} if exits else {"guest_exception_delivered": 14}
        given = {"exception_bitmap_bit14": bit, "pfec_mask": hex(mask), "pfec_match": hex(match), "pfec": code}
        lines.append(row("pf_mask_match", expect, **given))
    assert problems(lines) == []


@pytest.mark.parametrize("name", [*sorted(set(ROWS) - {"RSM"}), "PAUSE"])
def test_instruction_rows_of_every_instruction(name):
    """With its own control clear it does not exit, with it set it does; without one it always does."""
    reason = ROWS[name].reason if name in ROWS else 40
    always = name in ROWS and not ROWS[name].exiting
    lines = [row("insn_exit", {"exit": bool(bit or always)}, insn=name.lower(), control_bit=bit) for bit in (0, 1)]
    lines.append(row("insn_exit", {"reason": reason}, insn=name, control_bit=1))
    assert problems(lines) == []


def test_rows_about_names():
    """Names that the manual's and Linux's tables have, and exits that no handler of KVM is for."""
    lines = [
        row("vmx_exit_reason", {"name": "NOTIFY"}, number=75),
        row("vmx_exit_reason", {"name": None}, number=11),
        row("kvm_vmx_handler", {"handler": "kvm_emulate_hypercall"}, exit="VMCALL"),
        row("kvm_vmx_handler", {"handler": None}, exit="RDTSC"),
        row("svm_exit_code", {"name": "excp_XF"}, number=0x53),
        row("svm_exit_code", {"name": "vmgexit"}, number=0x403),
        row("svm_exit_code", {"name": "invalid_guest_state"}, number=-1),
        row("svm_exit_code", {"name": "hypercall"}, number="0x81"),
    ]
    assert problems(lines) == []


def test_rows_about_pcids():
    """CR4.PCIDE and CR0.PG, INVPCID and INVVPID with operands that are left out."""
    lines = [
        row("pcid", {"result": "#GP"}, op="CR4.PCIDE 0->1", cr3_low12=1, la_active=True),
        row("pcid", {"result": "#GP"}, op="CR4.PCIDE 0->1", cr3_low12=0, la_active=False),
        row("pcid", {"result": "#GP"}, op="CR0.PG 1->0", pcide=1),
        row("pcid", {"result": "ok"}, op="CR0.PG 1->0", pcide=0),
        row("invpcid", {"result": "#GP"}, type=4, pcid=0, cr4_pcide=1),
        row("invpcid", {"result": "#GP"}, type=0, pcid=1, canonical=False),
        row("invvpid", {"result": "VMfail error 28"}, type=4, vpid=1, gla="0x0"),
        row("invvpid", {"result": "#UD"}, vmx_operation=False),
    ]
    assert problems(lines) == []


@pytest.mark.parametrize(
    "line, problem",
    [
        (row("mov_to_cr3", {}, cr3_load_exiting=1, target_count=5, targets=[], value=0), "cr3_target_count is 0x5"),
        (row("mov_to_cr3", {}, cr3_load_exiting=1, target_count=1, targets="x", value=0), "targets is 'x'"),
        (row("insn_exit", {}, insn="nop", control_bit=1), "instruction is 'nop'"),
        (row("msr_bitmap", {}, msr="0x100000000", op="rdmsr", use_msr_bitmaps=1, bit=1), "msr is 0x100000000"),
        (row("msr_bitmap", {}, msr=0, op="rdmsr", use_msr_bitmaps=1, bit="x"), "bit is 'x'"),
        (row("exception_pair", {}, first=32, second=0), "first is 0x20"),
        (row("vmx_exit_reason", {}, number=35), "exit_reason is 0x23"),
        (row("kvm_vmx_handler", {}, exit=48), "exit_reason is 0x30"),
        (row("svm_exit_code", {}, number=0x500), "svm_exit_code is 0x500"),
        (row("pcid", {}, op="CR4.PCIDE 1->0"), "op is 'CR4.PCIDE 1->0'"),
        (row("pf_mask_match", {}, exception_bitmap_bit14=1, pfec_mask=0, pfec_match=1 << 32, pfec=0), "match is 0x1"),
        (row("invvpid", {}, vpid=1), "type is None"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_decided_names_its_key(line, problem):
    """The mismatch says which value cannot be."""
    assert all(problem in found for found in problems([line])) and problems([line])
