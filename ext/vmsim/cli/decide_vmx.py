"""Rows about exits: controls, reasons and codes, exception pairs, INVPCID and INVVPID, KVM's handlers."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from vmsim import bitmaps, exceptions, exit_reasons, invalidation, kvm, svm_exit_codes
from vmsim.cli.question import Answer, Given, Question, choice, flag, number, refuse_unknown, required
from vmsim.instructions import ROWS, Instruction, mnemonic, register
from vmsim.value import FieldError
from vmsim.vmcs import CR4_KL, CR4_OSXSAVE, CR4_PCIDE, CR4_SMXE, CR4_VMXE, Guest, Vmcs, vmcs
from vmsim.vmx import decide, page_fault
from vmsim.vmx_trace import Decision, GuestFault, VmExit

# The linear address of the datum that the rows access.
LINEAR_ADDRESS = 0x10000000000
OTHER_DIRECTION = "only the other direction set"


def answer(decision: Decision) -> dict[str, object]:
    """The decision in the words of the rows."""
    result = decision.result
    if not isinstance(result, VmExit):
        found: dict[str, object] = {"exit": False, "reason": None, "reason_name": None}
        if isinstance(result, GuestFault):
            found["guest_exception_delivered"] = result.vector
        return found
    found = {"exit": True, "reason": result.reason, "reason_name": result.name, "qualification": result.qualification}
    if result.vector is not None:
        found |= {"intr_vector": result.vector, "error_code": result.error_code}
    return found


def _mov_to_cr3(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "cr3_load_exiting target_count targets value")
    targets = required(given, "targets")
    if not isinstance(targets, list):
        raise FieldError("targets", targets, "a list of up to 4 values")
    controls = vmcs(
        ("CR3-load exiting",) if flag(given, "cr3_load_exiting") else (),
        cr3_target_count=number(given, "target_count"),
        cr3_target_values=tuple(number({"targets": target}, "targets") for target in targets),
    )
    return answer(decide(controls, Guest(), Instruction("MOV to CR3", register("RBX"), number(given, "value"))))


def _mov_from_cr3(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "cr3_store_exiting target_count targets value")
    controls = vmcs(
        ("CR3-store exiting",) if flag(given, "cr3_store_exiting") else (),
        cr3_target_count=number(given, "target_count") if "target_count" in given else 0,
    )
    return answer(decide(controls, Guest(), Instruction("MOV from CR3", register("RAX"))))


def _insn_exit(_build: ModuleType, given: Given) -> Answer:
    """With the instruction's own control set or clear; all else that it needs to be executed is there."""
    refuse_unknown(given, "insn control_bit")
    name = mnemonic(required(given, "insn"))
    row = ROWS.get(name)
    exiting = row.exiting if row is not None else {"PAUSE": ("PAUSE exiting",)}.get(name, ())
    needed = (row.enabled_by,) if row is not None and row.enabled_by else ()
    controls = vmcs(needed + (exiting if flag(given, "control_bit") else ()))
    guest = Guest(cr4=Guest.cr4 | CR4_VMXE | CR4_OSXSAVE | CR4_SMXE | CR4_KL)
    return answer(decide(controls, guest, Instruction(name, address=LINEAR_ADDRESS if name == "INVLPG" else 0)))


def _msr_bitmap(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "msr op use_msr_bitmaps bit in_range")
    name = mnemonic(required(given, "op"))
    msr = number(given, "msr", 0, 0xFFFF_FFFF)
    operation = bitmaps.RDMSR if name == "RDMSR" else bitmaps.WRMSR
    other = bitmaps.WRMSR if name == "RDMSR" else bitmaps.RDMSR
    wanted = given.get("bit", 0)
    answering = other if wanted == OTHER_DIRECTION else operation
    bit = bitmaps.msr_bit(msr, answering)
    is_one = wanted == OTHER_DIRECTION or flag(given, "bit")
    page = bitmaps.MsrBitmaps((bit,) if bit is not None and is_one else ())
    controls = vmcs(("use MSR bitmaps",) if flag(given, "use_msr_bitmaps") else (), msr_bitmaps=page)
    return answer(decide(controls, Guest(), Instruction(name, msr=msr)))


def _pf_mask_match(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "exception_bitmap_bit14 pfec_mask pfec_match pfec")
    controls = Vmcs(
        exception_bitmap=flag(given, "exception_bitmap_bit14") << exceptions.PF,
        page_fault_error_code_mask=number(given, "pfec_mask"),
        page_fault_error_code_match=number(given, "pfec_match"),
    )
    return answer(decide(controls, Guest(), page_fault(number(given, "pfec"), LINEAR_ADDRESS)))


def _exception_pair(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "first second first_class second_class")
    return {"result": exceptions.deliver(number(given, "first"), number(given, "second")).result}


def _vmx_exit_reason(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "number")
    return {"name": exit_reasons.by_number(number(given, "number")).name or None}


def _kvm_vmx_handler(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "exit")
    return {"handler": kvm.handler(exit_reasons.by_name(required(given, "exit")).number)}


def _svm_exit_code(_build: ModuleType, given: Given) -> Answer:
    """The rows write the exceptions' codes as ``excp_PF``, where Linux prints ``PF excp``."""
    refuse_unknown(given, "number")
    value = required(given, "number")
    code = svm_exit_codes.by_number(value if value == svm_exit_codes.INVALID else number(given, "number"))
    letters, _, suffix = code.name.partition(" ")
    return {"name": f"excp_{letters}" if suffix == "excp" else code.name or None}


def _pcid(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "op cr3_low12 la_active lma_active pcide cr4_pcide mode long_mode cs_l")
    operation = choice(given, "op", {"CR4.PCIDE 0->1": "pcide", "CR0.PG 1->0": "paging"})
    if operation == "pcide":
        active = flag(given, "la_active") if "la_active" in given else True
        found = invalidation.set_pcide(number(given, "cr3_low12", 0, 0xFFF), active)
    else:
        key = "pcide" if "pcide" in given else "cr4_pcide"
        enabled = flag(given, key) if key in given else True
        in_64_bit = flag(given, "cs_l") if "cs_l" in given else False
        found = invalidation.clear_paging(CR4_PCIDE if enabled else 0, in_64_bit)
    return {"result": found.result}


def _address(given: Given) -> int:
    """The linear address of a descriptor; where only ``canonical`` is given, one that is or is not."""
    for key in ("gla", "linear_address", "address"):
        if key in given:
            return number(given, key)
    return 0 if "canonical" not in given or flag(given, "canonical") else 1 << 63


def _invpcid(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "type type_name pcid cr4_pcide cpl gla linear_address address canonical")
    pcide = flag(given, "cr4_pcide") if "cr4_pcide" in given else True
    cpl = number(given, "cpl", 0, 3) if "cpl" in given else 0
    pcid = number(given, "pcid") if "pcid" in given else 0
    return {"result": invalidation.invpcid(number(given, "type"), pcid, _address(given), pcide, cpl).result}


def _invvpid(_build: ModuleType, given: Given) -> Answer:
    refuse_unknown(given, "type type_name vpid gla linear_address address canonical vmx_operation cpl")
    in_vmx = flag(given, "vmx_operation") if "vmx_operation" in given else True
    cpl = number(given, "cpl", 0, 3) if "cpl" in given else 0
    kind = number(given, "type") if in_vmx or "type" in given else 0
    vpid = number(given, "vpid") if "vpid" in given else 0
    return {"result": invalidation.invvpid(kind, vpid, _address(given), in_vmx, cpl).result}


QUESTIONS: Mapping[str, Question] = {
    "mov_to_cr3": Question(_mov_to_cr3),
    "mov_from_cr3": Question(_mov_from_cr3),
    "insn_exit": Question(_insn_exit),
    "msr_bitmap": Question(_msr_bitmap),
    "pf_mask_match": Question(_pf_mask_match),
    "exception_pair": Question(_exception_pair),
    "vmx_exit_reason": Question(_vmx_exit_reason),
    "kvm_vmx_handler": Question(_kvm_vmx_handler),
    "svm_exit_code": Question(_svm_exit_code),
    "pcid": Question(_pcid),
    "invpcid": Question(_invpcid),
    "invvpid": Question(_invvpid),
}
