"""The vm-exit diagram: what an author writes, and what comes of it."""

import itertools
import textwrap

import jsonschema
import pytest

from vmsim import FieldError, exit_reasons
from vmsim.kvm import KvmState, handle
from vmsim.vmx import VmExit
from vmview import vm_exit
from vmview.kvm_words import _CHINESE

VALIDATOR = jsonschema.Draft202012Validator(vm_exit.SCHEMA)
TARGETS = {"controls": ["CR3-load exiting"], "cr3_target_values": [0x1000, 0x2000]}
MSRS = {"controls": ["use MSR bitmaps"], "msr_bitmaps": {"read": [0x10], "write": [0xC000_0080]}}
PORTS = {"controls": ["use I/O bitmaps"], "io_bitmap": [0x3F8]}
EPT = {"controls": ["enable EPT"], "guest_physical_address": 0x1234_5678}


def outcome(body):
    VALIDATOR.validate(body)
    return vm_exit.outcome(vm_exit.run(body))


@pytest.mark.parametrize(
    ("body", "reason", "handler", "seen"),
    [
        ({"instruction": "CPUID"}, "CPUID", "kvm_emulate_cpuid", None),
        ({"instruction": "CPUID", "cpl": 3}, "CPUID", "kvm_emulate_cpuid", None),
        ({"instruction": "HLT", "controls": ["HLT exiting"]}, "HLT", "kvm_emulate_halt", None),
        (
            {"instruction": "HLT", "controls": ["HLT exiting"], "kvm": {"lapic_in_kernel": 0}},
            "HLT",
            "kvm_emulate_halt",
            "KVM_EXIT_HLT",
        ),
        ({"instruction": "MOV to CR3", "value": 0x3000} | TARGETS, "CR_ACCESS", "handle_cr", None),
        (
            {"instruction": "MOV to CR3", "value": 0x2000, "cr3_target_count": 1} | TARGETS,
            "CR_ACCESS",
            "handle_cr",
            None,
        ),
        ({"instruction": "MOV from CR3", "controls": ["CR3-store exiting"]}, "CR_ACCESS", "handle_cr", None),
        ({"instruction": "RDMSR", "msr": 0x11}, "MSR_READ", "kvm_emulate_rdmsr", None),
        ({"instruction": "RDMSR", "msr": 0x10} | MSRS, "MSR_READ", "kvm_emulate_rdmsr", None),
        ({"instruction": "WRMSR", "msr": 0xC000_0080} | MSRS, "MSR_WRITE", "kvm_emulate_wrmsr", None),
        ({"instruction": "WRMSR", "msr": 0x4000_0000} | MSRS, "MSR_WRITE", "kvm_emulate_wrmsr", None),
        (
            {"instruction": "RDMSR", "kvm": {"msr": "unknown", "msr_to_user": ["unknown"]}},
            "MSR_READ",
            "kvm_emulate_rdmsr",
            "KVM_EXIT_X86_RDMSR",
        ),
        ({"instruction": "OUT", "port": 0x3F8} | PORTS, "IO_INSTRUCTION", "handle_io", "KVM_EXIT_IO"),
        (
            {"instruction": "IN", "port": 0x3F5, "size": 4, "kvm": {"port": "in-kernel device"}} | PORTS,
            "IO_INSTRUCTION",
            "handle_io",
            None,
        ),
        ({"access": "read"} | EPT, "EPT_VIOLATION", "handle_ept_violation", None),
        ({"access": "write", "ept_entry": {"W": 0}} | EPT, "EPT_VIOLATION", "handle_ept_violation", None),
        ({"access": "read", "kvm": {"gpa": "MMIO"}} | EPT, "EPT_VIOLATION", "handle_ept_violation", "KVM_EXIT_MMIO"),
        (
            {"access": "read", "ept_entry": {"R": 0}, "kvm": {"gpa": "MMIO"}} | EPT,
            "EPT_MISCONFIG",
            "handle_ept_misconfig",
            "KVM_EXIT_MMIO",
        ),
    ],
)
def test_what_exits(body, reason, handler, seen):
    """The reason, KVM's function, and what user space sees (None: nothing, the guest resumes)."""
    found = outcome(body)
    assert found["vm_exit"]["reason"] == reason
    assert found["kvm"] == {"handler": handler, "returns": 0 if seen else 1}
    assert found.get("user_space") == ({"exit_reason": seen} if seen else None)


@pytest.mark.parametrize(
    "body",
    [
        {"instruction": "HLT"},
        {"instruction": "MOV to CR3", "value": 0x3000},
        {"instruction": "MOV to CR3", "value": 0x2000} | TARGETS,
        {"instruction": "MOV from CR3"} | TARGETS,
        {"instruction": "RDMSR", "msr": 0xC000_0080} | MSRS,
        {"instruction": "WRMSR", "msr": 0x10} | MSRS,
        {"instruction": "OUT", "port": 0x3F9} | PORTS,
        {"instruction": "OUT", "port": 0x3F9, "controls": ["use I/O bitmaps", "unconditional I/O exiting"]},
        {"access": "read", "ept_entry": {"W": 0}} | EPT,
    ],
)
def test_what_does_not_exit(body):
    """Without its control, or with the value, bit or permission that lets it pass, nothing leaves the guest."""
    assert outcome(body).keys() == {"no_exit"}


def test_a_fault_comes_before_the_exit():
    """HLT with CPL 3 is #GP in the guest, whatever its control says."""
    found = outcome({"instruction": "HLT", "cpl": 3, "controls": ["HLT exiting"]})
    assert found == {"guest_fault": {"exception": "#GP", "error_code": 0}}


def test_the_exit_information_is_the_manual_s():
    """The qualification tells register and access; that of an EPT misconfiguration is undefined, and so not there."""
    assert outcome({"instruction": "MOV to CR3", "register": "RBX"} | TARGETS)["vm_exit"]["qualification"] == 0x303
    violation = outcome({"access": "write", "ept_entry": {"W": 0}} | EPT)["vm_exit"]
    assert violation["qualification"] == 0x1AA and violation["guest_physical_address"] == 0x1234_5678
    assert "qualification" not in outcome({"access": "read", "ept_entry": {"R": 0}} | EPT)["vm_exit"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "instruction is None; allowed: an instruction; or, instead of it, an access"),
        ({"instruction": "CPUID", "access": "read"}, "access is 'read'; allowed: this key without instruction"),
        ({"access": "read", "msr": 1}, "msr is 0x1; allowed: this key without access"),
        ({"access": "read"}, "access is 'read'; allowed: an access where \"enable EPT\" is among the controls"),
        ({"instruction": "CPUID", "msr": 1}, "msr is 0x1; allowed: no operand; by no other does CPUID decide"),
        ({"instruction": "RDMSR", "value": 1}, "value is 0x1; allowed: msr; by no other does RDMSR decide"),
        (
            {"instruction": "HLT", "controls": ["HLT exiting", "CR3 exiting"]},
            "controls/1 is 'CR3 exiting'; allowed: a VMX control, as CR3-load exiting, CR3-store exiting",
        ),
        (
            {"instruction": "RDMSR", "msr_bitmaps": {"read": [0x10, 0x2000]}},
            "msr_bitmaps/read/1 is 0x2000; allowed: 0x0 to 0x1fff and",
        ),
        ({"instruction": "HLT", "mode": "real-address", "cpl": 3}, "cpl is 0x3; allowed: 0 in real-address mode"),
        ({"instruction": "CPUID", "colour": 1}, "colour is 0x1; allowed: access, address, "),
    ],
)
def test_errors_are_for_people(body, message):
    """A body that cannot be is refused with the key, its value and what is allowed."""
    with pytest.raises(FieldError) as caught:
        vm_exit.run(body)
    assert str(caught.value).startswith(message)


STATES = [
    {name: value}
    for name, values in {
        "gpa": ("RAM", "MMIO", "read-only RAM", "in-kernel device", "ioeventfd", "no page"),
        "port": ("user space", "in-kernel device", "ioeventfd"),
        "msr": ("known", "unknown", "invalid", "filtered"),
        "msr_to_user": (("unknown",),),
        "guest_debug": (("hardware breakpoints",), ("single-step",)),
        "dr7_gd": (True,),
        "lapic_in_kernel": (False,),
        "ioapic_in_kernel": (False,),
        "nested": (True,),
        "emulates": (False,),
        "cpl": (3,),
        "cr8": (15,),
        "value": (12,),
        "hypercall_exits": ((12,),),
        "notify_user": (True,),
        "invpcid_in_cpuid": (False,),
        "guest_wants_ac": (False,),
        "vmware_backdoor": (True,),
        "split_lock_handled": (False,),
    }.items()
    for value in values
]


def test_all_that_kvm_does_is_said_in_chinese():
    """Whatever exits, and whatever two things KVM knows, what it does has Chinese words, and nothing else has."""
    said = set()
    vectors = [0] + [1 << 31 | kind << 8 | vector for vector in range(32) for kind in (2, 3)]
    for reason in exit_reasons.ALL:
        for first, second in itertools.combinations([{}, *STATES], 2):
            if first.keys() & second.keys():
                continue
            state = KvmState(**first, **second)
            for information in vectors if reason.name == "EXCEPTION_NMI" else (0,):
                for qualification, delivery in itertools.product((0, 8, 1, 0x20, 0x18), (0, 1 << 31)):
                    leave = VmExit(reason.number, qualification, information, idt_vectoring_information=delivery)
                    said.add(handle(leave, state).did)
    assert said == _CHINESE.keys()


def test_an_error_stands_at_its_line(project_of):
    """The line of a control that does not exist, and of a key that the schema has not, is that line itself."""
    said = project_of(
        textwrap.dedent(
            """\
            ```vm-exit {#one}
            instruction: HLT
            controls:
              - HLT exiting
              - HLT existing
            ```
            """
        )
    )
    assert "en.md:9: controls/1 cannot be 'HLT existing'; allowed: a VMX control, as HLT exiting" in said
    said = project_of("```vm-exit {#one}\ninstruction: HLT\ncontrol: [HLT exiting]\n```\n")
    assert "en.md:7: the key control is unknown" in said


@pytest.fixture
def project_of(tmp_path, capsys):
    """What ``notes check`` prints of a note with that text below its head, which has four lines."""
    from notekit.cli import main

    folder = tmp_path / "area/note"
    folder.mkdir(parents=True)
    (tmp_path / "area/area.yml").write_text("title: {en: A, zh: A}\norder: 1\n", encoding="utf-8")

    def check(text):
        head = "---\ntitle: T\nquestion: Q?\n---\n"
        (folder / "en.md").write_text(head + text, encoding="utf-8")
        (folder / "zh.md").write_text(head + "```example {of=one}\n```\n", encoding="utf-8")
        with pytest.raises(SystemExit):
            main(["check", "--root", str(tmp_path)])
        return capsys.readouterr().out

    return check


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"exception": "#GP"}, {"guest_fault": {"exception": "#GP", "error_code": 0}}),
        ({"exception": "#GP", "during": "#BP"}, {"guest_fault": {"exception": "#GP", "error_code": 0}}),
        ({"exception": "#GP", "during": "#GP"}, {"guest_fault": {"exception": "#DF", "error_code": 0}}),
        ({"exception": "#PF", "during": "#GP"}, {"guest_fault": {"exception": "#PF", "error_code": 0}}),
    ],
)
def test_what_a_second_exception_comes_to(body, expected):
    """After a benign event, or a #PF after a contributory one: itself; two contributory ones: a double fault."""
    assert outcome(body) == expected


def test_a_triple_fault_always_exits_and_user_space_sees_it():
    """No control asks; KVM returns 0 with KVM_EXIT_SHUTDOWN, and the vCPU does not simply go on."""
    body = {"exception": "#PF", "during": "#DF"}
    found = outcome(body)
    assert found["vm_exit"]["reason"] == "TRIPLE_FAULT" and found["kvm"]["returns"] == 0
    assert found["user_space"] == {"exit_reason": "KVM_EXIT_SHUTDOWN"}
    assert "if user space resets it" in vm_exit.describe(vm_exit.run(body), "en")


def test_the_exception_bitmap_comes_before_the_double_fault():
    """The second exception's own bit is asked first; then that of #DF."""
    found = outcome({"exception": "#GP", "during": "#GP", "exception_bitmap": ["#GP"]})
    assert found["vm_exit"]["reason"] == "EXCEPTION_NMI"
    assert outcome({"exception": "#GP", "during": "#GP", "exception_bitmap": ["#DF"]})["vm_exit"]["number"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"exception": "NMI"}, "exception"),
        ({"exception": "#GP", "during": "#XX"}, "during"),
        ({"exception": "#GP", "exception_bitmap": ["#GP", "NMI"]}, "exception_bitmap/1"),
        ({"instruction": "HLT", "during": "#GP"}, "during"),
        ({"exception": "#GP", "access": "read"}, "exception"),
        ({"during": "#GP"}, "instruction"),
    ],
)
def test_an_exception_that_cannot_be_is_named(body, field):
    """The error's field is the key's path in the body."""
    with pytest.raises(FieldError) as raised:
        vm_exit.run(body)
    assert raised.value.field == field


def test_an_error_is_said_on_the_way_to_user_space():
    """What the handler returned stands at the arrow, an error as well as 0."""
    body = {"access": "read", "controls": ["enable EPT"], "kvm": {"gpa": "no page"}}
    assert "returns -14" in vm_exit.describe(vm_exit.run(body), "en")
    assert "返回-14" in vm_exit.describe(vm_exit.run(body), "zh")


def test_a_guest_that_cannot_go_on_is_not_said_to():
    """After KVM_EXIT_INTERNAL_ERROR it goes on only if user space can help."""
    body = {"exception": "#GP", "during": "#GP", "exception_bitmap": ["#GP"]}
    told = vm_exit.describe(vm_exit.run(body), "en")
    assert "KVM_INTERNAL_ERROR_SIMUL_EX" in told and "The guest goes on." not in told
