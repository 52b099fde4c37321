"""The VM-instruction errors: what VMfailValid puts into the VMCS's VM-instruction error field.

Source: Intel SDM volume 3, "VM Instruction Error Numbers". Numbers that are missing are not defined.
"""

from vmsim.value import FieldError, check_integer

ERRORS = {
    1: "VMCALL in VMX root operation",
    2: "VMCLEAR: the physical address is invalid",
    3: "VMCLEAR: the address is that of the VMXON region",
    4: "VMLAUNCH: the VMCS is not clear",
    5: "VMRESUME: the VMCS has not been launched",
    6: "VMRESUME after VMXOFF",
    7: "VM entry: a control field is invalid",
    8: "VM entry: a host-state field is invalid",
    9: "VMPTRLD: the physical address is invalid",
    10: "VMPTRLD: the address is that of the VMXON region",
    11: "VMPTRLD: the VMCS revision identifier is another",
    12: "VMREAD or VMWRITE: the VMCS has no such component",
    13: "VMWRITE: the component is read-only",
    15: "VMXON in VMX root operation",
    16: "VM entry: the executive-VMCS pointer is invalid",
    17: "VM entry: the executive VMCS has not been launched",
    18: "VM entry: the executive-VMCS pointer is not the VMXON pointer",
    19: "VMCALL to activate dual-monitor treatment: the VMCS is not clear",
    20: "VMCALL: a VM-exit control field is invalid",
    22: "VMCALL: the MSEG revision identifier is another",
    23: "VMXOFF under dual-monitor treatment",
    24: "VMCALL: the SMM-monitor features are invalid",
    25: "VM entry: a VM-execution control field of the executive VMCS is invalid",
    26: "VM entry while MOV SS blocks events",
    28: "INVEPT or INVVPID: an operand is invalid",
}


def error(number: int) -> str:
    """What the error of that number says, in English; FieldError for one that is not defined."""
    check_integer("VM-instruction error", number, 1, max(ERRORS))
    if number not in ERRORS:
        raise FieldError("VM-instruction error", number, ", ".join(str(known) for known in sorted(ERRORS)))
    return ERRORS[number]
