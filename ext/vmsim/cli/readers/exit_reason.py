"""An exit reason with its qualification: ``exit 48 0x181``, ``EXIT_REASON_EPT_VIOLATION 0x181``, ``svm 0x400``."""

from __future__ import annotations

import re

from vmsim import exceptions, exit_reasons, kvm, qualification, svm_exit_codes
from vmsim.cli.explanation import Explanation, Line, Settings, number, sdm
from vmsim.exit_reasons import FAILED_ENTRY, ExitReason
from vmsim.value import FieldError, hexadecimal
from vmsim.vmx_trace import VmExit

TAKES = "an exit reason and its qualification: exit 48 0x181, EPT_VIOLATION 0x181, or an AMD exit code: svm 0x400"

_VALUE = r"(0x[\da-fA-F]+|\d+)"
_QUALIFICATION = rf"(?:[\s,]+(?:(?:exit[ _])?qual(?:ification)?[\s:=]*)?{_VALUE})?$"
_NUMBER = re.compile(rf"(?:vmx[ _-])?exit(?:[ _]reason)?[\s:=]+{_VALUE}{_QUALIFICATION}", re.IGNORECASE)
_NAME = re.compile(rf"(EXIT_REASON_)?([A-Z][A-Z_]*){_QUALIFICATION}")
_SVM = re.compile(r"svm(?:[ _]exit(?:[ _]code)?)?[\s:=]+(-?\d+|0x[0-9a-fA-F]+|[a-zA-Z_][\w-]*(?: excp)?)$", re.I)

_FLAGS = (
    (FAILED_ENTRY, "the VM entry failed"),
    (exit_reasons.FROM_ROOT, "from VMX root operation"),
    (exit_reasons.PENDING_MTF, "an MTF VM exit was pending"),
    (exit_reasons.FROM_ENCLAVE, "from inside an enclave"),
    (exit_reasons.BUS_LOCK_DETECTED, "a bus lock was detected"),
    (exit_reasons.FROM_SHADOW_STACK, "from a shadow-stack access"),
)
KERNEL = "Linux arch/x86/kvm/vmx/vmx.c, kvm_vmx_exit_handlers"
_TYPES = (
    "external interrupt", "reserved", "NMI", "hardware exception", "software interrupt",
    "privileged software exception", "software exception", "other event",
)  # fmt: skip


def read(text: str, settings: Settings) -> Explanation | None:
    """The reason, and each field of its qualification."""
    found = _SVM.match(text)
    if found:
        return svm(found[1])
    found = _NUMBER.match(text)
    if found:
        value = number(found[1])
        if value >> 32:
            raise FieldError("exit reason", value, "32 bits")
        given = None if found[2] is None else number(found[2])
        return explain(exit_reasons.by_number(value & 0xFFFF), value & ~0xFFFF, given)
    found = _NAME.match(text)
    if found and (found[1] or _is_name(found[2])):
        given = None if found[3] is None else number(found[3])
        return explain(exit_reasons.by_name(found[2]), 0, given)
    return None


def _is_name(text: str) -> bool:
    try:
        exit_reasons.by_name(text)
    except FieldError:
        return False
    return True


def explain(
    reason: ExitReason, flags: int, given: int | None, information: int | None = None, error_code: int | None = None
) -> Explanation:
    """``information`` is the VM-exit interruption information, where it is known."""
    lines = [Line("reason", str(reason.number), reason.title)]
    lines += [Line(f"bit {mask.bit_length() - 1}", "1", meaning) for mask, meaning in _FLAGS if flags & mask]
    vector = None
    if information is not None and information >> 31:
        vector = information & 0xFF
        lines += interruption(information, error_code)
    sources = ["VMX Basic Exit Reasons"]
    if given is not None:
        cleared = "" if reason.qualification else "this reason has none: it is cleared"
        lines.append(Line("qualification", hexadecimal(given), cleared))
        sources.append(qualification.BASIC)
        for part in qualification.parts(reason.number, given, vector):
            where = f"bits {part.high}:{part.low}" if part.high > part.low else f"bit {part.low}"
            value = hexadecimal(part.value) if part.value > 9 else str(part.value)
            lines.append(Line(f"{where} {part.name}", value, part.meaning))
        lines += _summary(reason, given)
    lines.append(_in_kvm(reason))
    name = reason.name or reason.title
    return Explanation(f"VM exit {name}: {reason.title}", tuple(lines), (*sdm(*sources), KERNEL))


def _in_kvm(reason: ExitReason) -> Line:
    handling = kvm.handle(VmExit(reason.number), kvm.KvmState())
    return Line("in KVM", handling.handler or handling.kvm_run, "" if handling.handler else handling.did)


def _summary(reason: ExitReason, given: int) -> list[Line]:
    """What was refused by EPT, in one line."""
    if reason.number != exit_reasons.EPT_VIOLATION:
        return []
    accesses = [name for mask, name in ((1, "read"), (2, "write"), (4, "fetch")) if given & mask]
    permitted = [name for mask, name in ((8, "read"), (16, "write"), (32, "fetch")) if given & mask]
    on = "to the address itself" if given >> 8 & 1 else "to a guest paging structure on the way"
    where = on if given >> 7 & 1 else "with no linear address"
    return [
        Line("in short", " and ".join(accesses) or "?", f"{where}; EPT permits: {', '.join(permitted) or 'nothing'}")
    ]


def interruption(information: int, error_code: int | None) -> list[Line]:
    """The VM-exit interruption information: vector, type, error code."""
    vector, kind = information & 0xFF, information >> 8 & 7
    name = ""
    if kind in (2, 3, 5, 6) and vector < 32:
        found = exceptions.exception(vector)
        name = f"{found.mnemonic} {found.title}".strip()
    lines = [
        Line("interruption information", hexadecimal(information), f"valid, {_TYPES[kind]}"),
        Line("  vector", str(vector), name),
    ]
    if information >> 11 & 1 and error_code is not None:
        lines.append(Line("  error code", hexadecimal(error_code)))
    if information >> 12 & 1:
        lines.append(Line("  bit 12", "1", "NMI unblocking due to IRET"))
    return lines


def svm(text: str) -> Explanation:
    """An AMD exit code, by number or by Linux's name."""
    is_number = text.lstrip("-")[:1].isdigit()
    code = svm_exit_codes.by_number(number(text)) if is_number else svm_exit_codes.by_name(text)
    lines = (Line("exit code", hexadecimal(code.number), code.title), Line("in Linux", code.name or "no name"))
    sources = ('AMD APM volume 2, "SVM Intercept Exit Codes"', "Linux arch/x86/include/uapi/asm/svm.h")
    return Explanation(f"#VMEXIT {code.name or code.title}: {code.title}", lines, sources)
