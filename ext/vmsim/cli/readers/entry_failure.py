"""How a failed VM entry or VMX instruction is told: QEMU's ``hardware error``, a VM-instruction error by number."""

from __future__ import annotations

import re

from vmsim import exit_reasons, instruction_errors
from vmsim.cli.explanation import Explanation, Line, Settings, number, sdm
from vmsim.cli.readers import exit_reason
from vmsim.value import FieldError

TAKES = "QEMU's line of a failed VM entry (KVM: entry failed, hardware error 0x80000021), or VM-instruction error 7"

_QEMU = re.compile(r"KVM: entry failed, hardware error (0x[0-9a-fA-F]+)")
_ERROR = re.compile(r"(?:VM[- ]instruction error|VMfail(?:Valid)?(?: error)?)[\s:=(]+(0x[0-9a-fA-F]+|\d+)\)?$", re.I)


def read(text: str, settings: Settings) -> Explanation | None:
    """The exit reason of a failed entry, or the VM-instruction error."""
    found = _ERROR.match(text)
    if found:
        return explain(number(found[1]))
    found = _QEMU.search(text)
    if found is None:
        return None
    value = number(found[1])
    if value >> 32:
        raise FieldError("hardware error", value, "32 bits")
    if value & exit_reasons.FAILED_ENTRY:
        return exit_reason.explain(exit_reasons.by_number(value & 0xFFFF), value & ~0xFFFF, None)
    return explain(value)


def explain(error: int) -> Explanation:
    """A VM-instruction error."""
    meaning = instruction_errors.error(error)
    lines = (Line("error", str(error), meaning), Line("shown by", "VMfailValid", "RFLAGS.ZF is 1"))
    return Explanation(f"VM-instruction error {error}: {meaning}", lines, sdm("VM Instruction Error Numbers"))
