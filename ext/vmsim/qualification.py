"""The exit qualification taken apart: by exit reason, which bits mean what.

Source: Intel SDM volume 3, "Basic VM-Exit Information" and its tables "Exit Qualification for …"; "VM-Entry Failures
During or After Loading Guest State" for failed entries.
"""

from vmsim import exit_reasons
from vmsim.ept_trace import QUALIFICATION_FLAGS
from vmsim.instructions import REGISTERS
from vmsim.value import Value, check_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BASIC = "Basic VM-Exit Information"
NMI_UNBLOCKING = 1 << 12
_CR_ACCESS = ("MOV to CR", "MOV from CR", "CLTS", "LMSW")
_APIC_ACCESS = {
    0: "linear access: data read",
    1: "linear access: data write",
    2: "linear access: instruction fetch",
    3: "linear access during event delivery",
    10: "guest-physical access during event delivery",
    15: "guest-physical access for an instruction",
}
_TASK_SWITCH = ("CALL", "IRET", "JMP", "task gate in the IDT")
_DEBUG = ((0, "B0"), (1, "B1"), (2, "B2"), (3, "B3"), (11, "BLD: bus lock"), (13, "BD"), (14, "BS"), (16, "RTM"))


class Part(Value):
    """Bits ``high`` to ``low``: what they are called, their value, and what that value means ("" where it is said)."""

    _fields = ("high", "low", "name", "value", "meaning")
    high: int
    low: int
    name: str
    value: int
    meaning: str = ""


def parts(reason: int, qualification: int, vector: "int | None" = None) -> "tuple[Part, ...]":
    """The fields of the qualification of an exit with that basic reason, highest bit first; empty where it has none.

    ``vector`` is that of the exception, for reason 0. FieldError for a reason that the manual does not define.
    """
    check_integer("qualification", qualification, 0, (1 << 64) - 1)
    kind = exit_reasons.by_number(reason).qualification
    if kind == "exception":
        kind = {1: "debug", 14: "linear address"}.get(-1 if vector is None else vector, "")
    return tuple(FORMATS[kind](qualification)) if kind else ()


def _bits(value: int, high: int, low: int) -> int:
    return value >> low & (1 << high - low + 1) - 1


def _part(value: int, high: int, low: int, name: str, meanings: "dict[int, str] | tuple[str, ...]" = ()) -> Part:
    found = _bits(value, high, low)
    if isinstance(meanings, dict):
        return Part(high, low, name, found, meanings.get(found, "reserved"))
    return Part(high, low, name, found, meanings[found] if found < len(meanings) else "")


def _cr_access(value: int) -> "list[Part]":
    kind = _bits(value, 5, 4)
    found = [_part(value, 5, 4, "access type", _CR_ACCESS)]
    if kind == 3:
        found.insert(0, _part(value, 6, 6, "LMSW operand", ("register", "memory")))
        found.insert(0, _part(value, 31, 16, "LMSW source data"))
    elif kind < 2:
        found.insert(0, _part(value, 11, 8, "general-purpose register", REGISTERS))
        number = _bits(value, 3, 0)
        found.append(Part(3, 0, "control register", number, f"CR{number}"))
    return found


def _dr_access(value: int) -> "list[Part]":
    number = _bits(value, 2, 0)
    return [
        _part(value, 11, 8, "general-purpose register", REGISTERS),
        _part(value, 4, 4, "direction", ("MOV to DR", "MOV from DR")),
        Part(2, 0, "debug register", number, f"DR{number}"),
    ]


def _io(value: int) -> "list[Part]":
    return [
        _part(value, 31, 16, "port"),
        _part(value, 6, 6, "operand encoding", ("DX", "immediate")),
        _part(value, 5, 5, "REP prefixed", ("no", "yes")),
        _part(value, 4, 4, "string instruction", ("no", "yes")),
        _part(value, 3, 3, "direction", ("OUT", "IN")),
        _part(value, 2, 0, "size", {0: "1 byte", 1: "2 bytes", 3: "4 bytes"}),
    ]


def _apic_access(value: int) -> "list[Part]":
    return [_part(value, 15, 12, "access type", _APIC_ACCESS), _part(value, 11, 0, "offset in the APIC page")]


def _ept_violation(value: int) -> "list[Part]":
    found = []
    for name, mask in QUALIFICATION_FLAGS:
        bit = 0
        while mask >> bit > 1:
            bit += 1
        found.append(_part(value, bit, bit, name, ("no", "yes")))
    return found


def _debug(value: int) -> "list[Part]":
    return [_part(value, bit, bit, name) for bit, name in reversed(_DEBUG)]


def _task_switch(value: int) -> "list[Part]":
    return [_part(value, 31, 30, "source", _TASK_SWITCH), _part(value, 15, 0, "TSS selector")]


def _whole(name: str) -> "Callable[[int], list[Part]]":
    return lambda value: [Part(63, 0, name, value)]


def _nmi(value: int) -> "list[Part]":
    return [_part(value, 12, 12, "NMI unblocking due to IRET", ("no", "yes"))]


_ENTRY_FAILURES = {
    0: "a check that has no number of its own",
    2: "a PDPTE",
    3: "an NMI injected into a guest in which STI blocks events",
    4: "the VMCS link pointer",
}
FORMATS = {
    "cr access": _cr_access,
    "dr access": _dr_access,
    "io": _io,
    "apic access": _apic_access,
    "ept violation": _ept_violation,
    "debug": _debug,
    "task switch": _task_switch,
    "linear address": _whole("linear address"),
    "displacement": _whole("displacement of the memory operand, or 0"),
    "msr": _whole("MSR"),
    "msr entry": _whole("entry of the VM-entry MSR-load area that failed, from 1"),
    "invalid state": lambda value: [_part(value, 63, 0, "what failed", _ENTRY_FAILURES)],
    "mwait": lambda value: [_part(value, 0, 0, "address-range monitoring armed", ("no", "yes"))],
    "sipi": lambda value: [_part(value, 7, 0, "SIPI vector")],
    "vector": lambda value: [_part(value, 7, 0, "vector of the virtual interrupt")],
    "apic write": lambda value: [_part(value, 11, 0, "offset in the virtual-APIC page")],
    "nmi unblocking": _nmi,
    "notify": lambda value: _nmi(value) + [_part(value, 0, 0, "VM context invalid", ("no", "yes"))],
    "spp": lambda value: _nmi(value) + [_part(value, 11, 11, "SPP event", ("misconfiguration", "miss"))],
    "io smi": _io,
}
