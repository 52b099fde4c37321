"""The vm-exit diagram: whether what a guest does leaves it, why, who handles that, and whether user space sees it.

A sequence over four lanes: the guest acts, the processor asks the VMCS rule by rule, KVM's handler acts, user space
answers, the guest goes on. What is decided is decided by ``vmsim.vmx``, ``vmsim.ept`` and ``vmsim.kvm``.
"""

from vmsim.events import Event
from vmsim.kvm import handle
from vmsim.kvm_handlers import Handling, KvmState
from vmsim.value import FieldError, Value
from vmsim.vmx import Decision, GuestFault, Instruction, NoExit, VmExit, decide
from vmview import text
from vmview.exit_event import EVENT_SCHEMA, decide_event, event_words
from vmview.exit_memory import ACCESS_SCHEMA, Accessed, decide_access
from vmview.exit_outcome import EXPECT_SCHEMA, outcome
from vmview.exit_spec import OPERANDS, STATE_SCHEMA, controls, guest, instruction, kvm_state
from vmview.exit_turns import before, lanes, leave, stay
from vmview.exit_words import WORDS, instruction_words
from vmview.sequence import sequence
from vmview.spec import refuse_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.scene import Scene
    from vmview.spec import Schema, Spec

__all__ = ["NAME", "SCHEMA", "describe", "layout", "outcome", "run"]

NAME = "vm-exit"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "VM exit",
    "description": "What comes of an instruction, an access to memory or an exception in a guest: from the controls "
    "of its VMCS and from what KVM knows.",
    "type": "object",
    "properties": OPERANDS | ACCESS_SCHEMA | EVENT_SCHEMA | STATE_SCHEMA | {"expect": EXPECT_SCHEMA},
    "required": [],
    "additionalProperties": False,
}


class Exchange(Value):
    """The decision, and what KVM does about it (None where nothing exits); ``state`` is what KVM knows."""

    _fields = ("decision", "state", "handling")
    decision: Decision
    state: KvmState
    handling: "Handling | None"


def run(spec: "Spec") -> Exchange:
    """What comes of a body. Raises FieldError, naming the key, for what the schema cannot exclude."""
    refuse_unknown(spec, SCHEMA)
    kinds = {"instruction": OPERANDS, "access": ACCESS_SCHEMA, "exception": EVENT_SCHEMA}
    given = [kind for kind in kinds if kind in spec]
    if not given:
        raise FieldError("instruction", None, "an instruction; or, instead of it, an access or an exception")
    one = given[0]
    for kind in kinds:
        for key in spec:
            if kind != one and key in kinds[kind]:
                raise FieldError(key, spec[key], f"this key without {one}: a body is about one of {', '.join(kinds)}")
    vmcs, state = controls(spec), guest(spec)
    if one == "instruction":
        decision = decide(vmcs, state, instruction(spec))
    else:
        decision = (decide_access if one == "access" else decide_event)(spec, vmcs, state)
    known = kvm_state(spec)
    left = decision.result
    return Exchange(decision, known, handle(left, known) if isinstance(left, VmExit) else None)


def describe(exchange: Exchange, language: str) -> str:
    """The picture told as text: all that it shows, in its order."""
    return text.render(layout(exchange, language))


def layout(exchange: Exchange, language: str) -> "Scene":
    """The picture; ``language`` is "en" or "zh"."""
    words, decision = WORDS[language], exchange.decision
    what = decision.what
    assert isinstance(what, (Instruction, Accessed, Event))
    if isinstance(what, Event):
        named = event_words(what, words["during"])
    else:
        named = instruction_words(what) if isinstance(what, Instruction) else words["ept " + what.kind]
    turns = before(decision, language)
    if exchange.handling is None:
        turns += (stay(decision, language),)
    else:
        turns += leave(decision, exchange.state, exchange.handling, language)
    return sequence(words["title"].format(what=named), _sentence(exchange, language), lanes(language), turns)


def _sentence(exchange: Exchange, language: str) -> str:
    words, result, handling = WORDS[language], exchange.decision.result, exchange.handling
    if isinstance(result, GuestFault):
        return words["faults"].format(fault=result.name)
    if isinstance(result, NoExit) or handling is None:
        return words["stays"]
    handler = handling.handler or words["no handler"]
    key = "error" if handling.returns < 0 else "exits to user" if handling.to_user_space else "exits"
    return words[key].format(name=result.name, handler=handler, run=handling.kvm_run, error=handling.returns)
