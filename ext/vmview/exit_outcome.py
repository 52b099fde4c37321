"""What a vm-exit diagram's ``expect`` is held against: as schema and as values."""

from vmsim import exit_reasons
from vmsim.vmx import GuestFault, VmExit
from vmview.exit_memory import Accessed
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmview.spec import Schema


def _group(title: str, description: str, properties: "Schema") -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "object", "properties": properties}
    found.update({"additionalProperties": False, "minProperties": 1})
    return found


def _text(title: str, description: str) -> "Schema":
    return {"title": title, "description": description, "type": "string"}


_REASONS = tuple(reason.name or reason.title for reason in exit_reasons.ALL)
EXPECT_SCHEMA: "Schema" = _group(
    "Expected outcome",
    "What the simulator must find; every key that is given must be equal.",
    {
        "vm_exit": _group(
            "VM exit",
            "The guest exits.",
            {
                "reason": choice("Reason", "Linux's name, without EXIT_REASON_.", _REASONS),
                "number": number("Number", "The basic exit reason.", 0xFFFF),
                "qualification": number("Exit qualification", "All of it as a number."),
                "guest_physical_address": number("Guest-physical address", "That of an EPT violation.", (1 << 52) - 1),
            },
        ),
        "no_exit": _group(
            "No VM exit",
            "The guest does not exit.",
            {
                "effect": _text("Effect", "executes: the instruction does; nothing: the access just happens."),
                "value": number("Value", "What is read, or what the register then holds, where VMX changes that."),
            },
        ),
        "guest_fault": _group(
            "Fault",
            "The guest gets an exception, and does not exit.",
            {
                "exception": _text("Exception", "Its mnemonic, as #GP."),
                "error_code": number("Error code", "Where the exception has one.", 0xFFFF_FFFF),
            },
        ),
        "kvm": _group(
            "KVM",
            "What KVM does with the exit.",
            {
                "handler": _text("Handler", "The function in kvm_vmx_exit_handlers."),
                "returns": {
                    "title": "Returns",
                    "description": "1: the guest resumes; 0: to user space; negative: an error.",
                    "type": "integer",
                    "minimum": -4095,
                    "maximum": 1,
                },
            },
        ),
        "user_space": _group(
            "User space",
            "KVM_RUN returns.",
            {
                "exit_reason": _text("Exit reason", "That in kvm_run, as KVM_EXIT_IO."),
                "suberror": _text("Suberror", "That of KVM_EXIT_INTERNAL_ERROR."),
            },
        ),
    },
)


def outcome(exchange: "Any") -> "dict[str, Any]":
    """What came of it, as plain data with the keys of ``EXPECT_SCHEMA``; a key that does not apply is missing."""
    result, handling = exchange.decision.result, exchange.handling
    if isinstance(result, GuestFault):
        fault: dict[str, Any] = {"exception": result.name}
        if result.error_code is not None:
            fault["error_code"] = result.error_code
        return {"guest_fault": fault}
    if not isinstance(result, VmExit):
        stays: dict[str, Any] = {"effect": result.effect}
        if result.value is not None:
            stays["value"] = result.value
        return {"no_exit": stays}
    leave: dict[str, Any] = {"reason": result.name, "number": result.reason}
    if result.reason != exit_reasons.EPT_MISCONFIG:
        leave["qualification"] = result.qualification
    if isinstance(exchange.decision.what, Accessed):
        leave["guest_physical_address"] = exchange.decision.what.walk.guest_physical_address
    found: dict[str, Any] = {"vm_exit": leave, "kvm": {"returns": handling.returns}}
    if handling.handler is not None:
        found["kvm"]["handler"] = handling.handler
    if handling.kvm_run:
        found["user_space"] = {"exit_reason": handling.kvm_run}
        if handling.suberror:
            found["user_space"]["suberror"] = handling.suberror
    return found
