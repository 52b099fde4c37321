"""Computed text about VM exits: what one instruction comes to, and a table of all exit reasons."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

from vmsim import exit_reasons, kvm_handlers
from vmsim.kvm import handle
from vmsim.kvm_handlers import KvmState
from vmsim.value import FieldError
from vmsim.vmx import VmExit
from vmview import exit_spec, vm_exit

#: What stands where nothing exits, or nothing goes to user space.
NONE = "—"
_OPERANDS = frozenset(exit_spec.OPERANDS) - {"instruction", "register"} | {"cpl", "cr3_target_count"}
# Each that changes what KVM does; two where only both together do.
_STATES = (
    KvmState(),
    *(KvmState(gpa=gpa) for gpa in ("MMIO", "read-only RAM", "in-kernel device", "ioeventfd", "no page")),
    *(KvmState(port=port) for port in ("in-kernel device", "ioeventfd")),
    *(KvmState(msr=msr, msr_to_user=(msr,)) for msr in ("unknown", "invalid", "filtered")),
    KvmState(guest_debug=("hardware breakpoints",), dr7_gd=True),
    KvmState(guest_debug=("single-step",)),
    KvmState(lapic_in_kernel=False, window_requested=True, cr8=15),
    KvmState(ioapic_in_kernel=False),
    KvmState(emulates=False),
    KvmState(notify_user=True),
    KvmState(value=12, hypercall_exits=(12,)),
    KvmState(guest_wants_ac=False, split_lock_handled=False),
)
# Of the formats that handlers take apart: MOV to CR8, CLTS, a context that is invalid.
_QUALIFICATIONS = (0, 0x8, 0x20, 0x1)
# No event; the exceptions, as hardware raises them; one exception while another is delivered.
_INTERRUPTIONS = (0, *(1 << 31 | 3 << 8 | vector for vector in range(32) if vector != 2), 1 << 31 | 2 << 8 | 2)


def exit_of(instruction: str, controls: str = "", targets: str = "", **operands: int) -> str:
    """``exit_of("MOV to CR3", "CR3-load exiting", targets="0x1000", value=0x2000)``: 28 CR_ACCESS.

    A dash where nothing exits, ``#GP`` or ``#UD`` where the guest gets that. ``controls`` are separated by commas,
    CR3-target values by spaces; operands are those of the vm-exit diagram, and ``cpl`` and ``cr3_target_count``.
    """
    wrong = sorted(operands.keys() - _OPERANDS)
    if wrong:
        raise FieldError(wrong[0], operands[wrong[0]], ", ".join(sorted(_OPERANDS)))
    named = [name.strip() for name in controls.split(",") if name.strip()]
    body: dict[str, Any] = {"instruction": instruction, "controls": named}
    try:
        body["cr3_target_values"] = [int(value, 0) for value in targets.split()]
    except ValueError:
        raise FieldError("targets", targets, "numbers with spaces between them") from None
    if instruction not in exit_spec.OPERANDS["instruction"]["enum"]:
        raise FieldError("instruction", instruction, "an instruction that the vm-exit diagram knows")
    found = vm_exit.outcome(vm_exit.run(body | operands))
    if "guest_fault" in found:
        return str(found["guest_fault"]["exception"])
    return f"{found['vm_exit']['number']} {found['vm_exit']['reason']}" if "vm_exit" in found else NONE


@cache
def cr3_rows() -> str:
    """``cr3_rows()``: rows of a table, one for each setting of "CR3-load exiting" and of the CR3-target count.

    The control, the count, and then the exit reason of MOV to CR3 with the value of the first target field, of the
    second, third and fourth, and with another value; a dash where it does not exit.
    """
    targets = (0x1000, 0x2000, 0x3000, 0x4000)
    listed = " ".join(hex(target) for target in targets)
    rows = []
    for control, count in product((0, 1), range(len(targets) + 1)):
        named = "CR3-load exiting" if control else ""
        written = (*targets, 0x5000)
        found = [exit_of("MOV to CR3", named, listed, value=value, cr3_target_count=count) for value in written]
        rows.append(f"| {control} | {count} | {' | '.join(reason.split()[0] for reason in found)} |")
    return "\n".join(rows)


@cache
def exit_rows() -> str:
    """``exit_rows()``: rows of a table, one for each basic exit reason.

    Its number, Linux's name for it (where Linux has none, the manual's words), KVM's function, and each
    ``KVM_EXIT_…`` with which it can end in user space; ``−EFAULT`` and the like where KVM_RUN can fail.
    """
    return "\n".join(
        f"| {reason.number} | {f'`{reason.name}`' if reason.name else reason.title} | {_handler(reason.number)} "
        f"| {_ends(reason.number)} |"
        for reason in exit_reasons.ALL
    )


def _handler(number: int) -> str:
    function = kvm_handlers.handler(number)
    return f"`{function}`" if function else NONE


def _ends(number: int) -> str:
    errors = {kvm_handlers.EIO: "−EIO", kvm_handlers.EFAULT: "−EFAULT"}
    ends: dict[str, None] = {}
    interruptions = _INTERRUPTIONS if number == exit_reasons.EXCEPTION_NMI else (0,)
    for state, qualification, information in product(_STATES, _QUALIFICATIONS, interruptions):
        handling = handle(VmExit(number, qualification, information), state)
        end = errors.get(handling.returns) or handling.kvm_run or handling.then
        if end:
            ends[f"`{end}`"] = None
    return ", ".join(ends) or NONE
