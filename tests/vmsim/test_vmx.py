"""What exits: registers, MSRs, I/O, exceptions, by property against rules written once more."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.vmsim import vmx_oracle
from vmsim import FieldError, exit_reasons
from vmsim.bitmaps import io_page, msr_bit, msr_bitmaps, msr_page
from vmsim.instructions import MNEMONICS, REGISTERS, ROWS
from vmsim.vmx import Guest, Instruction, decide, page_fault, vmcs
from vmsim.vmx_controls import ALL, control
from vmsim.vmx_trace import RULES, GuestFault, NoExit, VmExit

WORDS = st.integers(0, (1 << 64) - 1)
MSRS = st.one_of(st.integers(0, 0x2010), st.integers(0xBFFF_FFF0, 0xC000_2010), st.integers(0, 0xFFFF_FFFF))
PAGES = st.integers(0, 1 << 32).map(lambda seed: random.Random(seed).randbytes(4096))


@given(page=PAGES, msr=MSRS, writes=st.booleans(), used=st.booleans())
@example(page=bytes(4096), msr=0x2000, writes=False, used=True)
def test_msr_accesses_exit_as_the_page_of_bitmaps_says(page, msr, writes, used):
    """RDMSR and WRMSR of any MSR, with any page, exit as one bit at a time of that page says."""
    controls = vmcs(("use MSR bitmaps",) if used else (), msr_bitmaps=msr_page(page))
    decision = decide(controls, Guest(), Instruction("WRMSR" if writes else "RDMSR", msr=msr))
    assert decision.exits == (not used or vmx_oracle.msr_exits(page, msr, writes))
    if decision.exits:
        assert decision.result == VmExit(32 if writes else 31)


@given(
    a=PAGES, b=PAGES, port=st.one_of(st.integers(0, 0xFFFF), st.sampled_from((0x7FFD, 0x7FFF, 0xFFFD, 0xFFFF))),
    size=st.sampled_from((1, 2, 4)), name=st.sampled_from(("IN", "OUT", "INS", "OUTS")), other=st.booleans(),
)  # fmt: skip
@example(a=bytes(4096), b=b"\1" + bytes(4095), port=0x7FFF, size=2, name="IN", other=False)
@example(a=bytes(4096), b=bytes(4096), port=0xFFFF, size=2, name="OUT", other=False)
@example(a=bytes(4096), b=bytes(4096), port=0, size=1, name="OUT", other=True)
def test_port_accesses_exit_as_the_io_bitmaps_say(a, b, port, size, name, other):
    """Any port and size, over the border of the bitmaps too; "unconditional I/O exiting" is then not looked at."""
    controls = vmcs(("use I/O bitmaps",) + (("unconditional I/O exiting",) if other else ()), io_bitmaps=io_page(a, b))
    decision = decide(controls, Guest(), Instruction(name, port=port, size=size))
    assert decision.exits == vmx_oracle.io_exits(a, b, port, size)
    if decision.exits:
        wanted = size - 1 | (8 if name in ("IN", "INS") else 0) | (16 if name in ("INS", "OUTS") else 0) | port << 16
        assert decision.result == VmExit(30, wanted)


@given(value=WORDS, mask=WORDS, shadow=WORDS, held=WORDS, number=st.sampled_from((0, 4)), register=st.integers(0, 15))
@example(value=0x11, mask=0, shadow=0, held=0xFF, number=0, register=0)
def test_mov_to_cr0_and_cr4_follow_mask_and_shadow(value, mask, shadow, held, number, register):
    """It exits where a bit of the host's differs from its shadow, and else leaves the host's bits as they are."""
    names = {f"cr{number}_guest_host_mask": mask, f"cr{number}_read_shadow": shadow}
    instruction = Instruction(f"MOV to CR{number}", register, value)
    result = decide(vmcs(**names), Guest(**{f"cr{number}": held}), instruction).result
    if vmx_oracle.mov_to_cr_exits(value, mask, shadow):
        assert result == VmExit(28, number | register << 8)
    else:
        assert result == NoExit("executes", vmx_oracle.mov_to_cr_leaves(value, mask, held))


@given(mask=WORDS, shadow=WORDS, held=WORDS, number=st.sampled_from((0, 4)))
def test_reading_cr0_and_cr4_never_exits_and_shows_the_shadow(mask, shadow, held, number):
    """MOV from CR0 and CR4 give the host's bits from the read shadow; SMSW the low 16 of them."""
    controls = vmcs(**{f"cr{number}_guest_host_mask": mask, f"cr{number}_read_shadow": shadow})
    guest = Guest(**{f"cr{number}": held})
    seen = vmx_oracle.guest_reads(held, mask, shadow)
    assert decide(controls, guest, Instruction(f"MOV from CR{number}")).result == NoExit("executes", seen)
    if number == 0:
        assert decide(controls, guest, Instruction("SMSW")).result == NoExit("executes", seen & 0xFFFF)


@given(value=st.integers(0, 0xFFFF), mask=st.integers(0, 31), shadow=st.integers(0, 31), memory=st.booleans())
def test_lmsw_exits_for_what_it_would_set_against_the_shadow(value, mask, shadow, memory):
    """PE only where it would be set, MP, EM and TS where they differ; the qualification has the source operand."""
    controls = vmcs(cr0_guest_host_mask=mask, cr0_read_shadow=shadow)
    result = decide(controls, Guest(), Instruction("LMSW", value=value, memory=memory)).result
    if vmx_oracle.lmsw_exits(value, mask, shadow):
        assert result == VmExit(28, 0x30 | (64 if memory else 0) | value << 16)
    else:
        assert isinstance(result, NoExit) and result.value & 1


@pytest.mark.parametrize("mask", (0, 8))
@pytest.mark.parametrize("shadow", (0, 8))
def test_clts_exits_only_where_the_host_owns_ts_and_shows_it_set(mask, shadow):
    """Where the host owns TS and shows it clear, the register keeps it."""
    controls = vmcs(cr0_guest_host_mask=mask, cr0_read_shadow=shadow)
    result = decide(controls, Guest(cr0=0x8000_0039), Instruction("CLTS")).result
    if mask and shadow:
        assert result == VmExit(28, 0x20)
    else:
        assert result == NoExit("executes", 0x8000_0039 if mask else 0x8000_0031)


@given(targets=st.lists(st.integers(0, 3), min_size=4, max_size=4), count=st.integers(0, 4), value=st.integers(0, 3))
def test_mov_to_cr3_passes_the_targets_that_count(targets, count, value):
    """With "CR3-load exiting" it exits unless the value is among the first of the four, as many as count."""
    fields = {"cr3_target_values": tuple(targets), "cr3_target_count": count}
    instruction = Instruction("MOV to CR3", REGISTERS.index("RBX"), value)
    expected = VmExit(28, 0x303) if value not in targets[:count] else NoExit()
    assert decide(vmcs(("CR3-load exiting",), **fields), Guest(), instruction).result == expected
    assert decide(vmcs(**fields), Guest(), instruction).result == NoExit()


@given(bit=st.booleans(), code=st.integers(0, 0xFFFF), mask=st.integers(0, 0xFFFF), match=st.integers(0, 0xFFFF))
@example(bit=False, code=3, mask=0, match=1)
def test_a_page_fault_exits_by_bit_14_and_its_error_code(bit, code, mask, match):
    """Where the masked error code matches, by the bit; where not, by its opposite."""
    controls = vmcs(exception_bitmap=bit << 14, page_fault_error_code_mask=mask, page_fault_error_code_match=match)
    result = decide(controls, Guest(), page_fault(code, 0x1234)).result
    if vmx_oracle.page_fault_exits(bit, code, mask, match):
        assert result == VmExit(0, 0x1234, 0x8000_0B0E, code)
    else:
        assert result == GuestFault(14, code)


@pytest.mark.parametrize("name", sorted(ROWS))
@pytest.mark.parametrize("on", (False, True))
def test_an_instruction_exits_by_its_own_control(name, on):
    """At CPL 0, with all that makes it exist, its control decides; without one it exits always."""
    row = ROWS[name]
    enabled = (row.enabled_by,) if row.enabled_by else ()
    controls = vmcs(enabled + (row.exiting if on else ()))
    guest = Guest(cr4=Guest.cr4 | 1 << 14 | 1 << 19, in_smm=name == "RSM")
    decision = decide(controls, guest, Instruction(name))
    assert decision.exits == (on or not row.exiting)
    if decision.exits:
        assert decision.result.reason == row.reason


@pytest.mark.parametrize(
    "controls, guest, instruction, fault",
    [
        (("use MSR bitmaps",), {"cpl": 3}, Instruction("RDMSR", msr=0xFFFF_FFFF), 13),
        (("HLT exiting",), {"cpl": 3}, Instruction("HLT"), 13),
        ((), {"cpl": 3}, Instruction("INVD"), 13),
        (("CR3-load exiting",), {"cpl": 1}, Instruction("MOV to CR3"), 13),
        (("MWAIT exiting",), {"cpl": 3}, Instruction("MWAIT"), 6),
        (("RDTSC exiting",), {"cpl": 3, "cr4": 0x2024}, Instruction("RDTSC"), 13),
        (("RDPMC exiting",), {"cpl": 3}, Instruction("RDPMC"), 13),
        (("descriptor-table exiting",), {"cpl": 3, "cr4": 0x2820}, Instruction("SGDT"), 13),
        (("unconditional I/O exiting",), {"cpl": 3, "io_permitted": False}, Instruction("OUT", port=0x80), 13),
        ((), {"cr4": 0x2020}, Instruction("XSETBV"), 6),
        ((), {}, Instruction("GETSEC"), 6),
        (("RDTSC exiting",), {}, Instruction("RDTSCP"), 6),
        (("INVLPG exiting",), {}, Instruction("INVPCID"), 6),
        ((), {"mode": "compatibility"}, Instruction("VMREAD"), 6),
        ((), {}, Instruction("XSAVES"), 6),
        (("enable VM functions",), {}, Instruction("VMFUNC", value=64), 6),
    ],
    ids=lambda value: value.mnemonic if isinstance(value, Instruction) else "",
)
def test_faults_of_privilege_and_of_the_opcode_come_before_the_exit(controls, guest, instruction, fault):
    """The guest gets #GP or #UD where it would have exited otherwise."""
    result = decide(vmcs(controls), Guest(**guest), instruction).result
    assert isinstance(result, GuestFault) and result.vector == fault


def test_mov_dr_exits_before_its_faults():
    """With "MOV-DR exiting" at any CPL, and for DR4 with CR4.DE = 1 too; without it the guest gets the fault."""
    guest = Guest(cpl=3, cr4=0x2028)
    assert decide(vmcs(("MOV-DR exiting",)), guest, Instruction("MOV from DR4", 2)).result == VmExit(29, 0x214)
    assert decide(vmcs(), guest, Instruction("MOV from DR4")).result == GuestFault(6)
    assert decide(vmcs(), Guest(cpl=3), Instruction("MOV to DR7")).result == GuestFault(13, 0)


def test_vmcall_and_vmlaunch_exit_at_any_privilege():
    """VMX instructions exit before their privilege is asked."""
    assert decide(vmcs(), Guest(cpl=3), Instruction("VMCALL")).result == VmExit(18)
    assert decide(vmcs(), Guest(cpl=3), Instruction("VMLAUNCH")).result == VmExit(20)


@pytest.mark.parametrize(
    "controls, cpl, looping, exits",
    [
        ((), 0, True, False),
        (("PAUSE exiting",), 3, False, True),
        (("PAUSE-loop exiting",), 0, True, True),
        (("PAUSE-loop exiting",), 0, False, False),
        (("PAUSE-loop exiting",), 3, True, False),
        (("PAUSE exiting", "PAUSE-loop exiting"), 0, False, True),
    ],
)
def test_pause_exits_by_two_controls(controls, cpl, looping, exits):
    """PAUSE-loop exiting is for CPL 0 and loops that last; PAUSE exiting is for all."""
    assert decide(vmcs(controls), Guest(cpl=cpl), Instruction("PAUSE", looping=looping)).exits == exits


@pytest.mark.parametrize(
    "value, threshold, controls, reason",
    [
        (2, 3, ("use TPR shadow",), 43),
        (3, 3, ("use TPR shadow",), None),
        (2, 3, ("use TPR shadow", "virtual-interrupt delivery"), None),
        (2, 3, (), None),
        (2, 3, ("use TPR shadow", "CR8-load exiting"), 28),
    ],
)
def test_mov_to_cr8_exits_below_the_tpr_threshold(value, threshold, controls, reason):
    """With the TPR shadow, after the write, unless virtual interrupts are delivered; CR8-load exiting comes first."""
    result = decide(vmcs(controls, tpr_threshold=threshold), Guest(), Instruction("MOV to CR8", value=value)).result
    assert (result.reason if isinstance(result, VmExit) else None) == reason
    assert not isinstance(result, VmExit) or result.trap_like == (reason == 43)


def test_xsaves_exits_where_three_masks_meet():
    """A component that is in EDX:EAX, in IA32_XSS and in the XSS-exiting bitmap."""
    controls = vmcs(("enable XSAVES/XRSTORS",), xss_exiting_bitmap=0x100)
    assert decide(controls, Guest(xss=0x300), Instruction("XSAVES", value=0x100)).result == VmExit(63)
    assert decide(controls, Guest(xss=0x200), Instruction("XSAVES", value=0x100)).result == NoExit()
    assert decide(controls, Guest(xss=0x300), Instruction("XRSTORS", value=0x200)).result == NoExit()


def test_leaves_from_63_on_share_a_bit():
    """ENCLS's bitmap has a bit for each of the leaves 0 to 62, and one for the rest."""
    controls = vmcs(("enable ENCLS exiting",), encls_exiting_bitmap=1 << 63 | 1 << 5)
    exits = [
        leaf for leaf in (0, 5, 62, 63, 64, 1000) if decide(controls, Guest(), Instruction("ENCLS", value=leaf)).exits
    ]
    assert exits == [5, 63, 64, 1000]


def test_vmcs_shadowing_lets_pass_what_its_bitmap_leaves_clear():
    """VMREAD of a field whose bit is 0 executes; of one that is set, or beyond bit 14, it exits."""
    controls = vmcs(("VMCS shadowing",), vmread_bitmap=(0x4402,))
    assert not decide(controls, Guest(), Instruction("VMREAD", value=0x6800)).exits
    assert decide(controls, Guest(), Instruction("VMREAD", value=0x4402)).exits
    assert decide(controls, Guest(), Instruction("VMREAD", value=0x8000)).exits
    assert decide(controls, Guest(), Instruction("VMWRITE", value=0x4402)).result == NoExit()


def test_secondary_controls_count_only_where_they_are_activated():
    """Without "activate secondary controls" the processor takes them all as 0."""
    on = vmcs(("WBINVD exiting",))
    off = vmcs(secondary=on.secondary)
    assert decide(on, Guest(), Instruction("WBINVD")).exits and not decide(off, Guest(), Instruction("WBINVD")).exits


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.name)
def test_a_control_is_one_bit_under_one_name(found):
    """Whatever the case, hyphens or underscores; its bit alone makes it 1."""
    for spelling in (found.name, found.name.upper(), found.name.replace("-", "_").replace(" ", "_")):
        assert control(spelling) == found
    assert vmcs((found.name,)).has(found.name) and not vmcs().has(found.name)
    assert sum(1 for other in ALL if (other.field, other.bit) == (found.field, found.bit)) == 1


@given(name=st.sampled_from(MNEMONICS), data=st.data())
def test_whatever_is_asked_is_decided(name, data):
    """Any instruction under any control fields, at any CPL: a decision whose rules all have a source."""
    fields = {field: data.draw(st.integers(0, (1 << 32) - 1)) for field in ("pin_based", "primary", "secondary")}
    cpl = data.draw(st.integers(0, 3))
    instruction = Instruction(name, data.draw(st.integers(0, 15)), data.draw(st.integers(0, 0xFFFF)))
    decision = decide(vmcs(**fields), Guest(cpl=cpl), instruction)
    assert decision == decide(vmcs(**fields), Guest(cpl=cpl), instruction)
    assert all(check.source == RULES[check.rule] for check in decision.checks)
    if decision.exits:
        exit_reasons.by_number(decision.result.reason)


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: vmcs(("HLT exit",)), "control"),
        (lambda: vmcs("HLT exiting"), "controls"),
        (lambda: vmcs(exception_bit=1), "VMCS field"),
        (lambda: vmcs(exception_bitmap=1 << 32), "exception_bitmap"),
        (lambda: vmcs(cr3_target_count=5), "cr3_target_count"),
        (lambda: vmcs(cr3_target_values=(1, 2, 3, 4, 5)), "cr3_target_values"),
        (lambda: vmcs(tpr_threshold=16), "tpr_threshold"),
        (lambda: Guest(mode="long"), "mode"),
        (lambda: Guest(cpl=4), "cpl"),
        (lambda: Guest(mode="real-address", cpl=3), "cpl"),
        (lambda: Guest(blocking=("IRET",)), "blocking"),
        (lambda: Instruction("NOP"), "instruction"),
        (lambda: Instruction("IN", size=8), "size"),
        (lambda: Instruction("IN", port=0x10000), "port"),
        (lambda: Instruction("IN", port=0x100, immediate=True), "port"),
        (lambda: Instruction("MOV to CR3", register=16), "register"),
        (lambda: msr_bitmaps(reads=(0x2000,)), "msr"),
        (lambda: msr_bit(0x1B, "RDTSC"), "operation"),
        (lambda: msr_page(bytes(4095)), "msr bitmap page"),
        (lambda: decide(vmcs(), Guest(activity="HLT"), Instruction("CPUID")), "activity"),
        (lambda: decide(vmcs(), Guest(), "CPUID"), "what"),
        (lambda: decide(vmcs(), Guest(mode="protected"), Instruction("MOV to CR8")), "mode"),
    ],
)
def test_what_cannot_be_is_named(call, field):
    """The error says which field it is, its value and what is allowed."""
    with pytest.raises(FieldError, match=f"^{field} is .*; allowed: ") as caught:
        call()
    assert caught.value.field == field
