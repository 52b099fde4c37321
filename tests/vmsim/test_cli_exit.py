"""``vmsim exit``: the decision, its rules, and what KVM does, as text and as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vmsim.test_cli import vmsim
from vmsim.events import KINDS
from vmsim.instructions import MNEMONICS
from vmsim.vmx_controls import ALL


def decided(*arguments):
    status, out, _ = vmsim("exit", *arguments, "--json")
    assert status == 0
    return json.loads(out)


def test_an_exit_is_told_with_its_rules_and_who_handles_it():
    """Each rule on a line with its source, the qualification bit by bit, KVM's handler and where it ends."""
    arguments = (
        "MOV to CR3",
        "-c",
        "CR3-load exiting",
        "-s",
        "cr3_target_count=1",
        "-o",
        "value=0x3000",
        "-o",
        "register=RBX",
    )
    status, out, _ = vmsim("exit", *arguments)
    lines = out.splitlines()
    assert status == 0
    assert lines[2].startswith("cr3-target  value = 0x3000, CR3-target count = 1") and "→ exit" in lines[2]
    assert lines[2].endswith("[CR3-Target Controls]")
    assert lines[3] == "VM exit CR_ACCESS, reason 28, qualification 0x303"
    assert "  bits 11:8 general-purpose register 3 RBX" in lines
    assert lines[-2] == "KVM: handle_cr returns 1: the guest resumes"


EPT = ("EPT violation", "-c", "enable EPT")


@pytest.mark.parametrize(
    "arguments, last",
    [
        (("CPUID",), "kvm_emulate_cpuid returns 1: the guest resumes"),
        (("hlt", "-c", "hlt exiting", "-k", "lapic_in_kernel=no"),
         "kvm_emulate_halt returns 0: user space gets KVM_EXIT_HLT"),
        (("OUT", "-c", "unconditional I/O exiting"), "handle_io returns 0: user space gets KVM_EXIT_IO"),
        ((*EPT, "-k", "gpa=MMIO"), "handle_ept_violation returns 0: user space gets KVM_EXIT_MMIO"),
        (EPT, "handle_ept_violation returns 1: the guest resumes"),
        ((*EPT, "-k", "gpa=no page"), "handle_ept_violation returns -14: KVM_RUN fails with -14"),
        (("RDTSC", "-c", "RDTSC exiting"),
         "no handler returns 0: user space gets KVM_EXIT_INTERNAL_ERROR (KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON)"),
    ],
)  # fmt: skip
def test_it_says_to_whom_the_exit_goes(arguments, last):
    """The last line but one names KVM's handler, what it returns, and who goes on."""
    assert vmsim("exit", *arguments)[1].splitlines()[-2] == f"KVM: {last}"


def test_no_exit_says_what_happens_instead():
    """It executes, perhaps with another value; or the guest gets a fault."""
    assert vmsim("exit", "HLT")[1].splitlines()[-1] == "No exit: executes"
    shadow = ("-s", "cr0_guest_host_mask=0x80000000", "-s", "cr0_read_shadow=0")
    assert vmsim("exit", "MOV from CR0", *shadow)[1].splitlines()[-1] == "No exit: executes: 0x10031"
    assert (
        vmsim("exit", "RDMSR", "-g", "cpl=3")[1].splitlines()[-1] == "No exit: the guest gets #GP with error code 0x0"
    )


def test_bitmaps_are_given_by_what_they_answer_for():
    """MSRs and ports whose bit is 1."""
    msr = ("-c", "use MSR bitmaps", "--msr-write-bit", "0xc0000080", "-o", "msr=0xc0000080")
    assert decided("WRMSR", *msr)["exit"] and not decided("RDMSR", *msr)["exit"]
    port = ("-c", "use I/O bitmaps", "--io-bit", "0x3f8", "--io-bit", "96")
    assert decided("IN", *port, "-o", "port=96")["exit"] and not decided("IN", *port, "-o", "port=97")["exit"]


def test_the_json_has_every_rule_and_value():
    """What was asked, what each rule read and said, the result, KVM's answer."""
    found = decided("exception", "-o", "vector=14", "-o", "error_code=3", "-s", "exception_bitmap=0x4000")
    assert found["checks"][-1] == {
        "rule": "exception-bitmap", "read": {"vector": 14, "exception bitmap bit": 1}, "said": "exit",
        "source": "Exception Bitmap",
    }  # fmt: skip
    assert found["result"]["kind"] == "VmExit" and found["result"]["name"] == "EXCEPTION_NMI"
    assert found["kvm"]["handler"] == "handle_exception_nmi" and found["kvm"]["to_user_space"] is False


def test_controls_that_vm_entry_refuses_are_told():
    """The decision stands, and beside it what VM entry has against the controls."""
    status, out, _ = vmsim("exit", "NMI", "-c", "virtual NMIs")
    assert (status, out.splitlines()[-1]) == (
        0,
        'VM entry refuses these controls (error 7): virtual NMIs is 0x1; required: 0, or "NMI exiting" is 1'
        "  [VM-Execution Control Fields]",
    )
    assert decided("NMI", "-c", "virtual NMIs")["refused_by_vm_entry"][0]["field"] == "virtual NMIs"
    assert decided("NMI", "-c", "NMI exiting")["refused_by_vm_entry"] == []


@pytest.mark.parametrize(
    "what, names", [("controls", [c.name for c in ALL]), ("instructions", MNEMONICS), ("events", KINDS)]
)
def test_what_can_be_named_can_be_listed(what, names):
    """One name a line."""
    assert vmsim("exit", "--list", what)[1].splitlines() == list(names)


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ((), "Missing argument 'WHAT'"),
        (("NOP",), "WHAT is 'NOP'; allowed: an instruction or an event"),
        (("HLT", "-c", "HLT exit"), "control is 'HLT exit'; allowed: a VMX control, as HLT exiting"),
        (("HLT", "-s", "hlt=1"), "NAME=VALUE is 'hlt=1'"),
        (("HLT", "-s", "exception_bitmap"), "NAME=VALUE is 'exception_bitmap'"),
        (("HLT", "-s", "exception_bitmap=x"), "exception_bitmap is 'x'; allowed: a number"),
        (("HLT", "-s", "msr_bitmaps=1"), "msr_bitmaps is '1'; allowed: an option of its own"),
        (("HLT", "-g", "cpl=4"), "cpl is 0x4; allowed: an integer from 0x0 to 0x3"),
        (("HLT", "-g", "io_permitted=maybe"), "io_permitted is 'maybe'"),
        (("HLT", "-k", "gpa=ROM"), "gpa is 'ROM'; allowed: RAM"),
        (("MOV to CR3", "-o", "register=EAX"), "register is 'EAX'; allowed: RAX"),
        (("RDMSR", "--msr-read-bit", "0x2000"), "msr is 0x2000; allowed: 0x0 to 0x1fff"),
        (("IN", "--io-bit", "65536"), "io_bitmaps is 0x10000"),
    ],
)
def test_what_cannot_be_is_an_error_of_one_line(arguments, problem):
    """Status 2, and the last line names the value and what is allowed."""
    status, out, err = vmsim("exit", *arguments)
    assert (status, out) == (2, "") and problem in err.splitlines()[-1]
    assert not arguments or (err.startswith("vmsim exit: ") and len(err.splitlines()) == 1)


@given(what=st.sampled_from((*MNEMONICS, *KINDS)), words=st.lists(st.text(max_size=12), max_size=3),
       option=st.sampled_from(("-c", "-s", "-o", "-g", "-k", "--io-bit", "--msr-read-bit")))  # fmt: skip
def test_no_words_make_it_crash(what, words, option):
    """Anything in the place of any option is taken or refused."""
    arguments = [text for word in words for text in (f"{option}={word}" if option[:2] == "--" else f"{option}{word}",)]
    assert vmsim("exit", what, *arguments)[0] in (0, 2)
