"""VMXON: every state of IA32_FEATURE_CONTROL, and all else that must hold first."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim import FieldError
from vmsim.vmxon import Vmxon, execute, fixed_violation


@pytest.mark.parametrize("lock, inside, outside, in_smx", list(itertools.product((0, 1), repeat=4)))
def test_vmxon_needs_the_lock_and_the_bit_of_where_it_is(lock, inside, outside, in_smx):
    """The lock bit, and bit 1 within SMX operation or bit 2 without; the other bit says nothing."""
    state = Vmxon(feature_control=lock | inside << 1 | outside << 2, in_smx=bool(in_smx))
    allowed = lock and (inside if in_smx else outside)
    assert execute(state).result == ("VMsucceed" if allowed else "#GP(0)")


@pytest.mark.parametrize(
    "changed, result",
    [
        ({}, "VMsucceed"),
        ({"cr4": 0x20}, "#UD"),
        ({"mode": "real-address"}, "#UD"),
        ({"mode": "virtual-8086", "cpl": 3}, "#UD"),
        ({"mode": "compatibility"}, "#UD"),
        ({"cpl": 3}, "#GP(0)"),
        ({"a20m": True}, "#GP(0)"),
        ({"cr0": 0x8000_0011}, "#GP(0)"),
        ({"cr4": 0x2020 | 1 << 63}, "#GP(0)"),
        ({"feature_control": 0}, "#GP(0)"),
        ({"vmx_operation": "root"}, "VMfail error 15"),
        ({"vmx_operation": "root", "cpl": 3}, "#GP(0)"),
        ({"vmx_operation": "non-root", "cpl": 3}, "VM exit"),
        ({"vmx_operation": "non-root", "cr4": 0}, "#UD"),
        ({"address": 0x1008}, "VMfailInvalid"),
        ({"address": 1 << 52}, "VMfailInvalid"),
        ({"revision": 2}, "VMfailInvalid"),
        ({"revision": 1 | 1 << 31}, "VMfailInvalid"),
        ({"revision": 2, "feature_control": 0}, "#GP(0)"),
    ],
)
def test_vmxon_ends_as_the_first_requirement_that_does_not_hold_says(changed, result):
    """#UD before an exit, that before #GP, #GP before VMfail; the last rule that was asked decided."""
    outcome = execute(Vmxon(**changed))
    assert outcome.result == result
    assert [rule.holds for rule in outcome.rules[:-1]] == [True] * (len(outcome.rules) - 1)
    assert outcome.rules[-1].holds == (result == "VMsucceed")


@given(value=st.integers(0, (1 << 64) - 1), fixed0=st.integers(0, (1 << 64) - 1), free=st.integers(0, (1 << 64) - 1))
def test_a_fixed_bit_is_told_exactly_where_it_differs(value, fixed0, free):
    """1 where FIXED0 has 1, 0 where FIXED1 has 0; nothing else."""
    fixed1 = fixed0 | free
    wrong = fixed_violation(value, fixed0, fixed1)
    for bit in range(64):
        supported = {0: not fixed0 >> bit & 1, 1: bool(fixed1 >> bit & 1)}[value >> bit & 1]
        assert (wrong >> bit & 1 == 0) == supported


@pytest.mark.parametrize("field, value", [("cpl", 4), ("mode", "long"), ("vmx_operation", "on"), ("maxphyaddr", 53)])
def test_a_state_that_cannot_be_is_named(field, value):
    """The error says which field it is."""
    with pytest.raises(FieldError, match=rf"^{field} is "):
        Vmxon(**{field: value})
