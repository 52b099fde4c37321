"""The body of a vm-exit diagram: as schema, and as the values that vmsim decides from.

Keys of the guest, the VMCS and KVM have the names that vmsim's values have; what those refuse is reported under the
author's key.
"""

from vmsim.bitmaps import IoBitmaps, msr_bitmaps
from vmsim.bits import MAX_64
from vmsim.instructions import MNEMONICS, REGISTERS, SOFTWARE_INTERRUPTS, Instruction
from vmsim.kvm import KvmState
from vmsim.kvm_handlers import (
    IN_KERNEL,
    IOEVENTFD,
    MMIO,
    MSR_FILTERED,
    MSR_INVALID,
    MSR_KNOWN,
    MSR_UNKNOWN,
    NO_PAGE,
    RAM,
    READ_ONLY,
    USER_SPACE,
)
from vmsim.value import FieldError
from vmsim.vmcs import MODES, Guest, Vmcs, vmcs
from vmsim.vmx_controls import control
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmview.spec import Schema, Spec

_OPERANDS: "Schema" = {
    "register": choice("Register", "The general register; default RAX.", REGISTERS),
    "value": number("Value", "What is written: to the control register, the debug register or the MSR; default 0."),
    "address": number("Address", "The linear address of INVLPG, or the displacement of a memory operand; default 0."),
    "msr": number("MSR", "The MSR's address, as in ECX; default 0.", 0xFFFF_FFFF),
    "port": number("Port", "The I/O port; default 0.", 0xFFFF),
    "size": choice("Size", "Bytes of an I/O access; default 1.", (1, 2, 4)),
    "immediate": choice("Immediate", "1: the port stands in the instruction, not in DX; default 0.", (0, 1)),
    "rep": choice("Repeated", "1: INS or OUTS has a REP prefix; default 0.", (0, 1)),
}
_BY_FAMILY = (
    (("MOV to ",), ("register", "value")),
    (("MOV from ",), ("register",)),
    (("IN", "OUT"), ("port", "size", "immediate")),
    (("INS", "OUTS"), ("port", "size", "rep")),
    (("RDMSR",), ("msr",)),
    (("WRMSR", "WRMSRNS"), ("msr", "value")),
    (("INVLPG", "INVPCID", "SGDT", "SIDT", "LGDT", "LIDT", "SLDT", "STR", "LLDT", "LTR"), ("address",)),
    (("LMSW", "ENCLS", "ENCLV", "PCONFIG", "VMFUNC", "XSAVES", "XRSTORS", "VMREAD", "VMWRITE"), ("value",)),
)
_GUEST: "Schema" = {
    "cpl": choice("CPL", "The guest's privilege level; default 0.", (0, 1, 2, 3)),
    "mode": choice("Mode", "The guest's mode; default 64-bit.", MODES),
    "cr0": number("CR0", f"The guest's CR0; default {Guest.cr0:#x}."),
    "cr4": number("CR4", f"The guest's CR4; default {Guest.cr4:#x}."),
    "rflags": number("RFLAGS", f"The guest's RFLAGS; default {Guest.rflags:#x}."),
    "io_permitted": choice("I/O permission", "0: the TSS's I/O permission bitmap forbids the port; default 1.", (0, 1)),
}
_FIELDS: "Schema" = {
    name: number(name.replace("_", " "), "The field of that name in the VMCS; default 0.")
    for name in ("cr0_guest_host_mask", "cr0_read_shadow", "cr4_guest_host_mask", "cr4_read_shadow")
}


def _list(title: str, description: str, item: "Schema", most: int = 0) -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "array", "items": item}
    if most:
        found["maxItems"] = most
    return found


def _map(title: str, description: str, properties: "Schema") -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "object"}
    found.update({"properties": properties, "additionalProperties": False})
    return found


_MSRS = number("MSR", "The address of an MSR.", 0xFFFF_FFFF)
_VMCS: "Schema" = {
    "controls": _list("Controls", "Names of the VMX controls that are 1; the others are 0.", {"type": "string"}),
    "cr3_target_values": _list(
        "CR3-target values", "Up to four values.", number("Value", "What MOV to CR3 may write without an exit."), 4
    ),
    "cr3_target_count": number("CR3-target count", "How many of them count; default: all that are given.", 4),
    "msr_bitmaps": _map(
        "MSR bitmaps",
        "The MSRs whose bit is 1 in the bitmaps for reads and for writes.",
        {
            "read": _list("Reads", "RDMSR of these exits.", _MSRS),
            "write": _list("Writes", "WRMSR of these exits.", _MSRS),
        },
    ),
    "io_bitmap": _list("I/O bitmaps", "The ports whose bit is 1.", number("Port", "An I/O port.", 0xFFFF)),
}
_KVM: "Schema" = {
    "kvm": _map(
        "KVM",
        "What KVM knows beside the exit.",
        {
            "gpa": choice(
                "Memory",
                "What KVM has at the guest-physical address; default RAM.",
                (RAM, MMIO, READ_ONLY, IN_KERNEL, IOEVENTFD, NO_PAGE),
            ),
            "port": choice(
                "Port", "Who answers at the I/O port; default user space.", (USER_SPACE, IN_KERNEL, IOEVENTFD)
            ),
            "msr": choice(
                "MSR", "What the MSR is to KVM; default known.", (MSR_KNOWN, MSR_UNKNOWN, MSR_INVALID, MSR_FILTERED)
            ),
            "msr_to_user": _list(
                "MSRs to user space",
                "Which refused accesses user space has asked for (KVM_CAP_X86_USER_SPACE_MSR).",
                {"enum": [MSR_UNKNOWN, MSR_INVALID, MSR_FILTERED]},
            ),
            "lapic_in_kernel": choice("Local APIC", "1: KVM emulates the local APIC; default 1.", (0, 1)),
            "nested": choice("Nested", "1: KVM offers VMX to the guest; default 0.", (0, 1)),
            "cr8": number("CR8", "The guest's CR8 before it is written; default 0.", 15),
        },
    )
}
OPERANDS: "Schema" = {
    "instruction": choice(
        "Instruction",
        "What the guest executes.",
        tuple(name for name in MNEMONICS if name not in SOFTWARE_INTERRUPTS),
    )
} | _OPERANDS
STATE_SCHEMA: "Schema" = _GUEST | _VMCS | _FIELDS | _KVM


def takes(mnemonic: str) -> "tuple[str, ...]":
    """The keys of the operands by which that instruction decides."""
    for names, operands in _BY_FAMILY:
        if mnemonic in names or (names[0].endswith(" ") and mnemonic.startswith(names[0])):
            return operands
    return ()


def instruction(spec: "Spec") -> Instruction:
    """The instruction. FieldError for an operand that it does not have."""
    mnemonic = spec["instruction"]
    given: dict[str, Any] = {}
    for key in _OPERANDS:
        if key in spec:
            if key not in takes(mnemonic):
                known = ", ".join(takes(mnemonic))
                raise FieldError(key, spec[key], f"{known or 'no operand'}; by no other does {mnemonic} decide")
            given[key] = REGISTERS.index(spec[key]) if key == "register" else spec[key]
    for key in ("immediate", "rep"):
        if key in given:
            given[key] = given[key] == 1
    return Instruction(mnemonic, **given)


def guest(spec: "Spec") -> Guest:
    """The guest's state."""
    given = {key: spec[key] for key in _GUEST if key in spec}
    if "io_permitted" in given:
        given["io_permitted"] = given["io_permitted"] == 1
    return Guest(**given)


def controls(spec: "Spec") -> Vmcs:
    """The VMCS. FieldError under ``controls/0`` and so on for a control that does not exist."""
    names = spec.get("controls", ())
    for at in range(len(names)):
        try:
            control(names[at])
        except FieldError as error:
            raise FieldError(f"controls/{at}", names[at], error.allowed) from None
    values = tuple(spec.get("cr3_target_values", ()))
    fields = {key: spec[key] for key in _FIELDS if key in spec}
    maps = spec.get("msr_bitmaps", {})
    for way in ("read", "write"):
        listed = maps.get(way, ())
        for at in range(len(listed)):
            try:
                msr_bitmaps(reads=(listed[at],))
            except FieldError as error:
                raise FieldError(f"msr_bitmaps/{way}/{at}", listed[at], error.allowed) from None
    return vmcs(
        tuple(names),
        cr3_target_values=values,
        cr3_target_count=spec.get("cr3_target_count", len(values)),
        msr_bitmaps=msr_bitmaps(tuple(maps.get("read", ())), tuple(maps.get("write", ()))),
        io_bitmaps=IoBitmaps(tuple(sorted(set(spec.get("io_bitmap", ()))))),
        **fields,
    )


def kvm_state(spec: "Spec") -> KvmState:
    """What KVM knows. What it takes from the guest (CPL, the value that is written) comes from there."""
    given = dict(spec.get("kvm", {}))
    for key in ("lapic_in_kernel", "nested"):
        if key in given:
            given[key] = given[key] == 1
    if "msr_to_user" in given:
        given["msr_to_user"] = tuple(given["msr_to_user"])
    return KvmState(cpl=spec.get("cpl", 0), value=spec.get("value", 0) & MAX_64, **given)
