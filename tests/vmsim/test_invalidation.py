"""INVPCID, INVVPID, INVEPT and CR4.PCIDE: what is refused, and how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim import FieldError
from vmsim.invalidation import clear_paging, invept, invpcid, invvpid, set_pcide

NON_CANONICAL = 1 << 63


@given(
    kind=st.integers(0, 5), pcid=st.sampled_from((0, 1, 10, 0xFFF, 0x1000, 1 << 63)), pcide=st.booleans(),
    address=st.sampled_from((0, 0x1000, NON_CANONICAL)), cpl=st.sampled_from((0, 3)),
)  # fmt: skip
def test_invpcid_raises_gp_for_each_rule_of_its_page(kind, pcid, pcide, address, cpl):
    """CPL, type, reserved bits, a PCID without CR4.PCIDE, an address that is not canonical; else it is ok."""
    allowed = (
        cpl == 0
        and kind in (0, 1, 2, 3)
        and pcid <= 0xFFF
        and (pcide or pcid == 0 or kind in (2, 3))
        and (kind != 0 or address != NON_CANONICAL)
    )
    assert invpcid(kind, pcid, address, pcide, cpl).result == ("ok" if allowed else "#GP")


@given(
    kind=st.integers(0, 5), vpid=st.sampled_from((0, 1, 0xFFFF, 0x10000, 1 << 63)),
    address=st.sampled_from((0, 0x1000, NON_CANONICAL)),
)  # fmt: skip
def test_invvpid_fails_for_each_rule_of_its_page(kind, vpid, address):
    """Type, reserved bits, VPID 0 but for all contexts, an address that is not canonical."""
    allowed = kind <= 3 and vpid <= 0xFFFF and (kind == 2 or vpid) and (kind or address != NON_CANONICAL)
    assert invvpid(kind, vpid, address).result == ("VMsucceed" if allowed else "VMfail error 28")


@pytest.mark.parametrize("instruction", [invvpid, invept])
def test_outside_vmx_operation_the_opcode_is_invalid(instruction):
    """#UD before anything else, then #GP for CPL above 0."""
    assert instruction(1, 1, in_vmx=False, cpl=3).result == "#UD"
    assert instruction(1, 1, cpl=3).result == "#GP"


@pytest.mark.parametrize(
    "kind, descriptor, result",
    [
        (1, 0x1E, "VMsucceed"), (1, 0x5E, "VMsucceed"), (1, 0x1D, "VMfail error 28"), (1, 0x16, "VMfail error 28"),
        (1, 0x1E | 1 << 52, "VMfail error 28"), (1, 0x1E | 1 << 64, "VMfail error 28"), (2, 0, "VMsucceed"),
        (2, 0x16, "VMsucceed"), (0, 0x1E, "VMfail error 28"), (3, 0x1E, "VMfail error 28"),
    ],
)  # fmt: skip
def test_invept_asks_for_an_eptp_that_vm_entry_accepts(kind, descriptor, result):
    """For a single context only; the all-context type looks at none."""
    assert invept(kind, descriptor).result == result


def test_a_canonical_address_is_wider_with_five_levels():
    """Bit 47 alone is no sign extension with 4 levels, and an address with 5."""
    assert invpcid(0, 0, 1 << 47).result == "#GP"
    assert invpcid(0, 0, 1 << 47, levels=5).result == "ok"


@pytest.mark.parametrize("cr3, lma, result", [(0x1000, True, "ok"), (0x1001, True, "#GP"), (0x1000, False, "#GP")])
def test_pcide_is_set_with_pcid_0_in_ia_32e_mode_only(cr3, lma, result):
    """MOV to CR4, 0 to 1."""
    assert set_pcide(cr3, lma).result == result


@pytest.mark.parametrize("cr4, long_mode, result", [(0x2_0020, False, "#GP"), (0x20, False, "ok"), (0x20, True, "#GP")])
def test_paging_is_not_switched_off_with_pcide(cr4, long_mode, result):
    """MOV to CR0, PG 1 to 0."""
    assert clear_paging(cr4, long_mode).result == result


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: invpcid(-1, 0), "type"), (lambda: invpcid(0, 1 << 64), "pcid"), (lambda: invvpid(0, "1"), "vpid"),
        (lambda: invept(1, 1 << 128), "descriptor"), (lambda: invpcid(0, 0, cpl=4), "cpl"),
        (lambda: invpcid(0, 0, levels=3), "levels"), (lambda: set_pcide(1 << 64, True), "cr3"),
    ],
)  # fmt: skip
def test_an_operand_that_cannot_be_is_named(call, field):
    """The error says which it is."""
    with pytest.raises(FieldError, match=rf"^{field} is "):
        call()
