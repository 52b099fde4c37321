"""Nothing but a FieldError comes out of wild values, wherever they are put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim import (  # fmt: skip
    FieldError,
    bitmaps,
    events,
    exceptions,
    exit_reasons,
    instructions,
    invalidation,
    kvm,
    kvm_handlers,
    msr_switch,
    qualification,
    svm_exit_codes,
    vm_entry,
    vmcs,
    vmcs_areas,
    vmcs_fields,
    vmx,
    vmx_controls,
    vmx_trace,
    vmxon,
)

WILD = st.one_of(
    st.none(), st.booleans(), st.floats(), st.text(max_size=6), st.binary(max_size=3), st.integers(),
    st.sampled_from((0, 1, 2, 3, 8, 14, 0x1000, 0x8000_0B0E, "HLT", "HLT exiting", "exception", "RAM")),
    st.lists(st.integers(0, 9), max_size=2), st.tuples(st.integers(0, 9), st.integers(0, 9)),
    st.tuples(st.text(max_size=2)),
)  # fmt: skip
KINDS = (
    vmcs.Vmcs, vmcs.Guest, instructions.Instruction, events.Event, kvm_handlers.KvmState, vmxon.Vmxon,
    vmcs_fields.ControlFields, vmcs_fields.Capabilities, vmcs_fields.MsrEntry, vmcs_areas.GuestState,
    vmcs_areas.HostState, vmcs_areas.Segment, vmx_trace.VmExit, bitmaps.MsrBitmaps, bitmaps.IoBitmaps,
)  # fmt: skip
REQUIRED = {
    instructions.Instruction: {"mnemonic": "CPUID"},
    events.Event: {"kind": "NMI"},
    vmcs_fields.MsrEntry: {"index": 1},
    vmx_trace.VmExit: {"reason": 10},
}
GUEST, NONE, STATE = vmcs.Guest(), vmcs.vmcs(), kvm.KvmState()
USES = {
    vmcs.Vmcs: [lambda v: vmx.decide(v, GUEST, events.page_fault(3, 0)), vm_entry.enter],
    vmcs.Guest: [lambda v: vmx.decide(NONE, v, instructions.Instruction("XSETBV"))],
    instructions.Instruction: [lambda v: vmx.decide(NONE, GUEST, v)],
    events.Event: [lambda v: vmx.decide(NONE, GUEST, v)],
    kvm_handlers.KvmState: [lambda v: [kvm.handle(vmx_trace.VmExit(r.number), v) for r in exit_reasons.ALL]],
    vmx_trace.VmExit: [lambda v: kvm.handle(v, STATE)],
    vmxon.Vmxon: [vmxon.execute],
    vmcs_fields.ControlFields: [lambda v: vm_entry.enter(vm_entry.long_mode_vmcs(("enable EPT",)), v)],
    vmcs_fields.Capabilities: [lambda v: vm_entry.enter(vm_entry.long_mode_vmcs(), cpu=v)],
    vmcs_areas.GuestState: [lambda v: vm_entry.enter(vm_entry.long_mode_vmcs(), guest=v)],
    vmcs_areas.HostState: [lambda v: vm_entry.enter(vm_entry.long_mode_vmcs(), host=v)],
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_value_with_wild_fields_is_made_and_used_or_refused(kind, data):
    """Any value in any fields of any kind: the error, if one comes, is a FieldError that names a field."""
    names = data.draw(st.lists(st.sampled_from(kind._fields), max_size=3, unique=True))
    fields = REQUIRED.get(kind, {}) | {name: data.draw(WILD) for name in names}
    try:
        value = kind(**fields)
        for use in USES.get(kind, ()):
            use(value)
    except FieldError as error:
        assert error.field and error.allowed


FUNCTIONS = (
    bitmaps.msr_bit, bitmaps.ports, exceptions.deliver, exceptions.exception, exit_reasons.by_name,
    exit_reasons.by_number, svm_exit_codes.by_name, svm_exit_codes.by_number, instructions.mnemonic,
    instructions.register, invalidation.invpcid, invalidation.invvpid, invalidation.invept, invalidation.set_pcide,
    invalidation.clear_paging, kvm.handler, kvm.handle, qualification.parts, vmx_controls.control, vmx.decide,
    vm_entry.enter, vmcs.vmcs, events.event_of, events.page_fault,
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@given(data=st.data())
def test_a_function_answers_wild_arguments_or_refuses_them(function, data):
    """Any values as arguments: an answer, or a FieldError."""
    required = function.__code__.co_argcount - len(function.__defaults__ or ())
    try:
        function(*(data.draw(WILD) for _ in range(required)))
    except FieldError as error:
        assert error.field and error.allowed


def test_msr_switch_refuses_a_number_that_is_none():
    """As everything else does."""
    with pytest.raises(FieldError, match=r"^msr is "):
        msr_switch.switch("x", NONE, vmcs_fields.ControlFields())
