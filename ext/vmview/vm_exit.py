"""The vm-exit diagram: whether an instruction leaves the guest, why, who handles that, and whether user space sees it.

A sequence over four lanes: the guest executes, the processor asks the VMCS rule by rule, KVM's handler acts, user
space answers, the guest goes on. What is decided is decided by ``vmsim.vmx`` and ``vmsim.kvm``.
"""

from vmsim import exit_reasons
from vmsim.kvm import handle
from vmsim.kvm_handlers import Handling, KvmState
from vmsim.value import FieldError, Value, hexadecimal
from vmsim.vmx import Decision, GuestFault, Instruction, NoExit, VmExit, decide
from vmsim.vmx_trace import EXECUTES
from vmview import exit_words, text
from vmview.exit_outcome import EXPECT_SCHEMA, outcome
from vmview.exit_spec import SCHEMA as BODY_SCHEMA
from vmview.exit_spec import controls, guest, instruction, kvm_state
from vmview.exit_words import check_rows, did_words, instruction_words
from vmview.sequence import Turn, sequence
from vmview.spec import refuse_unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.panel import Row
    from vmview.scene import Scene
    from vmview.spec import Schema, Spec

    Words = dict[str, str]

__all__ = ["NAME", "SCHEMA", "describe", "layout", "outcome", "run"]

NAME = "vm-exit"
SCHEMA: "Schema" = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "VM exit",
    "description": "What comes of an instruction in a guest, from the controls of its VMCS and from what KVM knows.",
    "type": "object",
    "properties": BODY_SCHEMA | {"expect": EXPECT_SCHEMA},
    "required": [],
    "additionalProperties": False,
}

GUEST, CPU, KVM, USER = 0, 1, 2, 3
_ACCENTS = {GUEST: 2, CPU: 4, KVM: 3, USER: 1}
# What KVM looks at beside the exit, by the exit's name: field of KvmState.
_ASKED = {
    "IO_INSTRUCTION": "port",
    "EPT_VIOLATION": "gpa",
    "EPT_MISCONFIG": "gpa",
    "HLT": "lapic_in_kernel",
    "MSR_READ": "msr",
    "MSR_WRITE": "msr",
}

WORDS: "dict[str, Words]" = {
    "en": {
        "title": "{what}: does it exit?",
        "exits to user": "VM exit {name}, handled by {handler}; user space sees {run}",
        "exits": "VM exit {name}, handled by {handler}; user space does not see it",
        "error": "VM exit {name}; KVM_RUN fails with {error}",
        "faults": "no VM exit: {fault} in the guest",
        "stays": "no VM exit",
        "non-root": "non-root mode",
        "guest": "guest",
        "VMCS": "VMCS",
        "CPU": "CPU",
        "root": "root, CPL 0",
        "KVM": "KVM",
        "CPL 3": "root, CPL 3",
        "user": "user space",
        "executes": "executes",
        "delivers": "delivers",
        "exit": "VM exit",
        "entry": "VM entry",
        "to user": "returns 0",
        "KVM_RUN": "KVM_RUN again, VM entry",
        "goes on": "goes on",
        "next": "The guest goes on.",
        "reason": "exit reason",
        "qualification": "exit qualification",
        "returns": "returns",
        "port": "port",
        "gpa": "memory",
        "msr": "MSR",
        "lapic_in_kernel": "local APIC in kernel",
        "no handler": "no handler",
        "waits": "the ioctl KVM_RUN has returned",
        "failed": "the ioctl KVM_RUN has failed",
        "fault": "exception",
        "error code": "error code",
    },
    "zh": {
        "title": "{what}：会退出吗？",
        "exits to user": "VM exit {name}，由{handler}处理；用户空间看到{run}",
        "exits": "VM exit {name}，由{handler}处理；用户空间看不到",
        "error": "VM exit {name}；KVM_RUN失败，返回{error}",
        "faults": "没有VM exit：guest内发生{fault}",
        "stays": "没有VM exit",
        "non-root": "non-root模式",
        "guest": "guest",
        "VMCS": "VMCS",
        "CPU": "CPU",
        "root": "root，CPL 0",
        "KVM": "KVM",
        "CPL 3": "root，CPL 3",
        "user": "用户空间",
        "executes": "执行",
        "delivers": "递交",
        "exit": "VM exit",
        "entry": "VM entry",
        "to user": "返回0",
        "KVM_RUN": "再次KVM_RUN，VM entry",
        "goes on": "继续",
        "next": "guest继续运行。",
        "reason": "退出原因",
        "qualification": "exit qualification",
        "returns": "返回",
        "port": "端口",
        "gpa": "内存",
        "msr": "MSR",
        "lapic_in_kernel": "local APIC在内核",
        "no handler": "没有处理函数",
        "waits": "ioctl KVM_RUN已返回",
        "failed": "ioctl KVM_RUN失败",
        "fault": "异常",
        "error code": "错误码",
    },
}


class Exchange(Value):
    """The decision about an instruction, and what KVM does (None where nothing exits); ``state`` is what KVM knows."""

    _fields = ("decision", "state", "handling")
    decision: Decision
    state: KvmState
    handling: "Handling | None"


def run(spec: "Spec") -> Exchange:
    """What comes of a body. Raises FieldError, naming the key, for what the schema cannot exclude."""
    refuse_unknown(spec, SCHEMA)
    if "instruction" not in spec:
        raise FieldError("instruction", None, "a value: it is required")
    decision = decide(controls(spec), guest(spec), instruction(spec))
    state = kvm_state(spec)
    return Exchange(decision, state, handle(decision.result, state) if decision.exits else None)


def describe(exchange: Exchange, language: str) -> str:
    """The picture told as text: all that it shows, in its order."""
    return text.render(layout(exchange, language))


def layout(exchange: Exchange, language: str) -> "Scene":
    """The picture; ``language`` is "en" or "zh"."""
    words = WORDS[language]
    title = words["title"].format(what=instruction_words(exchange.decision.what))
    lanes = (
        (words["non-root"], words["guest"]),
        (words["VMCS"], words["CPU"]),
        (words["root"], words["KVM"]),
        (words["CPL 3"], words["user"]),
    )
    return sequence(title, _sentence(exchange, language), lanes, _turns(exchange, language))


def _turns(exchange: Exchange, language: str) -> "tuple[Turn, ...]":
    words = WORDS[language]
    decision = exchange.decision
    rows: list[Row] = [("note", words["CPU"])]
    for check in decision.checks:
        rows.extend(check_rows(check, language))
    turns = [
        Turn(GUEST, "", words["guest"], _guest_rows(decision, words), "panel", _ACCENTS[GUEST]),
        Turn(CPU, words["executes"], words["CPU"], tuple(rows), "panel", _ACCENTS[CPU]),
    ]
    result = decision.result
    if isinstance(result, VmExit) and exchange.handling is not None:
        turns.extend(_exit_turns(exchange, result, exchange.handling, language))
    elif isinstance(result, GuestFault):
        shown: list[Row] = [("note", words["guest"]), ("heading", result.name, words["fault"])]
        if result.error_code is not None:
            shown.append(("cells", ((words["error code"], hexadecimal(result.error_code), "wrong"),)))
        turns.append(Turn(GUEST, words["delivers"], words["guest"], tuple(shown), "bad"))
    else:
        turns.append(Turn(GUEST, words["goes on"], words["guest"], _stays_rows(decision, language), "good"))
    return tuple(turns)


def _guest_rows(decision: Decision, words: "Words") -> "tuple[Row, ...]":
    what = decision.what
    cells = [("CPL", str(decision.guest.cpl), "plain")]
    if what.mnemonic in ("RDMSR", "WRMSR", "WRMSRNS"):
        cells.append(("ECX", hexadecimal(what.msr), "plain"))
    elif what.mnemonic in ("IN", "OUT", "INS", "OUTS") and not what.immediate:
        cells.append(("DX", hexadecimal(what.port), "plain"))
    if what.mnemonic.startswith("MOV to "):
        cells.append((exit_words.REGISTERS[what.register], hexadecimal(what.value), "plain"))
    elif what.mnemonic.startswith("WRMSR"):
        cells.append(("EDX:EAX", hexadecimal(what.value), "plain"))
    return (("note", words["guest"]), ("strong", instruction_words(what)), ("cells", tuple(cells)))


def _stays_rows(decision: Decision, language: str) -> "tuple[Row, ...]":
    result, words = decision.result, exit_words.WORDS[language]
    rows: list[Row] = [("note", WORDS[language]["guest"])]
    rows.append(("text", words[EXECUTES if result.effect == EXECUTES else result.effect]))
    if result.value is not None:
        reading = "from" in decision.what.mnemonic or decision.what.mnemonic == "SMSW"
        rows.append(("text", words["reads" if reading else "holds"].format(value=hexadecimal(result.value))))
    return tuple(rows)


def _exit_turns(exchange: Exchange, leave: VmExit, handling: Handling, language: str) -> "tuple[Turn, ...]":
    words = WORDS[language]
    reason = exit_reasons.by_number(leave.reason)
    name = f"EXIT_REASON_{reason.name}" if reason.name else reason.title
    cells = (
        (words["reason"], str(leave.reason), "changed"),
        (words["qualification"], hexadecimal(leave.qualification), "plain"),
    )
    left = Turn(CPU, "", words["exit"], (("note", words["VMCS"]), ("strong", name), ("cells", cells)), "panel", 4)
    rows: list[Row] = [("note", words["KVM"])]
    rows.append(("strong", f"{handling.handler}()" if handling.handler else words["no handler"]))
    rows.append(("text", did_words(handling.did, language)))
    cells = ((words["returns"], str(handling.returns), "changed"),)
    if reason.name in _ASKED:
        asked = getattr(exchange.state, _ASKED[reason.name])
        cells = ((words[_ASKED[reason.name]], exit_words.value_words(asked, language), "plain"),) + cells
    rows.append(("cells", cells))
    handled = Turn(KVM, words["exit"], words["KVM"], tuple(rows), "panel", _ACCENTS[KVM])
    on = (("note", words["guest"]), ("text", words["next"]))
    if not handling.to_user_space:
        return (left, handled, Turn(GUEST, words["entry"], words["guest"], on, "good"))
    seen: list[Row] = [("note", words["user"])]
    if handling.returns < 0:
        seen.append(("text", words["failed"]))
        return (left, handled, Turn(USER, words["returns"], words["user"], tuple(seen), "bad"))
    seen.append(("strong", handling.kvm_run))
    if handling.suberror:
        seen.append(("code", handling.suberror))
    seen.append(("text", words["waits"]))
    answered = Turn(USER, words["to user"], words["user"], tuple(seen), "panel", _ACCENTS[USER])
    return (left, handled, answered, Turn(GUEST, words["KVM_RUN"], words["guest"], on, "good"))


def _sentence(exchange: Exchange, language: str) -> str:
    words = WORDS[language]
    result, handling = exchange.decision.result, exchange.handling
    if isinstance(result, GuestFault):
        return words["faults"].format(fault=result.name)
    if isinstance(result, NoExit) or handling is None:
        return words["stays"]
    if handling.returns < 0:
        return words["error"].format(name=result.name, error=handling.returns)
    key = "exits to user" if handling.to_user_space else "exits"
    handler = handling.handler or words["no handler"]
    return words[key].format(name=result.name, handler=handler, run=handling.kvm_run)
