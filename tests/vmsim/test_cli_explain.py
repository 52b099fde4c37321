"""``vmsim explain``: what it reads, what it says, and that it says so where it cannot read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vmsim.test_cli import vmsim
from vmsim import exit_reasons, svm_exit_codes
from vmsim.cli.readers import readers

OOPS = """\
[    2.345678] BUG: unable to handle page fault for address: ffffc90000001000
[    2.345679] #PF: supervisor write access in kernel mode
[    2.345680] #PF: error_code(0x000b) - reserved bit violation
[    2.345681] PGD 100000067 P4D 100000067 PUD 1002b3067 PMD 1002b4067 PTE 80080000fee00173
[    2.345682] Oops: 000b [#1] PREEMPT SMP NOPTI
[    2.345683] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1
"""


def explained(*arguments, stdin=None):
    status, out, err = vmsim("explain", *arguments, stdin=stdin)
    assert (status, err) == (0, "")
    return [" ".join(line.split()) for line in out.splitlines()]


@pytest.mark.parametrize(
    "code, sentence",
    [
        ("0x0", "a supervisor-mode read, and no page is mapped there"),
        ("0x2", "a supervisor-mode write, and no page is mapped there"),
        ("7", "a user-mode write that the page's rights refuse"),
        ("0x15", "a user-mode fetch that the page's rights refuse"),
        ("0xb", "a supervisor-mode write, and a reserved bit is 1 in an entry"),
        ("0x25", "a user-mode read that the protection key refuses"),
    ],
)
def test_a_page_fault_error_code_is_a_sentence_and_its_bits(code, sentence):
    """Each bit with what it says, and the section of the manual."""
    lines = explained("#PF", code)
    assert lines[0].endswith(f": {sentence}")
    assert lines[-2:] == [
        'Source: Intel SDM volume 3, "Page-Fault Exceptions"', "Source: Linux arch/x86/include/asm/trap_pf.h",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "EPT_VIOLATION 0x182",
        "EXIT_REASON_EPT_VIOLATION 386",
        "exit 48 0x182",
        "exit reason: 0x30, 0x182",
        "VMX_EXIT 48 0x182",
        "exit_reason=48 qualification=0x182",
    ],
)
def test_an_exit_reason_may_be_written_in_many_ways(text):
    """By number or by Linux's name, with its qualification."""
    lines = explained(text)
    assert lines[0] == "VM exit EPT_VIOLATION: EPT violation"
    assert "bit 1 data write 1 yes" in lines and "bit 0 data read 0 no" in lines
    assert "in short write to the address itself; EPT permits: nothing" in lines
    assert "in KVM handle_ept_violation" in lines


def test_a_failed_entry_has_bit_31():
    """And its own qualification; KVM tells user space."""
    lines = explained("exit", "0x80000021", "4")
    assert "bit 31 1 the VM entry failed" in lines
    assert "bits 63:0 what failed 4 the VMCS link pointer" in lines
    assert "in KVM KVM_EXIT_FAIL_ENTRY the VM entry failed" in lines


@pytest.mark.parametrize("reason", exit_reasons.ALL, ids=lambda reason: str(reason.number))
def test_every_exit_reason_is_explained(reason):
    """With any qualification."""
    assert explained("exit", str(reason.number), "0xffffffffffffffff")[0].startswith("VM exit ")


@pytest.mark.parametrize("code", svm_exit_codes.ALL, ids=lambda code: hex(code.number))
def test_every_svm_exit_code_is_explained(code):
    """By its number, and by its name where it has one."""
    assert explained(f"svm {code.number}") == explained(f"svm {code.name or code.number}")


KVM_EXITS = [
    (" qemu-kvm-2345  [003] d..1.  1234.567890: kvm_exit: vcpu 0 reason EPT_VIOLATION rip 0xffffffff81234567 "
     "info1 0x0000000000000182 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000",
     ["vCPU 0", "guest RIP 0xffffffff81234567", "info1 0x182 exit qualification", "bit 1 data write 1 yes"]),
    ("CPU 1/KVM-77 [001] 55.1: kvm_exit:             reason IO_INSTRUCTION rip 0x7c00 info 3f80000 0",
     ["guest RIP 0x7c00", "bits 31:16 port 0x3f8", "bit 3 direction 0 OUT", "in KVM handle_io"]),
    ("qemu 12 [000] 9.9: kvm:kvm_exit: vcpu 2 reason EXCEPTION_NMI rip 0x401000 info1 0x0000000000001000 "
     "info2 0x0000000000000000 intr_info 0x80000b0e error_code 0x00000006",
     ["vector 14 #PF page fault", "error code 0x6", "bits 63:0 linear address 0x1000",
      "#PF 0x6: a user-mode write, and no page is mapped there"]),
    ("x-1 [0] 1.0: kvm_exit: vcpu 0 reason INVALID_STATE FAILED_VMENTRY rip 0x0 info1 0x0000000000000000 "
     "info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000",
     ["bit 31 1 the VM entry failed", "in KVM KVM_EXIT_FAIL_ENTRY the VM entry failed"]),
    ("x-1 [0] 1.0: kvm_exit: [FAILED TO PARSE] exit_reason=48 guest_rip=0x7c00 isa=1 info1=386 info2=0 intr_info=0 "
     "error_code=0 vcpu_id=3", ["vCPU 3", "guest RIP 0x7c00", "qualification 0x182", "bit 1 data write 1 yes"]),
    ("x-1 [0] 1.0: kvm_exit: [FAILED TO PARSE] exit_reason=1024 guest_rip=1 isa=2 info1=4294967302 info2=4276093696",
     ["guest-physical address 0xfee00300 EXITINFO2"]),
    ("x-1 [0] 1.0: kvm_exit: reason UNKNOWN (63) rip 0x0 info 0 0", ["reason 63 XSAVES"]),
    ("x-1 [0] 1.0: kvm_exit: vcpu 0 reason 0x4c rip 0x0 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0",
     ["reason 76 SEAMCALL"]),
    ("x-1 [0] 1.0: kvm_exit: vcpu 0 reason npf rip 0x1000 info1 0x0000000100000006 info2 0x00000000fee00300 "
     "intr_info 0x00000000 error_code 0x00000000",
     ["guest-physical address 0xfee00300 EXITINFO2", "bit 32 1 while translating the final address"]),
    ("x-1 [0] 1.0: kvm_exit: reason io rip 0x7c00 info 3f80241 7c02", ["port 0x3f8", "direction IN 4 bytes"]),
    ("x-1 [0] 1.0: kvm_exit: reason msr rip 0x7c00 info 1 0", ["access WRMSR"]),
    ("x-1 [0] 1.0: kvm_exit: reason PF excp rip 0x7c00 info 2 1000", ["address 0x1000 CR2"]),
]  # fmt: skip


@pytest.mark.parametrize("line, parts", KVM_EXITS, ids=range(len(KVM_EXITS)))
def test_a_kvm_exit_line_of_any_tool_and_age_is_read(line, parts):
    """ftrace and perf, Linux 5 and 6, Intel and AMD: registers, qualification and event."""
    lines = explained(line)
    assert [part for part in parts if part not in lines] == []


@pytest.mark.parametrize(
    "text, title",
    [
        (
            "KVM: entry failed, hardware error 0x80000021",
            "VM exit INVALID_STATE: VM-entry failure: invalid guest state",
        ),
        ("KVM: entry failed, hardware error 0x7", "VM-instruction error 7: VM entry: a control field is invalid"),
        ("VM-instruction error 5", "VM-instruction error 5: VMRESUME: the VMCS has not been launched"),
        ("VMfail error 28", "VM-instruction error 28: INVEPT or INVVPID: an operand is invalid"),
    ],
)
def test_a_failed_entry_is_told_in_its_ways(text, title):
    """QEMU's line, with an exit reason or an error; an error by its number."""
    assert explained(text)[0] == title


def test_an_oops_is_read_line_by_line():
    """The address, the access, the error code, each entry; other lines of the log are passed over."""
    lines = explained(stdin=OOPS)
    for part in (
        "address 0xffffc90000001000 in the kernel's half",
        "A supervisor-mode write access by code in kernel mode",
        "#PF 0xb: a supervisor-mode write, and a reserved bit is 1 in an entry",
        "PGD and P4D, the PML4E 0x100000067: references a page-directory-pointer table at 0x100000000",
        "PTE, the PTE 0x80080000fee00173: maps a 4 KiB page at 0x80000fee00000",
    ):
        assert part in lines
    narrow = explained("--maxphyaddr", "46", stdin=OOPS)
    assert "bits 51:46 beyond MAXPHYADDR reserved: an access through this entry is a #PF with RSVD = 1" in narrow


@pytest.mark.parametrize(
    "line, part",
    [
        ("BUG: kernel NULL pointer dereference, address: 0000000000000008",
         "address 0x0000000000000008 in the first page: a null pointer, and an offset from it"),
        ("BUG: unable to handle kernel paging request at dead000000000100", "not canonical with 4-level paging"),
        ("#PF: supervisor read access in user mode", "so implicit the processor itself read a descriptor table"),
        ("a.out[77]: segfault at 10 ip 0000555555555131 sp 00007ffe error 4 in a.out[555+1000]",
         "#PF 0x4: a user-mode read, and no page is mapped there"),
        ("PGD 1234067 P4D 5678067 PUD 0", "PGD, the PML5E 0x1234067: references a PML4 table at 0x1234000"),
        ("Oops: Oops: 0010 [#1]", "#PF 0x10: a supervisor-mode fetch, and no page is mapped there"),
        ("CR2: 00007f0000001000", "address 0x00007f0000001000 in user space's half"),
    ],
)  # fmt: skip
def test_a_line_of_an_oops_is_read_alone(line, part):
    """As Linux 4 to 6 write it."""
    assert any(part in found for found in explained(line))


def test_an_entry_is_taken_apart():
    """Each flag with what it means; what is reserved depends on MAXPHYADDR and EFER.NXE."""
    lines = explained("PTE", "0x8000000012345067")
    assert lines[0] == "PTE 0x8000000012345067: maps a 4 KiB page at 0x12345000"
    assert "R/W 1 writable" in lines and "XD 1 no instruction fetch" in lines
    assert any("XD while EFER.NXE = 0" in line for line in explained("PTE", "0x8000000012345067", "--no-nxe"))
    assert explained("pde 0x12345066")[0] == "PDE 0x12345066: not present"
    pml4e = explained("PML4E 87")
    assert "bit 7 no page at this level reserved: an access through this entry is a #PF with RSVD = 1" in pml4e


def test_an_ept_entry_is_taken_apart():
    """Memory type and permissions; a misconfiguration is told."""
    assert "memory type 6 WB" in explained("EPT PTE 0x12345037")
    assert "bit 1 W without R an access through this entry is an EPT misconfiguration" in explained(
        "EPT PDE 0x12345002"
    )
    assert "R, W, X 0 not present: an access is an EPT violation" in explained("EPT PTE 0x12345000")


def test_the_json_has_title_lines_and_sources():
    """A list of explanations."""
    status, out, _ = vmsim("explain", "#PF 2", "--json")
    found = json.loads(out)
    assert status == 0 and len(found) == 1
    assert found[0]["lines"][0] == {"label": "bit 2 U/S", "value": "0", "meaning": "a supervisor-mode access"}


@pytest.mark.parametrize("arguments, stdin", [(("what is this",), None), ((), "nothing\nof note\n"), (("-",), "")])
def test_what_it_cannot_read_is_an_error_that_says_what_it_takes(arguments, stdin):
    """One line, and each kind of text is in it."""
    status, out, err = vmsim("explain", *arguments, stdin=stdin)
    assert (status, out) == (2, "")
    assert err.startswith("vmsim explain: ") and len(err.splitlines()) == 1
    assert all(reader.TAKES in err for reader in readers())


@pytest.mark.parametrize(
    "text, problem",
    [
        ("exit 35", "exit_reason is 0x23; allowed"),
        ("exit 0x100000000", "exit reason is 0x100000000; allowed: 32 bits"),
        ("EXIT_REASON_NOP 1", "exit_reason is 'NOP'; allowed: Linux's name"),
        ("VM-instruction error 14", "VM-instruction error is 0xe; allowed: 1, 2"),
        ("kvm_exit: [FAILED TO PARSE] rip=1", "kvm_exit line is 'rip=1'"),
        ("svm 0x500", "svm_exit_code is 0x500; allowed"),
        ("PTE 0x10000000000000000", "PTE is 0x10000000000000000; allowed: 64 bits"),
        ("#PF 0x10000", "#PF error code is 0x10000; allowed: bits 0, 1"),
        ("exit 48 0x10000000000000000", "qualification is 0x10000000000000000"),
        ("kvm_exit: reason", "kvm_exit line is 'reason'; allowed: reason NAME rip"),
        ("kvm_exit: reason UNKNOWN rip 0x1 info 0 0", "reason is 'UNKNOWN'"),
    ],
)
def test_a_number_that_cannot_be_is_named(text, problem):
    """Status 2, and the value with what is allowed."""
    status, _, err = vmsim("explain", text)
    assert status == 2 and problem in err


@given(text=st.text(max_size=60) | st.sampled_from([line for line, _ in KVM_EXITS] + OOPS.splitlines()).flatmap(
    lambda line: st.integers(0, len(line)).map(lambda at: line[:at] + line[at + 3:])))  # fmt: skip
def test_no_text_makes_it_crash(text):
    """Any text, and any of the lines above with a piece cut out, is explained or refused."""
    assert vmsim("explain", stdin=text)[0] in (0, 2)
