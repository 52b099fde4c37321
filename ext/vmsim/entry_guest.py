"""What VM entry checks of the guest-state area beside segments. A violation is an exit with reason 33.

Source: Intel SDM volume 3, "Checks on Guest Control Registers, Debug Registers, and MSRs", "Checks on Guest
Descriptor-Table Registers", "Checks on Guest RIP, RFLAGS, and SSP", "Checks on Guest Non-Register State", "Checks on
Guest Page-Directory-Pointer-Table Entries"; "VM-Entry Failures During or After Loading Guest State" for the
qualification.
"""

from vmsim import bits, exceptions
from vmsim.entry_host import EFER_BITS
from vmsim.entry_steps import Violations
from vmsim.events import TYPE_EXTERNAL, TYPE_HARDWARE, TYPE_NMI, VALID
from vmsim.vmcs import CR4_CET, CR4_PCIDE, RFLAGS_IF, RFLAGS_VM, Vmcs
from vmsim.vmcs_areas import NO_LINK, GuestState
from vmsim.vmcs_fields import Capabilities, ControlFields
from vmsim.vmxon import fixed_violation

REGISTERS = "Checks on Guest Control Registers, Debug Registers, and MSRs"
TABLES = "Checks on Guest Descriptor-Table Registers"
RIP = "Checks on Guest RIP, RFLAGS, and SSP"
STATE = "Checks on Guest Non-Register State"
PDPTES = "Checks on Guest Page-Directory-Pointer-Table Entries"

# Exit qualification of a failed VM entry.
BY_PDPTE, BY_NMI, BY_LINK = 2, 3, 4
ACTIVE, HLT, SHUTDOWN, WAIT_FOR_SIPI = 0, 1, 2, 3
STI, MOV_SS, SMI, NMI, ENCLAVE = 1, 2, 4, 8, 16
RFLAGS_RESERVED = bits.MAX_64 >> 22 << 22 | 1 << 15 | 1 << 5 | 1 << 3
RFLAGS_TF = 1 << 8
PENDING_BS = 1 << 14
PENDING_RESERVED = bits.MAX_64 >> 17 << 17 | 1 << 15 | 1 << 13 | 0x7F0
DEBUGCTL_BITS = 0xFFC7
DEBUGCTL_BTF = 2


def registers(found: Violations, controls: Vmcs, guest: GuestState, cpu: Capabilities) -> None:
    """CR0, CR3, CR4, DR7 and MSRs. An unrestricted guest may clear PE and PG, PG without PE it may not set."""
    free = bits.CR0_PG | bits.CR0_PE if controls.has("unrestricted guest") else 0
    wrong = fixed_violation(guest.cr0, cpu.cr0_fixed0 & ~free, cpu.cr0_fixed1)
    fixes = "the bits that VMX operation fixes; these differ"
    found.need(REGISTERS, wrong == 0, "guest cr0", guest.cr0, f"{fixes}: {wrong:#x}")
    paging, long_mode = guest.cr0 & bits.CR0_PG != 0, controls.has("IA-32e mode guest")
    met = not paging or guest.cr0 & bits.CR0_PE != 0
    found.need(REGISTERS, met, "guest cr0", guest.cr0, "PG (bit 31) only with PE (bit 0)")
    wrong = fixed_violation(guest.cr4, cpu.cr4_fixed0, cpu.cr4_fixed1)
    found.need(REGISTERS, wrong == 0, "guest cr4", guest.cr4, f"{fixes}: {wrong:#x}")
    met = not guest.cr4 & CR4_CET or guest.cr0 & bits.CR0_WP != 0
    found.need(REGISTERS, met, "guest cr4", guest.cr4, "CET (bit 23) only with CR0.WP (bit 16)")
    if long_mode:
        found.need(REGISTERS, paging, "guest cr0", guest.cr0, '1 in PG (bit 31) with "IA-32e mode guest"')
        pae = guest.cr4 & bits.CR4_PAE != 0
        found.need(REGISTERS, pae, "guest cr4", guest.cr4, '1 in PAE (bit 5) with "IA-32e mode guest"')
    else:
        pcide = guest.cr4 & CR4_PCIDE
        found.need(REGISTERS, not pcide, "guest cr4", guest.cr4, '0 in PCIDE (bit 17) without "IA-32e mode guest"')
    found.need(REGISTERS, guest.cr3 >> cpu.maxphyaddr == 0, "guest cr3", guest.cr3, f"below 2^{cpu.maxphyaddr}")
    if controls.has("load debug controls"):
        found.need(REGISTERS, guest.debugctl & ~DEBUGCTL_BITS == 0, "guest debugctl", guest.debugctl,
                   f"0 outside {DEBUGCTL_BITS:#x}")  # fmt: skip
        found.need(REGISTERS, guest.dr7 >> 32 == 0, "guest dr7", guest.dr7, "0 in bits 63:32")
    for field in ("sysenter_esp", "sysenter_eip"):
        found.canonical(REGISTERS, f"guest {field}", getattr(guest, field), cpu.linear_width)
    if controls.has("load IA32_PAT"):
        found.pat(REGISTERS, "guest pat", guest.pat)
    if controls.has("load IA32_EFER"):
        lme, lma = guest.efer >> 8 & 1, guest.efer >> 10 & 1
        found.need(REGISTERS, guest.efer & ~EFER_BITS == 0, "guest efer", guest.efer, f"0 outside {EFER_BITS:#x}")
        found.need(REGISTERS, lma == (1 if long_mode else 0), "guest efer", guest.efer, 'LMA as "IA-32e mode guest"')
        found.need(REGISTERS, not paging or lma == lme, "guest efer", guest.efer, "LMA and LME equal where CR0.PG is 1")
    if controls.has("load IA32_BNDCFGS"):
        found.need(REGISTERS, guest.bndcfgs & 0xFFC == 0, "guest bndcfgs", guest.bndcfgs, "0 in bits 11:2")
        found.canonical(REGISTERS, "guest bndcfgs", guest.bndcfgs & ~0xFFF, cpu.linear_width)
    if controls.has("load PKRS"):
        found.need(REGISTERS, guest.pkrs >> 32 == 0, "guest pkrs", guest.pkrs, "0 in bits 63:32")


def tables_and_flags(
    found: Violations, controls: Vmcs, fields: ControlFields, guest: GuestState, cpu: Capabilities
) -> None:
    """GDTR, IDTR, RIP and RFLAGS."""
    for field in ("gdtr", "idtr"):
        found.canonical(TABLES, f"guest {field}_base", getattr(guest, f"{field}_base"), cpu.linear_width)
        limit = getattr(guest, f"{field}_limit")
        found.need(TABLES, limit >> 16 == 0, f"guest {field}_limit", limit, "0 in bits 31:16")
    if controls.has("IA-32e mode guest") and guest.cs.access_rights & 1 << 13:
        upper = guest.rip >> cpu.linear_width
        met = upper in (0, (1 << 64 - cpu.linear_width) - 1)
        found.need(RIP, met, "guest rip", guest.rip, f"bits 63:{cpu.linear_width} all equal")
    else:
        found.need(RIP, guest.rip >> 32 == 0, "guest rip", guest.rip, "0 in bits 63:32 outside 64-bit mode")
    flags = guest.rflags
    found.need(RIP, flags & RFLAGS_RESERVED == 0, "guest rflags", flags, "0 in bits 63:22, 15, 5 and 3")
    found.need(RIP, flags & 2 != 0, "guest rflags", flags, "1 in bit 1")
    virtual = flags & RFLAGS_VM != 0
    met = not virtual or (not controls.has("IA-32e mode guest") and guest.cr0 & bits.CR0_PE != 0)
    found.need(RIP, met, "guest rflags", flags, "0 in VM (bit 17) in IA-32e mode and with CR0.PE = 0")
    external = fields.interruption_information & VALID and fields.interruption_information >> 8 & 7 == TYPE_EXTERNAL
    found.need(RIP, not external or flags & RFLAGS_IF != 0, "guest rflags", flags,
               "1 in IF (bit 9) where an external interrupt is injected")  # fmt: skip


def non_register(
    found: Violations, controls: Vmcs, fields: ControlFields, guest: GuestState, cpu: Capabilities
) -> None:
    """Activity state, interruptibility state, pending debug exceptions, VMCS link pointer."""
    information = fields.interruption_information
    injects = information & VALID != 0
    vector, kind = information & 0xFF, information >> 8 & 7
    _activity(found, controls, guest, injects, vector, kind)
    state = guest.interruptibility
    field = "guest interruptibility"
    found.need(STATE, state >> 5 == 0, field, state, "0 in bits 31:5")
    found.need(STATE, state & 3 != 3, field, state, "not blocking by STI and by MOV SS at once")
    met = not state & STI or guest.rflags & RFLAGS_IF != 0
    found.need(STATE, met, field, state, "no blocking by STI where RFLAGS.IF is 0")
    met = not (injects and kind == TYPE_EXTERNAL and state & 3)
    found.need(STATE, met, field, state, "no blocking by STI or MOV SS where an external interrupt is injected")
    nmi = injects and kind == TYPE_NMI
    found.need(STATE, not (nmi and state & MOV_SS), field, state, "no blocking by MOV SS where an NMI is injected")
    met = not (nmi and state & STI and cpu.nmi_needs_no_sti)
    found.need(STATE, met, field, state, "no blocking by STI where an NMI is injected", BY_NMI)
    found.need(STATE, cpu.in_smm or not state & SMI, field, state, "no blocking by SMI outside SMM")
    met = not controls.has("entry to SMM") or state & SMI != 0
    found.need(STATE, met, field, state, 'blocking by SMI with "entry to SMM"')
    met = not (controls.has("virtual NMIs") and nmi and state & NMI)
    found.need(STATE, met, field, state, 'no blocking by NMI where an NMI is injected with "virtual NMIs"')
    found.need(STATE, not (state & ENCLAVE and state & MOV_SS), field, state, "no blocking by MOV SS in an enclave")
    _pending_debug(found, guest)
    if guest.link_pointer != NO_LINK:
        pointer, revision = guest.link_pointer, guest.link_revision
        aligned = pointer % bits.FRAME == 0 and pointer >> cpu.maxphyaddr == 0
        required = f"all ones, or a multiple of 0x1000 below 2^{cpu.maxphyaddr}"
        found.need(STATE, aligned, "VMCS link pointer", pointer, required, BY_LINK)
        shadow = 1 if controls.has("VMCS shadowing") else 0
        required = f'the region\'s bit 31 as "VMCS shadowing", {shadow}'
        found.need(STATE, revision >> 31 == shadow, "VMCS link pointer", pointer, required, BY_LINK)


def _activity(found: Violations, controls: Vmcs, guest: GuestState, injects: bool, vector: int, kind: int) -> None:
    state = guest.activity
    field = "guest activity"
    found.need(STATE, state <= WAIT_FOR_SIPI, field, state, "0 to 3")
    found.need(STATE, state != HLT or guest.ss.dpl == 0, field, state, "not HLT where SS.DPL is not 0")
    met = state == ACTIVE or not guest.interruptibility & 3
    found.need(STATE, met, field, state, "active where STI or MOV SS blocks events")
    if injects:
        machine_check = kind == TYPE_HARDWARE and vector == exceptions.MC
        debug = kind == TYPE_HARDWARE and vector == exceptions.DB
        allowed = {
            HLT: kind in (TYPE_EXTERNAL, TYPE_NMI) or machine_check or debug or (kind == 7 and vector == 0),
            SHUTDOWN: machine_check or kind == TYPE_NMI,
            WAIT_FOR_SIPI: False,
        }
        found.need(STATE, allowed.get(state, True), field, state, "a state that the injected event may wake")
    met = state != WAIT_FOR_SIPI or not controls.has("entry to SMM")
    found.need(STATE, met, field, state, 'not wait-for-SIPI with "entry to SMM"')


def _pending_debug(found: Violations, guest: GuestState) -> None:
    value = guest.pending_debug
    found.need(STATE, value & PENDING_RESERVED == 0, "guest pending_debug", value, "0 in bits 63:17, 15, 13 and 10:4")
    if guest.interruptibility & 3 or guest.activity == HLT:
        stepping = guest.rflags & RFLAGS_TF != 0 and not guest.debugctl & DEBUGCTL_BTF
        met = (value & PENDING_BS != 0) == stepping
        wanted = 1 if stepping else 0
        found.need(STATE, met, "guest pending_debug", value, f"{wanted} in BS (bit 14), as RFLAGS.TF and BTF say")


def pdptes(found: Violations, controls: Vmcs, guest: GuestState, cpu: Capabilities) -> None:
    """The PDPTEs of a guest with PAE paging: from their fields with EPT, else from memory, which this model has not."""
    paging = guest.cr0 & bits.CR0_PG and guest.cr4 & bits.CR4_PAE
    if not paging or controls.has("IA-32e mode guest") or not controls.has("enable EPT"):
        return
    reserved = bits.MAX_64 >> cpu.maxphyaddr << cpu.maxphyaddr | 0x1E6
    for number in range(4):
        value = guest.pdptes[number]
        met = not value & bits.P or value & reserved == 0
        required = f"not present, or 0 in bits 63:{cpu.maxphyaddr}, 8:5 and 2:1"
        found.need(PDPTES, met, f"guest pdpte{number}", value, required, BY_PDPTE)
