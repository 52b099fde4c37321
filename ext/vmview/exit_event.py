"""An exception in a vm-exit diagram: alone, or raised while the processor delivers another event."""

from vmsim import exceptions
from vmsim.events import EXCEPTION, Event
from vmsim.value import check_choice, replace
from vmsim.vmx import Decision, decide
from vmview.spec import choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx import Guest, Vmcs
    from vmview.spec import Schema, Spec

VECTORS = {name: vector for vector in range(32) for name in (exceptions.exception(vector).mnemonic,) if name}
_RAISED = tuple(name for name in VECTORS if name != "NMI")

EVENT_SCHEMA: "Schema" = {
    "exception": choice("Exception", "What is raised in the guest.", _RAISED),
    "during": choice("During", "The event that the processor is delivering when it is raised.", tuple(VECTORS)),
    "exception_bitmap": {
        "title": "Exception bitmap",
        "description": "The exceptions whose bit is 1.",
        "type": "array",
        "items": choice("Exception", "Its mnemonic.", _RAISED),
    },
}


def decide_event(spec: "Spec", vmcs: "Vmcs", guest: "Guest") -> Decision:
    """What comes of the exception that a body describes."""
    check_choice("exception", spec["exception"], _RAISED)
    bitmap = 0
    listed = spec.get("exception_bitmap", ())
    for at in range(len(listed)):
        check_choice(f"exception_bitmap/{at}", listed[at], _RAISED)
        bitmap |= 1 << VECTORS[listed[at]]
    during = None
    if "during" in spec:
        check_choice("during", spec["during"], tuple(VECTORS))
        during = VECTORS[spec["during"]]
    event = Event(EXCEPTION, VECTORS[spec["exception"]], during=during)
    return decide(replace(vmcs, exception_bitmap=bitmap), guest, event)


def event_words(event: Event, template: str) -> str:
    """``#GP``; or both mnemonics in ``template``, which has places for ``first`` and ``second``."""
    second = vector_words(event.vector)
    return second if event.during is None else template.format(first=vector_words(event.during), second=second)


def vector_words(vector: int) -> str:
    """The mnemonic of a vector."""
    return exceptions.exception(vector).mnemonic or str(vector)
