"""A ``kvm_exit`` line of ftrace, trace-cmd or perf: formats of Linux 5 and 6, Intel and AMD.

Source: Linux ``arch/x86/kvm/trace.h``, ``TRACE_EVENT_KVM_EXIT``; ``arch/x86/kvm/svm/svm.c``, ``svm_get_exit_info``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vmsim import exit_reasons, svm_exit_codes
from vmsim.cli.explanation import Explanation, Line, Settings, number
from vmsim.cli.readers import exit_reason, page_fault
from vmsim.value import FieldError, hexadecimal

TAKES = "a kvm_exit line of trace-cmd, ftrace or perf"

_LINE = re.compile(r"\b(kvm_exit|kvm_nested_vmexit|kvm:kvm_exit|kvm:kvm_nested_vmexit): +(.*)$")
_BODY = re.compile(
    r"(?:vcpu[ :](?P<vcpu>\d+) )?reason:? (?P<reason>.+?) rip:? (?P<rip>0x[0-9a-fA-F]+)"
    r"(?: info1 (?P<info1>0x[0-9a-fA-F]+) info2 (?P<info2>0x[0-9a-fA-F]+)"
    r" intr_info (?P<intr>0x[0-9a-fA-F]+) error_code (?P<code>0x[0-9a-fA-F]+)"
    r"| info:? (?P<old1>[0-9a-fA-F]+) (?P<old2>[0-9a-fA-F]+))?"
)
# What trace-cmd prints where it cannot run the format of the running kernel: the fields by name.
_RAW = re.compile(r"\bkvm_exit: +\[FAILED TO PARSE\] (.*)$")
_FIELD = re.compile(r"(\w+)=(0x[0-9a-fA-F]+|\d+)")
_ISA_SVM = 2
SOURCE = "Linux arch/x86/kvm/trace.h, TRACE_EVENT_KVM_EXIT"
_FAILED = "FAILED_VMENTRY"


def read(text: str, settings: Settings) -> Explanation | None:
    """Which exit it was, and what info1 and info2 say of it."""
    found = _RAW.search(text)
    if found:
        return _raw({name: number(value) for name, value in _FIELD.findall(found[1])}, found[1])
    found = _LINE.search(text)
    if found is None:
        return None
    body = _BODY.match(found[2].strip())
    if body is None:
        raise FieldError("kvm_exit line", found[2], "reason NAME rip 0x…, with info1 … error_code or info … after it")
    info1 = int(body["info1"] or body["old1"] or "0", 16)
    info2 = int(body["info2"] or body["old2"] or "0", 16)
    information = int(body["intr"], 16) if body["intr"] else None
    code = int(body["code"], 16) if body["code"] else None
    lines = [Line("vCPU", body["vcpu"])] if body["vcpu"] else []
    lines.append(Line("guest RIP", body["rip"]))
    name = body["reason"].strip()
    told = bool(body["info1"] or body["old1"])
    if _is_svm(name):
        return _svm(name, lines, info1, info2, told)
    return _vmx(name, lines, info1, info2, information, code, told)


def _raw(fields: dict[str, int], text: str) -> Explanation:
    """The fields of the event, by their names in the kernel."""
    if "exit_reason" not in fields:
        raise FieldError("kvm_exit line", text, "exit_reason=… guest_rip=… isa=… info1=… info2=…")
    lines = [Line("vCPU", str(fields["vcpu_id"]))] if "vcpu_id" in fields else []
    lines.append(Line("guest RIP", hexadecimal(fields.get("guest_rip", 0))))
    info1, info2 = fields.get("info1", 0), fields.get("info2", 0)
    reason = fields["exit_reason"]
    if fields.get("isa") == _ISA_SVM:
        code = svm_exit_codes.by_number(reason)
        return _svm(code.name, lines, info1, info2, True) if code.name else exit_reason.svm(str(reason))
    name = f"UNKNOWN ({reason & 0xFFFF})" + (f" {_FAILED}" if reason & exit_reasons.FAILED_ENTRY else "")
    return _vmx(name, lines, info1, info2, fields.get("intr_info"), fields.get("error_code"), "info1" in fields)


def _is_svm(name: str) -> bool:
    try:
        svm_exit_codes.by_name(name)
    except FieldError:
        return False
    return True


def _vmx(
    name: str, lines: list[Line], info1: int, info2: int, information: int | None, code: int | None, told: bool
) -> Explanation:
    words = name.replace("|", " ").split()
    failed = _FAILED in words
    number_text = re.search(r"0x[0-9a-fA-F]+|\d+", words[0] if words[0] != "UNKNOWN" else name)
    if words[0].startswith("0x") or words[0] == "UNKNOWN":
        if number_text is None:
            raise FieldError("reason", name, "a number after UNKNOWN")
        reason = exit_reasons.by_number(number(number_text[0]) & 0xFFFF)
    else:
        reason = exit_reasons.by_name(words[0])
    flags = exit_reasons.FAILED_ENTRY if failed else 0
    inner = exit_reason.explain(reason, flags, info1 if told else None, information, code)
    if told:
        vectoring = "no event was being delivered" if not info2 >> 31 else "an event was being delivered"
        lines.append(Line("info1", hexadecimal(info1), "exit qualification"))
        lines.append(Line("info2", hexadecimal(info2), f"IDT-vectoring information: {vectoring}"))
    if information is not None and not information >> 31:
        lines.append(Line("intr_info", hexadecimal(information), "not valid for this exit"))
    page_fault_exit = information is not None and information & 0x8000_00FF == 0x8000_000E
    more = (page_fault.explain(code),) if page_fault_exit and code is not None else ()
    return Explanation(f"KVM exit on an Intel processor: {reason.title}", tuple(lines), (SOURCE,), (inner, *more))


def _svm(name: str, lines: list[Line], info1: int, info2: int, told: bool) -> Explanation:
    code = svm_exit_codes.by_name(name)
    if told:
        lines.append(Line("info1", hexadecimal(info1), "EXITINFO1"))
        lines.append(Line("info2", hexadecimal(info2), "EXITINFO2"))
        if name in _SVM_INFO:
            lines += _SVM_INFO[name](info1, info2)
    sources = (SOURCE, 'AMD APM volume 2, "SVM Intercept Exit Codes"')
    return Explanation(f"KVM exit on an AMD processor: {code.title}", tuple(lines), sources)


def _npf(info1: int, info2: int) -> list[Line]:
    where = "the final address" if info1 >> 32 & 1 else "a guest paging structure" if info1 >> 33 & 1 else ""
    found = [Line("guest-physical address", hexadecimal(info2), "EXITINFO2")]
    if where:
        found.append(Line(f"bit {32 if info1 >> 32 & 1 else 33}", "1", f"while translating {where}"))
    low = info1 & 0xFFFFFFFF
    return found + [Line("nested page fault", hexadecimal(low), page_fault.sentence(low))]


def _io(info1: int, info2: int) -> list[Line]:
    size = next((f"{size} bytes" for bit, size in ((6, 4), (5, 2)) if info1 >> bit & 1), "1 byte")
    return [
        Line("port", hexadecimal(info1 >> 16 & 0xFFFF)),
        Line("direction", "IN" if info1 & 1 else "OUT", size),
        Line("string, REP", f"{info1 >> 2 & 1}, {info1 >> 3 & 1}"),
        Line("next RIP", hexadecimal(info2)),
    ]


def _msr(info1: int, info2: int) -> list[Line]:
    return [Line("access", "WRMSR" if info1 & 1 else "RDMSR")]


_SVM_INFO: dict[str, Callable[[int, int], list[Line]]] = {
    "npf": _npf,
    "io": _io,
    "msr": _msr,
    "PF excp": lambda code, address: [
        Line("address", hexadecimal(address), "CR2"),
        Line("error code", hexadecimal(code), page_fault.sentence(code)),
    ],
}
