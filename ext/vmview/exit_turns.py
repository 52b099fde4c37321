"""The turns of a vm-exit diagram: what the guest does, what the processor asks, what KVM and user space do then."""

from vmsim import EptMisconfiguration, EptTranslation, exit_reasons
from vmsim.events import Event
from vmsim.instructions import REGISTERS, Instruction
from vmsim.value import hexadecimal, is_integer
from vmsim.vmx import GuestFault, VmExit
from vmsim.vmx_trace import EXIT, FAULT, NO_EXIT
from vmview.exit_event import event_words, vector_words
from vmview.exit_memory import Accessed
from vmview.exit_words import NAMES, WORDS, instruction_words, value_words
from vmview.kvm_words import did_words
from vmview.sequence import Turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.kvm_handlers import Handling, KvmState
    from vmsim.vmx import Check, Decision
    from vmview.panel import Row

    Words = dict[str, str]
    Cells = list[tuple[str, str, str]]

GUEST, CPU, KVM, USER = 0, 1, 2, 3
_ACCENTS = {GUEST: 2, CPU: 4, KVM: 3, USER: 1}
_ROLES = {NO_EXIT: "changed", EXIT: "wrong", FAULT: "wrong"}
# What KVM looks at beside the exit, by the exit's name: field of KvmState.
_ASKED = {
    "IO_INSTRUCTION": "port",
    "EPT_VIOLATION": "gpa",
    "EPT_MISCONFIG": "gpa",
    "HLT": "lapic_in_kernel",
    "MSR_READ": "msr",
    "MSR_WRITE": "msr",
}
# Characters in a line of a panel.
_LONGEST_CODE = 34
# How the guest goes on after what user space has seen, where it does not simply do so.
_AFTER = {"KVM_EXIT_SHUTDOWN": "reset", "KVM_EXIT_INTERNAL_ERROR": "stuck", "KVM_EXIT_FAIL_ENTRY": "stuck"}


def lanes(language: str) -> "tuple[tuple[str, str], ...]":
    """The four lanes, left to right: a note and a name each."""
    words = WORDS[language]
    return (
        (words["non-root"], words["guest"]),
        (words["VMCS"], words["CPU"]),
        (words["root"], words["KVM"]),
        (words["CPL 3"], words["user"]),
    )


def before(decision: "Decision", language: str) -> "tuple[Turn, ...]":
    """The guest acts, and the processor asks rule by rule."""
    words = WORDS[language]
    rows: list[Row] = [("note", words["CPU"])]
    if isinstance(decision.what, Accessed):
        rows.extend(_ept_rows(decision.what, words))
    for check in decision.checks:
        rows.extend(_check_rows(check, language))
    return (
        _turn(GUEST, "", words, _guest_rows(decision, words)),
        _turn(CPU, words["raises" if isinstance(decision.what, Event) else "acts"], words, tuple(rows)),
    )


def stay(decision: "Decision", language: str) -> Turn:
    """Nothing leaves the guest, or an exception is delivered in it."""
    words, result = WORDS[language], decision.result
    rows: list[Row] = [("note", words["guest"])]
    if isinstance(result, GuestFault):
        rows.append(("heading", result.name, words["exception"]))
        if result.error_code is not None:
            rows.append(("cells", ((words["error code"], hexadecimal(result.error_code), "wrong"),)))
        return Turn(GUEST, words["delivers"], words["guest"], tuple(rows), "bad")
    assert not isinstance(result, VmExit)
    accessed = isinstance(decision.what, Accessed)
    rows.append(("text", words["found" if accessed else result.effect]))
    if result.value is not None and isinstance(decision.what, Instruction):
        reads = decision.what.mnemonic == "SMSW" or " from " in decision.what.mnemonic
        rows.append(("text", words["reads" if reads else "holds"].format(value=hexadecimal(result.value))))
    return Turn(GUEST, words["goes on"], words["guest"], tuple(rows), "good")


def leave(decision: "Decision", state: "KvmState", handling: "Handling", language: str) -> "tuple[Turn, ...]":
    """The VM exit, KVM's handler, user space where it is asked, and the guest again."""
    words, result = WORDS[language], decision.result
    assert isinstance(result, VmExit)
    reason = exit_reasons.by_number(result.reason)
    name = f"EXIT_REASON_{reason.name}" if reason.name else reason.title
    left: list[Row] = [("note", words["VMCS"]), ("strong", name), ("cells", _fields(decision, result, words))]
    cells: Cells = [(words["returns"], str(handling.returns), "changed")]
    if reason.name in _ASKED:
        asked = value_words(getattr(state, _ASKED[reason.name]), language)
        cells.insert(0, (words[_ASKED[reason.name]], asked, "plain"))
    handled: list[Row] = [("note", words["KVM"])]
    handled.append(("strong", f"{handling.handler}()" if handling.handler else words["no handler"]))
    handled += [("text", did_words(handling.did, language)), ("cells", tuple(cells))]
    turns = [_turn(CPU, "", words, tuple(left)), _turn(KVM, words["exit"], words, tuple(handled))]
    seen: list[Row] = [("note", words["user"])]
    back = words["to user"].format(value=handling.returns)
    if handling.returns < 0:
        seen.append(("text", words["failed"]))
        return tuple(turns) + (Turn(USER, back, words["user"], tuple(seen), "bad"),)
    if handling.to_user_space:
        seen.append(("strong", handling.kvm_run))
        if handling.suberror:
            # All of them begin so (include/uapi/linux/kvm.h); one is too long for a line of the picture.
            end = len("KVM_INTERNAL_ERROR_") if len(handling.suberror) > _LONGEST_CODE else 0
            seen += [("code", part) for part in (handling.suberror[:end], handling.suberror[end:]) if part]
        seen.append(("text", words["waits"]))
        turns.append(_turn(USER, back, words, tuple(seen)))
    again = words["KVM_RUN" if handling.to_user_space else "entry"]
    on = (("note", words["guest"]), ("text", words[_AFTER.get(handling.kvm_run, "next")]))
    return tuple(turns) + (Turn(GUEST, again, words["guest"], on, "good"),)


def _turn(lane: int, arrow: str, words: "Words", rows: "tuple[Row, ...]") -> Turn:
    name = words[{GUEST: "guest", CPU: "CPU", KVM: "KVM", USER: "user"}[lane]]
    return Turn(lane, arrow, name, rows, "panel", _ACCENTS[lane])


def _guest_rows(decision: "Decision", words: "Words") -> "tuple[Row, ...]":
    what = decision.what
    cells: Cells = [("CPL", str(decision.guest.cpl), "plain")]
    if isinstance(what, Accessed):
        cells.append((words["guest-physical"], hexadecimal(what.walk.guest_physical_address), "plain"))
        return (("note", words["guest"]), ("strong", words["ept " + what.kind]), ("cells", tuple(cells)))
    if isinstance(what, Event):
        return (("note", words["guest"]), ("strong", event_words(what, words["during"])), ("cells", tuple(cells)))
    assert isinstance(what, Instruction)
    if "MSR" in what.mnemonic:
        cells.append(("ECX", hexadecimal(what.msr), "plain"))
    elif what.mnemonic in ("IN", "OUT", "INS", "OUTS") and not what.immediate:
        cells.append(("DX", hexadecimal(what.port), "plain"))
    if what.mnemonic.startswith("MOV to "):
        cells.append((REGISTERS[what.register], hexadecimal(what.value), "plain"))
    elif what.mnemonic.startswith("WRMSR"):
        cells.append(("EDX:EAX", hexadecimal(what.value), "plain"))
    return (("note", words["guest"]), ("strong", instruction_words(what)), ("cells", tuple(cells)))


def _check_rows(check: "Check", language: str) -> "tuple[Row, ...]":
    """The rule, what it said, and in cells what it read; what it read last decided."""
    words = WORDS[language]
    cells: Cells = []
    for number in range(len(check.read)):
        name, value = check.read[number]
        shown = name if language == "en" else NAMES.get(name, name)
        role = _ROLES.get(check.said, "plain") if number == len(check.read) - 1 else "plain"
        if isinstance(value, tuple) and len(value) > 1:
            for at in range(len(value)):
                cells.append((f"{shown} {at}", value_words(value[at], language), role))
        elif name in ("vector", "first", "second") and is_integer(value):
            cells.append((shown, vector_words(value), role))
        else:
            cells.append((shown, value_words(value, language), role))
    return (("heading", words[check.rule], words[check.said]), ("cells", tuple(cells)))


def _ept_rows(accessed: Accessed, words: "Words") -> "tuple[Row, ...]":
    """The EPT entry at which the walk ended."""
    walk = accessed.walk
    found = isinstance(walk.result, EptTranslation)
    role = "changed" if found else "wrong"
    cells = tuple((name, str(value), role) for name, value in walk.steps[-1].entry.flags if name in ("R", "W", "X"))
    said = "translated" if found else "misconfigured" if isinstance(walk.result, EptMisconfiguration) else "violated"
    return (("heading", walk.steps[-1].entry.name, words[said]), ("cells", cells))


def _fields(decision: "Decision", result: VmExit, words: "Words") -> "tuple[tuple[str, str, str], ...]":
    """The exit-information fields of the VMCS that are defined for this exit."""
    cells: Cells = [(words["reason"], str(result.reason), "changed")]
    if result.reason != exit_reasons.EPT_MISCONFIG:
        cells.append((words["qualification"], hexadecimal(result.qualification), "plain"))
    if isinstance(decision.what, Accessed):
        cells.append((words["guest-physical"], hexadecimal(decision.what.walk.guest_physical_address), "plain"))
    return tuple(cells)
