"""What VM entry and VM exit do with an MSR: three ways, and none."""

import pytest

from vmsim import FieldError
from vmsim.msr_switch import switch
from vmsim.vmcs import vmcs
from vmsim.vmcs_fields import ControlFields, MsrEntry

KERNEL_GS_BASE, EFER, SYSENTER_EIP, DEBUGCTL, PAT = 0xC000_0102, 0xC000_0080, 0x176, 0x1D9, 0x277


def ways(msr, controls=(), **areas):
    found = switch(msr, vmcs(controls), ControlFields(**areas))
    return found.at_entry, found.at_exit_save, found.at_exit_load


def test_an_msr_without_a_field_and_in_no_area_is_shared():
    """Guest and host have the same register: nothing is saved, nothing loaded."""
    assert ways(KERNEL_GS_BASE) == ("nothing", "nothing", "nothing")


def test_an_msr_in_the_areas_is_switched_by_them():
    """Each of the three areas by itself."""
    areas = {name: (MsrEntry(KERNEL_GS_BASE),) for name in ("entry_msr_load", "exit_msr_store", "exit_msr_load")}
    assert ways(KERNEL_GS_BASE, **areas) == ("MSR area",) * 3
    only = {"entry_msr_load": areas["entry_msr_load"]}
    assert ways(KERNEL_GS_BASE, **only) == ("MSR area", "nothing", "nothing")


def test_some_msrs_have_fields_that_no_control_asks_for():
    """SYSENTER's three, and the bases of FS and GS."""
    for msr in (0x174, 0x175, SYSENTER_EIP, 0xC000_0100, 0xC000_0101):
        assert ways(msr) == ("guest-state field", "guest-state field", "host-state field")


def test_others_have_fields_for_each_of_which_a_control_asks():
    """IA32_PAT: loaded at entry, saved at exit, loaded at exit, each by its own."""
    assert ways(PAT) == ("nothing", "nothing", "nothing")
    assert ways(PAT, ("load IA32_PAT",)) == ("guest-state field", "nothing", "nothing")
    assert ways(PAT, ("save IA32_PAT", "load IA32_PAT at exit")) == ("nothing", "guest-state field", "host-state field")


def test_debugctl_is_cleared_at_every_exit():
    """Whether it is saved before or not."""
    assert ways(DEBUGCTL) == ("nothing", "nothing", "cleared")
    assert ways(DEBUGCTL, ("save debug controls",)) == ("nothing", "guest-state field", "cleared")


def test_efer_without_its_controls_gets_its_mode_bits_only():
    """LMA and LME follow the address-space controls."""
    mode = "LMA and LME by the address-space controls"
    assert ways(EFER) == (mode, "nothing", mode)
    assert ways(EFER, ("load IA32_EFER",))[0] == "guest-state field"


def test_an_msr_number_has_32_bits():
    """The error names the field."""
    with pytest.raises(FieldError, match=r"^msr is "):
        ways(1 << 32)
