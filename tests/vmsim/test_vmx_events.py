"""Interrupts, windows, timers and what EPT says: which exit, which are held back, which comes first."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmsim import Access, Ept, FieldError, Memory, Processor, translate
from vmsim.events import BY_CONTROL, KINDS, PRIORITY, Event, event_of, first_event
from vmsim.vmx import Guest, Instruction, decide, vmcs
from vmsim.vmx_trace import GuestFault, NoExit, VmExit


def outcome(event, controls=(), **guest):
    return decide(vmcs(controls), Guest(**guest), event).result


INTERRUPT = Event("external interrupt", 0xEC)


def test_an_external_interrupt_exits_whatever_if_says():
    """With "external-interrupt exiting" RFLAGS.IF blocks nothing; the vector is told where it is acknowledged."""
    assert outcome(INTERRUPT, ("external-interrupt exiting",), rflags=2) == VmExit(1)
    both = ("external-interrupt exiting", "acknowledge interrupt on exit")
    assert outcome(INTERRUPT, both) == VmExit(1, 0, 0x8000_00EC)


@pytest.mark.parametrize(
    "guest, effect",
    [({}, "delivered"), ({"rflags": 2}, "held"), ({"blocking": ("STI",)}, "held"), ({"activity": "shutdown"}, "held")],
)
def test_an_external_interrupt_that_does_not_exit_goes_through_the_guests_idt(guest, effect):
    """Unless RFLAGS.IF, STI, MOV SS or the activity state hold it back."""
    assert outcome(INTERRUPT, **guest) == NoExit(effect)


@pytest.mark.parametrize(
    "controls, blocking, result",
    [
        (("NMI exiting",), (), VmExit(0, 0, 0x8000_0202)),
        (("NMI exiting",), ("NMI",), NoExit("held")),
        (("NMI exiting", "virtual NMIs"), ("NMI",), VmExit(0, 0, 0x8000_0202)),
        ((), (), NoExit("delivered")),
        ((), ("NMI",), NoExit("held")),
    ],
)
def test_an_nmi_is_blocked_by_nmi_but_for_virtual_nmis(controls, blocking, result):
    """With virtual NMIs the guest's blocking is of virtual NMIs only."""
    assert outcome(Event("NMI"), controls, blocking=blocking) == result


@pytest.mark.parametrize(
    "activity, init, sipi", [("active", 3, None), ("shutdown", 3, None), ("wait-for-SIPI", None, 4)]
)
def test_init_and_sipi_depend_on_the_activity_state(activity, init, sipi):
    """INIT exits unless the processor waits for a SIPI; a SIPI exits only then, and else is gone."""
    reasons = [getattr(outcome(Event(kind, 0x9A), activity=activity), "reason", None) for kind in ("INIT", "SIPI")]
    assert reasons == [init, sipi]
    if sipi:
        assert outcome(Event("SIPI", 0x9A), activity=activity).qualification == 0x9A
    else:
        assert outcome(Event("SIPI"), activity=activity) == NoExit("discarded")


@pytest.mark.parametrize(
    "kind, control, reason, guest",
    [
        ("interrupt window", "interrupt-window exiting", 7, {"rflags": 2}),
        ("interrupt window", "interrupt-window exiting", 7, {"blocking": ("MOV SS",)}),
        ("NMI window", "NMI-window exiting", 8, {"blocking": ("NMI",)}),
        ("preemption timer", "activate VMX-preemption timer", 52, {"activity": "wait-for-SIPI"}),
        ("monitor trap flag", "monitor trap flag", 37, {"activity": "shutdown"}),
    ],
)
def test_a_control_opens_an_exit_at_the_boundary(kind, control, reason, guest):
    """It exits where nothing blocks it, and never without its control."""
    assert outcome(Event(kind), (control,)) == VmExit(reason)
    assert outcome(Event(kind), (control,), **guest) == NoExit("nothing")
    assert outcome(Event(kind)) == NoExit("nothing")


@pytest.mark.parametrize("kind", sorted(BY_CONTROL))
def test_one_control_alone_decides(kind):
    """EPT, the APIC page and the like: the qualification is passed on."""
    name, reason, trap_like = BY_CONTROL[kind]
    event = Event(kind, qualification=0x182)
    assert outcome(event, (name,)) == VmExit(reason, 0x182, trap_like=trap_like)
    assert outcome(event) == NoExit("nothing")


TPR_SHADOW = ("virtualize APIC accesses", "use TPR shadow")
REGISTERS = (*TPR_SHADOW, "APIC-register virtualization")
DELIVERY = (*TPR_SHADOW, "virtual-interrupt delivery")


@pytest.mark.parametrize(
    "qualification, controls, exits",
    [
        (0x080, ("virtualize APIC accesses",), True),
        (0x080, TPR_SHADOW, False), (0x1080, TPR_SHADOW, False), (0x2080, TPR_SHADOW, True), (0x3080, TPR_SHADOW, True),
        (0xF080, TPR_SHADOW, True), (0x084, TPR_SHADOW, True), (0x0B0, TPR_SHADOW, True), (0x10B0, DELIVERY, False),
        (0x1300, DELIVERY, False), (0x1310, DELIVERY, True), (0x030, REGISTERS, False), (0x1030, REGISTERS, True),
        (0x170, REGISTERS, False), (0x1170, REGISTERS, True), (0x3E0, REGISTERS, False), (0x390, REGISTERS, True),
    ],
)  # fmt: skip
def test_an_apic_access_exits_unless_it_is_virtualized(qualification, controls, exits):
    """By offset and access type; fetches, accesses of event delivery and guest-physical ones are never virtualized."""
    result = outcome(Event("APIC access", qualification=qualification), controls)
    assert result == (VmExit(44, qualification) if exits else NoExit())
    assert outcome(Event("APIC access", qualification=qualification)) == NoExit("nothing")


def test_triple_faults_and_task_switches_exit_always():
    """No control asks."""
    assert outcome(Event("triple fault")) == VmExit(2)
    assert outcome(Event("task switch", qualification=0xC000_0028)) == VmExit(9, 0xC000_0028)


@pytest.mark.parametrize(
    "mnemonic, vector, information",
    [("INT1", 1, 0x8000_0501), ("INT3", 3, 0x8000_0603), ("INTO", 4, 0x8000_0604)],
)
def test_a_software_exception_tells_its_type(mnemonic, vector, information):
    """INT1 is a privileged software exception, INT3 and INTO are software exceptions; INT n never exits."""
    controls = vmcs(exception_bitmap=0xFFFF_FFFF)
    assert decide(controls, Guest(), Instruction(mnemonic)).result == VmExit(0, 0, information)
    assert decide(vmcs(), Guest(), Instruction(mnemonic)).result == GuestFault(vector)
    assert not decide(controls, Guest(), Instruction("INT n")).exits


@pytest.mark.parametrize("vector", [v for v in range(32) if v not in (2, 14)])
def test_an_exception_exits_by_its_bit(vector):
    """Each bit of the exception bitmap is for its own vector."""
    event = Event("exception", vector)
    assert decide(vmcs(exception_bitmap=1 << vector), Guest(), event).exits
    assert not decide(vmcs(exception_bitmap=0xFFFF_FFFF & ~(1 << vector)), Guest(), event).exits


def test_an_exception_in_real_address_mode_has_no_error_code():
    """The interruption information says so."""
    event = Event("exception", 13, error_code=0)
    result = decide(vmcs(exception_bitmap=1 << 13), Guest(mode="real-address"), event).result
    assert result.interruption_information == 0x8000_030D


@given(kinds=st.permutations(PRIORITY))
def test_the_order_of_pending_events_is_the_manuals(kinds):
    """Of any events that are pending together the one that is first in the manual's order is taken."""
    assert first_event([Event(kind) for kind in kinds]).kind == PRIORITY[0]
    order = [first_event([Event(a), Event(b)]).kind for a, b in itertools.pairwise(PRIORITY)]
    assert order == list(PRIORITY[:-1])


@pytest.mark.parametrize(
    "first, second",
    [
        ("TPR write", "SMI"), ("SMI", "monitor trap flag"), ("INIT", "monitor trap flag"),
        ("monitor trap flag", "exception"), ("exception", "preemption timer"), ("preemption timer", "NMI window"),
        ("NMI window", "NMI"), ("NMI", "interrupt window"), ("interrupt window", "external interrupt"),
    ],
)  # fmt: skip
def test_one_event_takes_priority_over_another(first, second):
    """What each section of the manual says of its exit's priority."""
    assert first_event((Event(second), Event(first))).kind == first


def test_no_event_is_none_to_take():
    """The error says what is wanted."""
    with pytest.raises(FieldError, match=r"^events is "):
        first_event(())


def test_the_end_of_a_walk_is_an_event():
    """A guest's #PF goes by the exception bitmap, an EPT violation exits with the walk's qualification."""
    walk = translate(Memory(), Processor(cr3=0x1000), Access("write", 3), 0x7000)
    assert decide(vmcs(exception_bitmap=1 << 14), Guest(cpl=3), event_of(walk.result)).result == VmExit(
        0, 0x7000, 0x8000_0B0E, 6
    )
    under_ept = translate(Memory(), Processor(cr3=0x1000), Access("write", 3), 0x7000, Ept(0x10_001E))
    leave = decide(vmcs(("enable EPT",)), Guest(cpl=3), event_of(under_ept.result)).result
    assert (leave.name, leave.qualification) == ("EPT_VIOLATION", under_ept.result.qualification)
    with pytest.raises(FieldError):
        event_of(None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_decided(kind):
    """Under no control and under all of them."""
    for controls in (vmcs(), vmcs(pin_based=0xFFFF_FFFF, primary=0xFFFF_FFFF, secondary=0xFFFF_FFFF)):
        assert decide(controls, Guest(), Event(kind)).checks


@pytest.mark.parametrize(
    "call, field",
    [
        (lambda: Event("timer"), "event"),
        (lambda: Event("exception", 32), "vector"),
        (lambda: Event("exception", 2), "vector"),
        (lambda: Event("exception", 14, 1 << 32), "error_code"),
        (lambda: Event("exception", 14, during=32), "during"),
        (lambda: Event("SIPI", 256), "vector"),
    ],
)
def test_an_event_that_cannot_be_is_named(call, field):
    """The error says which field it is."""
    with pytest.raises(FieldError, match=f"^{field} is ") as caught:
        call()
    assert caught.value.field == field
