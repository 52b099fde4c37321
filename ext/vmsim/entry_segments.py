"""What VM entry checks of the guest's segment registers. A violation is an exit with reason 33.

Source: Intel SDM volume 3, "Checks on Guest Segment Registers".
"""

from vmsim import bits
from vmsim.entry_steps import Violations
from vmsim.vmcs import RFLAGS_VM, Vmcs
from vmsim.vmcs_areas import GuestState, Segment
from vmsim.vmcs_fields import Capabilities

SECTION = "Checks on Guest Segment Registers"
NAMES = ("cs", "ss", "ds", "es", "fs", "gs")
VIRTUAL_8086_RIGHTS = 0xF3
S, P, L, DB, G = 1 << 4, 1 << 7, 1 << 13, 1 << 14, 1 << 15
RESERVED = 0xFFFE_0F00


def segments(found: Violations, controls: Vmcs, guest: GuestState, cpu: Capabilities) -> None:
    """CS, SS, DS, ES, FS, GS, TR and LDTR."""
    virtual = guest.rflags & RFLAGS_VM != 0
    long_mode = controls.has("IA-32e mode guest")
    unrestricted = controls.has("unrestricted guest")
    tr, ldtr = guest.tr, guest.ldtr
    found.need(SECTION, not tr.selector & 4, "guest tr.selector", tr.selector, "0 in TI (bit 2)")
    met = not ldtr.usable or not ldtr.selector & 4
    found.need(SECTION, met, "guest ldtr.selector", ldtr.selector, "0 in TI (bit 2)")
    if not virtual and not unrestricted:
        met = guest.ss.rpl == guest.cs.rpl
        found.need(SECTION, met, "guest ss.selector", guest.ss.selector, f"the RPL of CS, {guest.cs.rpl}")
    _bases(found, guest, cpu)
    for name in NAMES:
        segment = getattr(guest, name)
        if virtual:
            _virtual(found, name, segment)
            continue
        _rights(found, name, segment, guest, unrestricted)
        if name == "cs" and long_mode and segment.access_rights & L:
            met = not segment.access_rights & DB
            found.need(SECTION, met, "guest cs.access_rights", segment.access_rights, "0 in D/B (bit 14) where L is 1")
    types = (11,) if long_mode else (3, 11)
    _system(found, "tr", tr, types)
    found.need(SECTION, tr.usable, "guest tr.access_rights", tr.access_rights, "usable: 0 in bit 16")
    if ldtr.usable:
        _system(found, "ldtr", ldtr, (2,))


def _bases(found: Violations, guest: GuestState, cpu: Capabilities) -> None:
    for name in ("tr", "fs", "gs"):
        found.canonical(SECTION, f"guest {name}.base", getattr(guest, name).base, cpu.linear_width)
    if guest.ldtr.usable:
        found.canonical(SECTION, "guest ldtr.base", guest.ldtr.base, cpu.linear_width)
    for name in ("cs", "ss", "ds", "es"):
        segment = getattr(guest, name)
        met = segment.base >> 32 == 0 or (name != "cs" and not segment.usable)
        found.need(SECTION, met, f"guest {name}.base", segment.base, "0 in bits 63:32")


def _virtual(found: Violations, name: str, segment: Segment) -> None:
    """A guest in virtual-8086 mode: base, limit and rights are all fixed."""
    base = segment.selector << 4
    found.need(SECTION, segment.base == base, f"guest {name}.base", segment.base, f"the selector times 16, {base:#x}")
    found.need(SECTION, segment.limit == 0xFFFF, f"guest {name}.limit", segment.limit, "0xffff")
    rights = segment.access_rights
    met = rights == VIRTUAL_8086_RIGHTS
    found.need(SECTION, met, f"guest {name}.access_rights", rights, f"{VIRTUAL_8086_RIGHTS:#x}")


def _rights(found: Violations, name: str, segment: Segment, guest: GuestState, unrestricted: bool) -> None:
    rights = segment.access_rights
    field = f"guest {name}.access_rights"
    if not segment.usable and name != "cs":
        if name == "ss" and not unrestricted:
            met = segment.dpl == segment.rpl
            found.need(SECTION, met, field, rights, f"DPL as the selector's RPL, {segment.rpl}")
        if name == "ss":
            _flat_privilege(found, field, segment, guest)
        return
    found.need(SECTION, rights & S != 0, field, rights, "1 in S (bit 4)")
    found.need(SECTION, rights & P != 0, field, rights, "1 in P (bit 7)")
    found.need(SECTION, rights & RESERVED == 0, field, rights, "0 in bits 31:17 and 11:8")
    _granularity(found, field, segment)
    if name == "cs":
        _code(found, field, segment, guest, unrestricted)
    elif name == "ss":
        found.need(SECTION, segment.type in (3, 7), field, rights, "type 3 or 7 (read/write, accessed)")
        _stack_privilege(found, field, segment, guest, unrestricted)
    else:
        found.need(SECTION, segment.type & 1 != 0, field, rights, "1 in bit 0 of the type (accessed)")
        met = not segment.type & 8 or segment.type & 2 != 0
        found.need(SECTION, met, field, rights, "a code segment only where it is readable")
        met = unrestricted or segment.type > 11 or segment.dpl >= segment.rpl
        found.need(SECTION, met, field, rights, f"DPL not below the selector's RPL, {segment.rpl}")


def _code(found: Violations, field: str, segment: Segment, guest: GuestState, unrestricted: bool) -> None:
    kind, rights = segment.type, segment.access_rights
    types = (3, 9, 11, 13, 15) if unrestricted else (9, 11, 13, 15)
    found.need(SECTION, kind in types, field, rights, f"type {', '.join(map(str, types))}")
    if kind == 3:
        found.need(SECTION, segment.dpl == 0, field, rights, "DPL 0 with type 3")
    elif kind in (9, 11):
        met = segment.dpl == guest.ss.dpl
        found.need(SECTION, met, field, rights, f"DPL as that of SS, {guest.ss.dpl} (non-conforming code)")
    elif kind in (13, 15):
        met = segment.dpl <= guest.ss.dpl
        found.need(SECTION, met, field, rights, f"DPL not above that of SS, {guest.ss.dpl} (conforming code)")


def _stack_privilege(found: Violations, field: str, segment: Segment, guest: GuestState, unrestricted: bool) -> None:
    rights = segment.access_rights
    if not unrestricted:
        found.need(SECTION, segment.dpl == segment.rpl, field, rights, f"DPL as the selector's RPL, {segment.rpl}")
    _flat_privilege(found, field, segment, guest)


def _flat_privilege(found: Violations, field: str, segment: Segment, guest: GuestState) -> None:
    rights = segment.access_rights
    if guest.cs.type == 3 or not guest.cr0 & bits.CR0_PE:
        found.need(SECTION, segment.dpl == 0, field, rights, "DPL 0 where CS has type 3 or CR0.PE is 0")


def _granularity(found: Violations, field: str, segment: Segment) -> None:
    rights, limit = segment.access_rights, segment.limit
    met = limit & 0xFFF == 0xFFF or not rights & G
    found.need(SECTION, met, field, rights, f"0 in G (bit 15) with limit {limit:#x}")
    met = limit >> 20 == 0 or rights & G != 0
    found.need(SECTION, met, field, rights, f"1 in G (bit 15) with limit {limit:#x}")


def _system(found: Violations, name: str, segment: Segment, types: "tuple[int, ...]") -> None:
    rights = segment.access_rights
    field = f"guest {name}.access_rights"
    found.need(SECTION, segment.type in types, field, rights, f"type {' or '.join(map(str, types))}")
    found.need(SECTION, not rights & S, field, rights, "0 in S (bit 4)")
    found.need(SECTION, rights & P != 0, field, rights, "1 in P (bit 7)")
    found.need(SECTION, rights & RESERVED == 0, field, rights, "0 in bits 31:17 and 11:8")
    _granularity(found, field, segment)
