"""The exceptions, and what happens when delivering one raises another: both serially, double fault, triple fault.

Source: Intel SDM volume 3, "Exception and Interrupt Reference" (vectors, error codes); "Interrupt 8: Double Fault
Exception (#DF)" with its tables "Interrupt and Exception Classes" and "Conditions for Generating a Double Fault".
"""

from vmsim.value import Value, check_integer

DE, DB, NMI, BP, OF, BR, UD, NM, DF, TS, NP, SS, GP, PF = 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14
MF, AC, MC, XM, VE, CP = 16, 17, 18, 19, 20, 21

BENIGN = "benign"
CONTRIBUTORY = "contributory"
PAGE_FAULT = "page fault"
DOUBLE_FAULT = "double fault"

SERIALLY = "second delivered serially"
DOUBLE = "#DF"
TRIPLE = "triple fault / shutdown"

# vector, mnemonic, name, whether it pushes an error code
_TABLE = (
    (0, "#DE", "divide error", False),
    (1, "#DB", "debug exception", False),
    (2, "NMI", "non-maskable interrupt", False),
    (3, "#BP", "breakpoint", False),
    (4, "#OF", "overflow", False),
    (5, "#BR", "BOUND range exceeded", False),
    (6, "#UD", "invalid opcode", False),
    (7, "#NM", "device not available", False),
    (8, "#DF", "double fault", True),
    (9, "", "coprocessor segment overrun", False),
    (10, "#TS", "invalid TSS", True),
    (11, "#NP", "segment not present", True),
    (12, "#SS", "stack-segment fault", True),
    (13, "#GP", "general protection", True),
    (14, "#PF", "page fault", True),
    (16, "#MF", "x87 FPU floating-point error", False),
    (17, "#AC", "alignment check", True),
    (18, "#MC", "machine check", False),
    (19, "#XM", "SIMD floating-point exception", False),
    (20, "#VE", "virtualization exception", False),
    (21, "#CP", "control-protection exception", True),
)
_BY_VECTOR = {row[0]: row for row in _TABLE}
MNEMONICS = tuple(row[1] for row in _TABLE if row[1])

# "Interrupt and Exception Classes". #VE and #CP are listed beside those of 1995.
_CONTRIBUTORY = (DE, TS, NP, SS, GP, CP)
_PAGE_FAULTS = (PF, VE)


class ExceptionVector(Value):
    """One vector, 0 to 31. ``mnemonic`` is "" where the manual gives none or reserves the vector."""

    _fields = ("vector", "mnemonic", "title", "has_error_code")
    vector: int
    mnemonic: str
    title: str
    has_error_code: bool


class Delivery(Value):
    """What comes of ``second`` raised while ``first`` is delivered: ``result`` is one of the three constants above.

    ``first_class`` and ``second_class`` are "benign", "contributory", "page fault" or "double fault".
    """

    _fields = ("first", "second", "first_class", "second_class", "result")
    first: int
    second: int
    first_class: str
    second_class: str
    result: str


def exception(vector: int) -> ExceptionVector:
    """The exception of that vector, 0 to 31; FieldError for another vector."""
    check_integer("vector", vector, 0, 31)
    return ExceptionVector(*_BY_VECTOR.get(vector, (vector, "", "reserved", False)))


def exception_class(vector: int) -> str:
    """The class of that vector, 0 to 31. What is in no row of the table is benign, reserved vectors too."""
    check_integer("vector", vector, 0, 31)
    if vector == DF:
        return DOUBLE_FAULT
    if vector in _PAGE_FAULTS:
        return PAGE_FAULT
    return CONTRIBUTORY if vector in _CONTRIBUTORY else BENIGN


def deliver(first: int, second: int) -> Delivery:
    """``second`` is raised while the processor calls the handler of ``first`` (vectors 0 to 31).

    A fault while #DF is delivered, if it is contributory or a page fault, shuts the processor down. A benign one then
    is handled serially, as after any other vector.
    """
    check_integer("first", first, 0, 31)
    check_integer("second", second, 0, 31)
    before, after = exception_class(first), exception_class(second)
    if before == DOUBLE_FAULT and after in (CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT):
        result = TRIPLE
    elif (before == CONTRIBUTORY and after == CONTRIBUTORY) or (
        before == PAGE_FAULT and after in (CONTRIBUTORY, PAGE_FAULT)
    ):
        result = DOUBLE
    else:
        result = SERIALLY
    return Delivery(first, second, before, after, result)
