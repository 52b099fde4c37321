"""Instructions and transitions that invalidate cached translations, or change what they are tagged with.

Each gives what it dropped, by which rule, and the processor afterwards; one that is refused (#GP, VMfail) drops
nothing.
Source: Intel SDM volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches", "Operations that Invalidate
Cached Mappings"; the operands' rules are those of ``invalidation.py``.
"""

import vmsim
from vmsim import bits, cache_scopes, invalidation
from vmsim.cache_trace import CacheOperation
from vmsim.faults import GeneralProtection
from vmsim.logical_processor import LogicalProcessor, invalidated, without_mappings
from vmsim.paging import PAE
from vmsim.processor import Processor
from vmsim.value import check_integer, replace
from vmsim.vmcs import CR4_PCIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from vmsim.cache_scopes import Scope
    from vmsim.eptp import Ept
    from vmsim.memory import Memory

    Outcome: TypeAlias = "tuple[CacheOperation, LogicalProcessor]"

NO_FLUSH = 1 << 63
# MOV to CR4 that changes one of these reads the PDPTEs again where PAE paging is on: "PDPTE Registers".
_LOADS_PDPTES = bits.CR4_PAE | bits.CR4_PGE | bits.CR4_PSE | bits.CR4_SMEP


def invlpg(core: LogicalProcessor, linear_address: int) -> "Outcome":
    """INVLPG at CPL 0; an address that is not canonical makes it do nothing, and is no error (volume 2, "INVLPG")."""
    check_integer("linear_address", linear_address, 0, bits.MAX_64)
    mode = core.registers.paging
    if mode.long and not bits.is_canonical(linear_address, mode.linear_width):
        return _done("INVLPG", core, ())
    return _done("INVLPG", core, cache_scopes.of_invlpg(core.tag, linear_address))


def invpcid(core: LogicalProcessor, kind: int, pcid: int = 0, linear_address: int = 0) -> "Outcome":
    """INVPCID at CPL 0; ``kind``, ``pcid`` and ``linear_address`` as ``invalidation.invpcid`` takes them."""
    pcide = core.registers.cr4 & CR4_PCIDE != 0
    levels = 5 if core.registers.cr4 & bits.CR4_LA57 else 4
    said = invalidation.invpcid(kind, pcid, linear_address, pcide, 0, levels)
    if said.result != invalidation.OK:
        return _refused("INVPCID", core, said)
    return _done("INVPCID", core, cache_scopes.of_invpcid(core.vpid, kind, pcid, linear_address))


def invvpid(core: LogicalProcessor, kind: int, vpid: int = 0, linear_address: int = 0) -> "Outcome":
    """INVVPID in VMX root operation at CPL 0."""
    levels = 5 if core.registers.cr4 & bits.CR4_LA57 else 4
    said = invalidation.invvpid(kind, vpid, linear_address, True, 0, levels)
    if said.result != invalidation.SUCCEED:
        return _refused("INVVPID", core, said)
    return _done("INVVPID", core, cache_scopes.of_invvpid(kind, vpid, linear_address))


def invept(core: LogicalProcessor, kind: int, descriptor: int = 0) -> "Outcome":
    """INVEPT in VMX root operation at CPL 0; ``descriptor`` has 128 bits, the EPTP is its low 64."""
    said = invalidation.invept(kind, descriptor, True, 0, core.registers.maxphyaddr)
    if said.result != invalidation.SUCCEED:
        return _refused("INVEPT", core, said)
    operation, after = _done("INVEPT", core, cache_scopes.of_invept(kind, descriptor & bits.MAX_64))
    caches, drops = without_mappings(after.caches, cache_scopes.mappings_of_invept(kind, descriptor & bits.MAX_64))
    return replace(operation, drops=operation.drops + drops), replace(after, caches=caches)


def mov_to_cr3(core: LogicalProcessor, operand: int, memory: "Memory | None" = None) -> "Outcome":
    """MOV to CR3. With CR4.PCIDE = 1, bit 63 of ``operand`` asks that nothing be invalidated.

    PAE paging reads the four PDPTEs from ``memory``. #GP for a bit of the operand that is reserved.
    """
    check_integer("operand", operand, 0, bits.MAX_64)
    name = "MOV to CR3"
    registers = core.registers
    pcide = registers.cr4 & CR4_PCIDE != 0
    keeps = pcide and operand & NO_FLUSH != 0
    value = operand & ~NO_FLUSH if pcide else operand
    if registers.paging.levels and not registers.paging.long:
        value &= bits.MAX_32
    if value >> registers.maxphyaddr:
        return CacheOperation(name, f"#GP: bits 62:{registers.maxphyaddr} of the operand must be 0", ()), core
    return _changed(name, core, {"cr3": value}, memory, () if keeps else None)


def mov_to_cr0(core: LogicalProcessor, value: int, memory: "Memory | None" = None, code_64: bool = False) -> "Outcome":
    """MOV to CR0; ``code_64``: executed in 64-bit mode (CS.L = 1). PG also sets or clears EFER.LMA where LME is 1."""
    name = "MOV to CR0"
    old = core.registers
    efer = old.efer
    if old.cr0 & ~value & bits.CR0_PG:
        said = invalidation.clear_paging(old.cr4, code_64)
        if said.result != invalidation.OK:
            return _refused(name, core, said)
        efer &= ~bits.EFER_LMA
    elif value & ~old.cr0 & bits.CR0_PG and efer & bits.EFER_LME:
        if not old.cr4 & bits.CR4_PAE:
            return CacheOperation(name, "#GP: CR0.PG is not set while EFER.LME = 1 and CR4.PAE = 0", ()), core
        efer |= bits.EFER_LMA
    scopes = cache_scopes.of_cr0(core.vpid, old.cr0, value)
    return _changed(name, core, {"cr0": value, "efer": efer}, memory, scopes)


def mov_to_cr4(core: LogicalProcessor, value: int, memory: "Memory | None" = None) -> "Outcome":
    """MOV to CR4. #GP where it sets PCIDE at a wrong time, or changes PAE or LA57 in IA-32e mode."""
    name = "MOV to CR4"
    old = core.registers
    long = old.efer & bits.EFER_LMA != 0
    if long and (old.cr4 ^ value) & (bits.CR4_PAE | bits.CR4_LA57):
        return CacheOperation(name, "#GP: PAE and LA57 are not changed in IA-32e mode", ()), core
    if value & ~old.cr4 & CR4_PCIDE:
        said = invalidation.set_pcide(old.cr3, long)
        if said.result != invalidation.OK:
            return _refused(name, core, said)
    return _changed(name, core, {"cr4": value}, memory, cache_scopes.of_cr4(core.tag, old.cr4, value))


def vmx_transition(core: LogicalProcessor, registers: Processor, vpid: int = 0, ept: "Ept | None" = None) -> "Outcome":
    """VM entry (``vpid`` and ``ept`` of the guest) or VM exit (VPID 0, no EPT), with the registers that it loads.

    A guest whose VPID is 0 has “enable VPID” 0: then entry to it and exit from it invalidate.
    """
    shared = vpid == 0 and core.vpid == 0
    scopes = cache_scopes.of_transition() if shared else ()
    operation, after = _done("VM entry or VM exit", core, scopes)
    return operation, replace(after, registers=registers, vpid=vpid, ept=ept)


def _changed(
    name: str,
    core: LogicalProcessor,
    values: "dict[str, int]",
    memory: "Memory | None",
    scopes: "tuple[Scope, ...] | None",
) -> "Outcome":
    """The registers changed, PDPTEs loaded where that is due; ``scopes`` None: those of MOV to CR3 to its new PCID."""
    old = core.registers
    registers = replace(old, **values)
    loads = "cr3" in values or (old.cr0 ^ registers.cr0) & bits.CR0_PG or (old.cr4 ^ registers.cr4) & _LOADS_PDPTES
    if registers.paging == PAE and memory is not None and loads:
        loaded = vmsim.load_pdptes(memory, registers, core.ept)
        if not isinstance(loaded.result, Processor):
            return CacheOperation(name, _pdpte_refusal(loaded.result), ()), core
        registers = loaded.result
    after = replace(core, registers=registers)
    if scopes is None:
        scopes = cache_scopes.of_cr3(after.vpid, after.pcid)
    caches, drops = invalidated(core.caches, scopes)
    return CacheOperation(name, "", drops), replace(after, caches=caches)


def _pdpte_refusal(result: object) -> str:
    """Why PDPTEs were not loaded."""
    if isinstance(result, GeneralProtection):
        return "#GP: a PDPTE has a reserved bit set"
    return "VM exit: EPT refuses the read of a PDPTE"


def _done(name: str, core: LogicalProcessor, scopes: "tuple[Scope, ...]") -> "Outcome":
    caches, drops = invalidated(core.caches, scopes)
    return CacheOperation(name, "", drops), replace(core, caches=caches)


def _refused(name: str, core: LogicalProcessor, said: invalidation.Invalidation) -> "Outcome":
    return CacheOperation(name, f"{said.result}: {said.rule}", ()), core
