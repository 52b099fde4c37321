"""VM entry: each check fails for what it is about, and shows as the manual says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim import FieldError
from vmsim.value import replace
from vmsim.vm_entry import Entered, FailedEntry, VmFail, enter, long_mode_vmcs
from vmsim.vmcs import vmcs
from vmsim.vmcs_areas import GuestState, HostState, Segment
from vmsim.vmcs_fields import Capabilities, ControlFields, MsrEntry
from vmsim.vmx_controls import ALL

GUEST, HOST, FIELDS = GuestState(), HostState(), ControlFields()
EPT = ("enable EPT",)
UNRESTRICTED = ("enable EPT", "unrestricted guest")
INTERRUPT, NMI, GP = 0x8000_0020, 0x8000_0202, 0x8000_0B0D


def test_the_defaults_are_a_64_bit_guest_that_enters():
    """With nothing changed no check fails."""
    assert enter(long_mode_vmcs()).result == Entered()
    usual = ("external-interrupt exiting", "NMI exiting", "virtual NMIs", "HLT exiting", "use TPR shadow",
             "use MSR bitmaps", "enable VPID", *UNRESTRICTED, "load IA32_EFER", "load IA32_PAT",
             "load IA32_EFER at exit", "load IA32_PAT at exit", "load debug controls")  # fmt: skip
    assert enter(long_mode_vmcs(usual)).violations == ()


@pytest.mark.parametrize(
    "controls, fields, field",
    [
        (("virtual NMIs",), {}, "virtual NMIs"),
        (("NMI exiting", "NMI-window exiting"), {}, "NMI-window exiting"),
        (("unrestricted guest",), {}, "unrestricted guest"),
        (("enable PML",), {}, "enable PML"),
        (("mode-based execute control for EPT",), {}, "mode-based execute control for EPT"),
        (("save VMX-preemption timer value",), {}, "save VMX-preemption timer value"),
        (("virtualize x2APIC mode",), {}, "virtualize x2APIC mode"),
        (("use TPR shadow", "virtualize x2APIC mode", "virtualize APIC accesses"), {}, "virtualize x2APIC mode"),
        (("APIC-register virtualization",), {}, "APIC-register virtualization"),
        (("use TPR shadow", "virtual-interrupt delivery"), {}, "virtual-interrupt delivery"),
        (("process posted interrupts",), {}, "process posted interrupts"),
        (("entry to SMM",), {}, "entry to SMM"),
        (("enable VPID",), {"vpid": 0}, "vpid"),
        (("use TSC scaling",), {"tsc_multiplier": 0}, "tsc_multiplier"),
        (EPT, {"eptp": 0x1D}, "eptp"),
        (EPT, {"eptp": 0x16}, "eptp"),
        (EPT, {"eptp": 0x11E}, "eptp"),
        (EPT, {"eptp": 0x1E | 1 << 52}, "eptp"),
        (("use MSR bitmaps",), {"msr_bitmap_address": 8}, "msr_bitmap_address"),
        (("use I/O bitmaps",), {"io_bitmap_b_address": 1 << 52}, "io_bitmap_b_address"),
        (("use TPR shadow",), {"virtual_apic_address": 0x10}, "virtual_apic_address"),
        (("use TPR shadow",), {"tpr_threshold_reserved": 1}, "tpr_threshold"),
        (("virtualize APIC accesses",), {"apic_access_address": 1}, "apic_access_address"),
        (("VMCS shadowing",), {"vmwrite_bitmap_address": 4}, "vmwrite_bitmap_address"),
        ((), {"entry_msr_load": (MsrEntry(0x10),), "entry_msr_load_address": 8}, "entry_msr_load_address"),
        ((), {"exit_msr_store": (MsrEntry(0x10),), "exit_msr_store_address": (1 << 52) - 15}, "exit_msr_store_address"),
        ((), {"interruption_information": 0x8000_0120}, "interruption_information"),
        ((), {"interruption_information": 0x8000_0203}, "interruption_information"),
        ((), {"interruption_information": 0x8000_0320}, "interruption_information"),
        ((), {"interruption_information": 0x8000_030D}, "interruption_information"),
        ((), {"interruption_information": 0x8000_0B06}, "interruption_information"),
        ((), {"interruption_information": 0x8000_0701}, "interruption_information"),
        ((), {"interruption_information": 0x8000_1020}, "interruption_information"),
        ((), {"interruption_information": GP, "error_code": 0x1_0000}, "error_code"),
        ((), {"interruption_information": 0x8000_0603, "instruction_length": 16}, "instruction_length"),
    ],
)  # fmt: skip
def test_an_impossible_control_fails_with_error_7(controls, fields, field):
    """VMfailValid(7), and the violation names the control or the field."""
    outcome = enter(long_mode_vmcs(controls), ControlFields(**fields))
    assert outcome.result == VmFail(7)
    assert field in [violation.field for violation in outcome.violations]


@pytest.mark.parametrize("threshold, vtpr, fails", [(3, 0x20, True), (3, 0x30, False), (0, 0, False)])
def test_the_tpr_threshold_is_not_above_the_virtual_tpr(threshold, vtpr, fails):
    """Without "virtualize APIC accesses" and virtual-interrupt delivery."""
    outcome = enter(long_mode_vmcs(("use TPR shadow",), tpr_threshold=threshold), ControlFields(vtpr=vtpr))
    assert isinstance(outcome.result, VmFail) == fails


def test_reserved_control_bits_must_be_clear():
    """But for those that old processors report as 1."""
    assert enter(long_mode_vmcs(pin_based=0x16)).result == Entered()
    assert enter(long_mode_vmcs(pin_based=1 << 1 | 1 << 8)).result == VmFail(7)
    assert enter(long_mode_vmcs(secondary=1 << 29)).result == Entered()
    assert enter(long_mode_vmcs(("enable RDTSCP",), secondary=1 << 29)).result == VmFail(7)


@pytest.mark.parametrize(
    "controls, host, field",
    [
        ((), {"cr0": 0x8000_0011}, "host cr0"),
        ((), {"cr4": 0x20}, "host cr4"),
        ((), {"cr3": 1 << 52}, "host cr3"),
        ((), {"cs": 0}, "host cs"),
        ((), {"tr": 0x43}, "host tr"),
        ((), {"ds": 4}, "host ds"),
        ((), {"gs_base": 1 << 63}, "host gs_base"),
        ((), {"rip": 1 << 47}, "host rip"),
        ((), {"cr4": 0x2000}, "host cr4"),
        ((), {"sysenter_eip": 1 << 48}, "host sysenter_eip"),
        (("load IA32_PAT at exit",), {"pat": 2}, "host pat"),
        (("load IA32_EFER at exit",), {"efer": 0xD00 & ~0x400}, "host efer"),
        (("load IA32_EFER at exit",), {"efer": 0xD03}, "host efer"),
        (("load CET state at exit",), {"ssp": 2}, "host ssp"),
        (("load PKRS at exit",), {"pkrs": 1 << 32}, "host pkrs"),
    ],
)
def test_an_impossible_host_state_fails_with_error_8(controls, host, field):
    """VMfailValid(8), and the violation names the field."""
    outcome = enter(long_mode_vmcs(controls), host=HostState(**host))
    assert outcome.result == VmFail(8)
    assert [violation.field for violation in outcome.violations] == [field]


def test_the_address_space_size_is_that_of_the_processor():
    """A 64-bit host sets "host address-space size", a 32-bit one neither that nor "IA-32e mode guest"."""
    assert enter(vmcs(("IA-32e mode guest",))).result == VmFail(8)
    assert enter(long_mode_vmcs(), cpu=Capabilities(efer_lma=False)).result == VmFail(8)


def segment(name, **changes):
    return {name: replace(getattr(GUEST, name), **changes)}


@pytest.mark.parametrize(
    "controls, guest, fields, field, qualification",
    [
        ((), {"cr0": 0x31}, {}, "guest cr0", 0),
        (UNRESTRICTED, {"cr0": 0x8000_0030}, {}, "guest cr0", 0),
        ((), {"cr4": 0x2000}, {}, "guest cr4", 0),
        ((), {"cr4": 0x20}, {}, "guest cr4", 0),
        ((), {"cr3": 1 << 52}, {}, "guest cr3", 0),
        (("load debug controls",), {"dr7": 1 << 32}, {}, "guest dr7", 0),
        (("load IA32_EFER",), {"efer": 0xD01 & ~0x400}, {}, "guest efer", 0),
        (("load IA32_EFER",), {"efer": 0xD01 & ~0x100}, {}, "guest efer", 0),
        (("load IA32_PAT",), {"pat": 3}, {}, "guest pat", 0),
        ((), {"rflags": 0}, {}, "guest rflags", 0),
        ((), {"rflags": 0xA}, {}, "guest rflags", 0),
        ((), {"rflags": 2 | 1 << 17}, {}, "guest rflags", 0),
        ((), {}, {"interruption_information": INTERRUPT}, "guest rflags", 0),
        ((), {"rip": 1 << 48}, {}, "guest rip", 0),
        ((), segment("cs", access_rights=0xE09B), {}, "guest cs.access_rights", 0),
        ((), segment("cs", access_rights=0xA093), {}, "guest cs.access_rights", 0),
        ((), segment("cs", access_rights=0xA0FB), {}, "guest cs.access_rights", 0),
        ((), segment("cs", base=1 << 32), {}, "guest cs.base", 0),
        ((), segment("ss", access_rights=0xC09B), {}, "guest ss.access_rights", 0),
        ((), segment("ss", selector=0x1B), {}, "guest ss.selector", 0),
        ((), segment("ds", access_rights=0xC092), {}, "guest ds.access_rights", 0),
        ((), segment("ds", access_rights=0x4093), {}, "guest ds.access_rights", 0),
        ((), segment("ds", limit=0), {}, "guest ds.access_rights", 0),
        ((), segment("ds", access_rights=0xC013), {}, "guest ds.access_rights", 0),
        ((), segment("fs", base=1 << 47), {}, "guest fs.base", 0),
        ((), segment("tr", access_rights=0x89), {}, "guest tr.access_rights", 0),
        ((), segment("tr", access_rights=0x1_008B), {}, "guest tr.access_rights", 0),
        ((), segment("tr", selector=0x44), {}, "guest tr.selector", 0),
        ((), {"ldtr": Segment(4, 0, 0, 0x82)}, {}, "guest ldtr.selector", 0),
        ((), {"gdtr_limit": 1 << 16}, {}, "guest gdtr_limit", 0),
        ((), {"activity": 4}, {}, "guest activity", 0),
        ((), {"activity": 1, "interruptibility": 1, "rflags": 0x202}, {}, "guest activity", 0),
        ((), {"activity": 3}, {"interruption_information": NMI}, "guest activity", 0),
        ((), {"activity": 2, "rflags": 0x202}, {"interruption_information": INTERRUPT}, "guest activity", 0),
        ((), {"interruptibility": 3, "rflags": 0x202}, {}, "guest interruptibility", 0),
        ((), {"interruptibility": 1}, {}, "guest interruptibility", 0),
        ((), {"interruptibility": 4}, {}, "guest interruptibility", 0),
        ((), {"interruptibility": 32}, {}, "guest interruptibility", 0),
        ((), {"interruptibility": 2}, {"interruption_information": NMI}, "guest interruptibility", 0),
        ((), {"interruptibility": 1, "rflags": 0x202}, {"interruption_information": NMI}, "guest interruptibility", 3),
        (("NMI exiting", "virtual NMIs"), {"interruptibility": 8}, {"interruption_information": NMI},
         "guest interruptibility", 0),
        ((), {"pending_debug": 1 << 13}, {}, "guest pending_debug", 0),
        ((), {"interruptibility": 2, "rflags": 0x102}, {}, "guest pending_debug", 0),
        ((), {"link_pointer": 0x1008}, {}, "VMCS link pointer", 4),
        ((), {"link_pointer": 0x1000, "link_revision": 1 << 31}, {}, "VMCS link pointer", 4),
    ],
)  # fmt: skip
def test_an_impossible_guest_state_is_an_exit(controls, guest, fields, field, qualification):
    """Reason 33 with bit 31; the violation names the field; the qualification is 0 but for three of them."""
    outcome = enter(long_mode_vmcs(controls), ControlFields(**fields), guest=GuestState(**guest))
    assert outcome.result == FailedEntry(33, qualification)
    assert outcome.result.exit_reason == 0x8000_0021
    assert field in [violation.field for violation in outcome.violations]


def test_a_pae_guests_pdptes_are_checked_with_ept():
    """Reserved bits of a present PDPTE fail the entry with qualification 2."""
    controls = vmcs(("host address-space size", *EPT))
    guest = GuestState(pdptes=(0x1001, 0, 0x1021, 0), cs=Segment(0x10, 0, 0xFFFF_FFFF, 0xC09B))
    outcome = enter(controls, guest=guest)
    assert outcome.result == FailedEntry(33, 2)
    assert [violation.field for violation in outcome.violations] == ["guest pdpte2"]
    assert enter(controls, guest=replace(guest, pdptes=(0x1001, 0, 0x1020, 0))).result == Entered()


def test_an_unrestricted_guest_may_be_in_real_address_mode():
    """PE and PG clear, flat segments of the 8086: only with "unrestricted guest"."""
    eight = {name: Segment(0, 0, 0xFFFF, 0x93) for name in ("cs", "ss", "ds", "es", "fs", "gs")}
    guest = GuestState(cr0=0x30, cr4=0x2000, rip=0xFFF0, **eight)
    size = "host address-space size"
    assert enter(vmcs((size, *UNRESTRICTED)), guest=guest).result == Entered()
    assert enter(vmcs((size, *EPT)), guest=guest).result == FailedEntry(33)


def test_a_virtual_8086_guest_has_fixed_segments():
    """Base is the selector times 16, limit 0xffff, rights 0xf3."""
    eight = {name: Segment(0x123, 0x1230, 0xFFFF, 0xF3) for name in ("cs", "ss", "ds", "es", "fs", "gs")}
    guest = GuestState(rflags=0x2_0002, rip=0, **eight)
    size = ("host address-space size",)
    assert enter(vmcs(size), guest=guest).result == Entered()
    wrong = enter(vmcs(size), guest=replace(guest, ds=Segment(0x123, 0x1231, 0xFFFE, 0xF2)))
    assert [v.field for v in wrong.violations] == ["guest ds.base", "guest ds.limit", "guest ds.access_rights"]


@pytest.mark.parametrize(
    "entry, fails",
    [
        (MsrEntry(0xC000_0102), False),
        (MsrEntry(0xC000_0100), True),
        (MsrEntry(0xC000_0101), True),
        (MsrEntry(0x800), True),
        (MsrEntry(0x8FF), True),
        (MsrEntry(0x900), False),
        (MsrEntry(0x79), True),
        (MsrEntry(0x9B), True),
        (MsrEntry(0x10, reserved=1), True),
        (MsrEntry(0x10, writable=False), True),
    ],
)
def test_an_msr_that_cannot_be_loaded_is_an_exit_that_counts_it(entry, fails):
    """Reason 34; the qualification is its place in the area, from 1."""
    outcome = enter(long_mode_vmcs(), ControlFields(entry_msr_load=(MsrEntry(0x10), entry)))
    assert outcome.result == (FailedEntry(34, 2) if fails else Entered())


def test_controls_are_checked_before_the_host_and_the_host_before_the_guest():
    """What fails first hides the rest."""
    bad_host, bad_guest = HostState(cs=0), GuestState(rflags=0)
    assert enter(long_mode_vmcs(("virtual NMIs",)), host=bad_host, guest=bad_guest).result == VmFail(7)
    assert enter(long_mode_vmcs(), host=bad_host, guest=bad_guest).result == VmFail(8)
    assert enter(long_mode_vmcs(), guest=bad_guest).result == FailedEntry(33)


def test_a_violation_reads_as_a_sentence():
    """Field, value, requirement, and the section that states it."""
    violation = enter(long_mode_vmcs(("unrestricted guest",))).violations[0]
    assert violation.text == 'unrestricted guest is 0x1; required: 0, or "enable EPT" is 1'
    assert violation.section == "VM-Execution Control Fields"


@given(names=st.sets(st.sampled_from([control.name for control in ALL]), max_size=12), data=st.data())
def test_any_combination_is_entered_or_refused(names, data):
    """Whatever is set, there is an outcome, and violations exactly where it is not entered."""
    fields = ControlFields(
        interruption_information=data.draw(st.sampled_from((0, INTERRUPT, NMI, GP, 0x8000_0700))),
        eptp=data.draw(st.sampled_from((0x1E, 0x5E, 0))),
    )
    guest = GuestState(
        rflags=data.draw(st.sampled_from((2, 0x202, 0x102, 0x2_0002))),
        activity=data.draw(st.integers(0, 4)),
        interruptibility=data.draw(st.integers(0, 31)),
    )
    outcome = enter(long_mode_vmcs(tuple(sorted(names))), fields, guest=guest)
    assert isinstance(outcome.result, Entered) == (outcome.violations == ())


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: ControlFields(vpid=1 << 16), "vpid"),
        (lambda: ControlFields(entry_msr_load=((0x10, 0),)), "entry_msr_load"),
        (lambda: HostState(cs=1 << 16), "cs"),
        (lambda: GuestState(pdptes=(0, 0)), "pdptes"),
        (lambda: GuestState(cs=0x10), "cs"),
        (lambda: Segment(limit=1 << 32), "limit"),
        (lambda: Capabilities(maxphyaddr=64), "maxphyaddr"),
    ],
)
def test_a_field_that_cannot_be_is_named(call, field):
    """The error says which field it is."""
    with pytest.raises(FieldError, match=rf"^{field} is ") as caught:
        call()
    assert caught.value.field == field
