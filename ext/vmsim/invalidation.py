"""INVPCID, INVVPID, INVEPT and CR4.PCIDE: which operands are refused, and how.

Source: Intel SDM volume 2, "INVPCID"; volume 3, "INVEPT" and "INVVPID" (chapter "VMX Instruction Reference");
volume 3, "Process-Context Identifiers (PCIDs)" for CR4.PCIDE.
"""

from vmsim import bits
from vmsim.eptp import CAPABILITIES, Ept
from vmsim.value import FieldError, Value, check_choice, check_integer
from vmsim.vmcs import CR4_PCIDE

OK = "ok"
SUCCEED = "VMsucceed"
FAIL = "VMfail error 28"
GP = "#GP"
UD = "#UD"

MAX_128 = (1 << 128) - 1
INVPCID_TYPES = ("individual-address", "single-context", "all-context with globals", "all-context without globals")
INVVPID_TYPES = ("individual-address", "single-context", "all-context", "single-context retaining globals")
INVEPT_TYPES = {1: "single-context", 2: "all-context"}


class Invalidation(Value):
    """``result``: "ok", "VMsucceed", "VMfail error 28", "#GP" or "#UD". ``rule`` says why, or what is invalidated."""

    _fields = ("instruction", "result", "rule")
    instruction: str
    result: str
    rule: str


def set_pcide(cr3: int, efer_lma: bool) -> Invalidation:
    """MOV to CR4 that changes PCIDE from 0 to 1; ``cr3`` is the register's value."""
    check_integer("cr3", cr3, 0, bits.MAX_64)
    check_choice("efer_lma", efer_lma, (False, True))
    if not efer_lma:
        return Invalidation("MOV to CR4", GP, "CR4.PCIDE is set only in IA-32e mode (IA32_EFER.LMA = 1)")
    if cr3 & 0xFFF:
        return Invalidation("MOV to CR4", GP, "CR4.PCIDE is set only while CR3[11:0] = 0")
    return Invalidation("MOV to CR4", OK, "PCIDs are enabled; the current one is 0")


def clear_paging(cr4: int, long_mode: bool) -> Invalidation:
    """MOV to CR0 that changes PG from 1 to 0; ``long_mode``: in 64-bit mode (CS.L = 1)."""
    check_integer("cr4", cr4, 0, bits.MAX_64)
    check_choice("long_mode", long_mode, (False, True))
    if cr4 & CR4_PCIDE:
        return Invalidation("MOV to CR0", GP, "CR0.PG is not cleared while CR4.PCIDE = 1")
    if long_mode:
        return Invalidation("MOV to CR0", GP, "CR0.PG is not cleared in 64-bit mode")
    return Invalidation("MOV to CR0", OK, "paging is off")


def invpcid(kind: int, pcid: int, address: int = 0, pcide: bool = True, cpl: int = 0, levels: int = 4) -> Invalidation:
    """INVPCID of type ``kind``; ``pcid`` is the descriptor's low 64 bits, ``address`` its high 64 bits.

    Bits 63:12 of the descriptor must be 0 for every type, the types that read no PCID too.
    """
    check_integer("type", kind, 0, bits.MAX_64)
    check_integer("pcid", pcid, 0, bits.MAX_64)
    check_integer("address", address, 0, bits.MAX_64)
    check_integer("cpl", cpl, 0, 3)
    check_choice("levels", levels, (4, 5))
    name = "INVPCID"
    if cpl > 0:
        return Invalidation(name, GP, "CPL must be 0")
    if kind > 3:
        return Invalidation(name, GP, "the type must be 0 to 3")
    if pcid >> 12:
        return Invalidation(name, GP, "bits 63:12 of the descriptor must be 0")
    if kind in (0, 1) and not pcide and pcid:
        return Invalidation(
            name, GP, "with CR4.PCIDE = 0 the PCID of an individual-address or single-context type is 0"
        )
    if kind == 0 and not bits.is_canonical(address, bits.low_bit(levels + 1)):
        return Invalidation(name, GP, "the linear address must be canonical")
    return Invalidation(name, OK, INVPCID_TYPES[kind])


def invvpid(
    kind: int, vpid: int = 0, address: int = 0, in_vmx: bool = True, cpl: int = 0, levels: int = 4
) -> Invalidation:
    """INVVPID in VMX root operation; ``vpid`` is the descriptor's low 64 bits, ``address`` its high 64 bits.

    Bits 63:16 of the descriptor must be 0 for every type, all-context too; that one asks for nothing else.
    """
    check_integer("type", kind, 0, bits.MAX_64)
    check_integer("vpid", vpid, 0, bits.MAX_64)
    check_integer("address", address, 0, bits.MAX_64)
    check_integer("cpl", cpl, 0, 3)
    check_choice("levels", levels, (4, 5))
    name = "INVVPID"
    refused = _root(name, in_vmx, cpl)
    if refused is not None:
        return refused
    if kind > 3:
        return Invalidation(name, FAIL, "the type must be 0 to 3, and one that IA32_VMX_EPT_VPID_CAP reports")
    if vpid >> 16:
        return Invalidation(name, FAIL, "bits 63:16 of the descriptor must be 0")
    if kind != 2 and vpid == 0:
        return Invalidation(name, FAIL, "the VPID must not be 0: that is the host's own")
    if kind == 0 and not bits.is_canonical(address, bits.low_bit(levels + 1)):
        return Invalidation(name, FAIL, "the linear address must be canonical")
    return Invalidation(name, SUCCEED, INVVPID_TYPES[kind])


def invept(kind: int, descriptor: int = 0, in_vmx: bool = True, cpl: int = 0, maxphyaddr: int = 52) -> Invalidation:
    """INVEPT in VMX root operation; ``descriptor`` has 128 bits, the EPTP is its low 64."""
    check_integer("type", kind, 0, bits.MAX_64)
    check_integer("descriptor", descriptor, 0, MAX_128)
    check_integer("cpl", cpl, 0, 3)
    name = "INVEPT"
    refused = _root(name, in_vmx, cpl)
    if refused is not None:
        return refused
    if kind not in INVEPT_TYPES:
        return Invalidation(name, FAIL, "the type must be 1 or 2, and one that IA32_VMX_EPT_VPID_CAP reports")
    if descriptor >> 64:
        return Invalidation(name, FAIL, "bits 127:64 of the descriptor must be 0")
    wrong = refused_eptp(descriptor & bits.MAX_64, maxphyaddr) if kind == 1 else ""
    if wrong:
        return Invalidation(name, FAIL, f"VM entry would refuse the EPTP, which must have {wrong}")
    return Invalidation(name, SUCCEED, INVEPT_TYPES[kind])


def refused_eptp(eptp: int, maxphyaddr: int, capabilities: int = CAPABILITIES) -> str:
    """What VM entry requires of that EPTP and it has not; "" where VM entry accepts it.

    ``capabilities`` is IA32_VMX_EPT_VPID_CAP. Source: "VM-Execution Control Fields" under "Checks on VMX Controls".
    """
    try:
        Ept(eptp, capabilities)
    except FieldError as error:
        return error.allowed
    return f"bits 63:{maxphyaddr} clear" if eptp >> maxphyaddr else ""


def _root(name: str, in_vmx: bool, cpl: int) -> "Invalidation | None":
    check_choice("vmx_operation", in_vmx, (False, True))
    if not in_vmx:
        return Invalidation(name, UD, "the processor is not in VMX operation")
    if cpl > 0:
        return Invalidation(name, GP, "CPL must be 0")
    return None
