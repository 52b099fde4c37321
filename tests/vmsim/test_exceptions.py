"""Exceptions during the delivery of another."""

import pytest

from tests.vmsim import vmx_oracle
from vmsim import FieldError, exceptions
from vmsim.events import Event
from vmsim.vmx import Guest, decide, vmcs
from vmsim.vmx_trace import GuestFault, VmExit


@pytest.mark.parametrize("first", range(32))
def test_each_pair_is_delivered_as_the_manuals_table_says(first):
    """All pairs of vectors 0 to 31: serially, #DF, or shutdown."""
    seconds = [second for second in range(32) if second != exceptions.DF]
    assert [exceptions.deliver(first, second).result for second in seconds] == [
        vmx_oracle.pair(first, second) for second in seconds
    ]


@pytest.mark.parametrize("vector", [-1, 32, True, "14", None])
def test_a_vector_that_is_no_exceptions_is_named(vector):
    """The error says which of the two it is."""
    with pytest.raises(FieldError, match=r"^first is "):
        exceptions.deliver(vector, 0)
    with pytest.raises(FieldError, match=r"^second is "):
        exceptions.deliver(0, vector)


def test_vectors_with_an_error_code_are_the_eight_of_the_manual():
    """#DF, #TS, #NP, #SS, #GP, #PF, #AC and #CP push one."""
    assert [v for v in range(32) if exceptions.exception(v).has_error_code] == [8, 10, 11, 12, 13, 14, 17, 21]


def during(bitmap, first, second):
    event = Event("exception", second, during=first)
    return decide(vmcs(exception_bitmap=bitmap), Guest(), event).result


def test_a_fault_during_delivery_exits_by_its_own_bit_first():
    """The exception bitmap sees the second fault before a double fault comes of it, and tells the first one."""
    result = during(1 << 13 | 1 << 8, 11, 13)
    assert (result.vector, result.idt_vectoring_information & 0xFF) == (13, 11)


def test_a_double_fault_exits_by_its_own_bit():
    """Where the second fault does not exit, #DF may."""
    assert during(1 << 8, 14, 13).vector == 8
    assert during(0, 14, 13) == GuestFault(8, 0)


def test_a_fault_during_a_double_fault_is_a_triple_fault():
    """No bit is asked: a triple fault exits always."""
    assert during(0, 8, 14) == VmExit(2)
