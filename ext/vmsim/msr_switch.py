"""What VM entry and VM exit do with an MSR: guest-state field, host-state field, MSR areas, or nothing.

Source: Intel SDM volume 3, "Loading Guest Control Registers, Debug Registers, and MSRs", "Loading MSRs" (VM entries);
"Saving Control Registers, Debug Registers, and MSRs", "Loading Host Control Registers, Debug Registers, MSRs"
(VM exits).
"""

from vmsim.value import Value, check_integer
from vmsim.vmcs import Vmcs
from vmsim.vmcs_fields import ControlFields, MsrEntry

ALWAYS = ""
NEVER = None
GUEST_FIELD = "guest-state field"
HOST_FIELD = "host-state field"
MSR_AREA = "MSR area"
CLEARED = "cleared"
BY_MODE = "LMA and LME by the address-space controls"
NOTHING = "nothing"

# number, name, control that loads it at entry, saves it at exit, loads the host's at exit, clears it at exit.
# "": no control asks; None: never.
_TABLE = (
    (0x048, "IA32_SPEC_CTRL", "virtualize IA32_SPEC_CTRL", NEVER, NEVER, NEVER),
    (0x174, "IA32_SYSENTER_CS", ALWAYS, ALWAYS, ALWAYS, NEVER),
    (0x175, "IA32_SYSENTER_ESP", ALWAYS, ALWAYS, ALWAYS, NEVER),
    (0x176, "IA32_SYSENTER_EIP", ALWAYS, ALWAYS, ALWAYS, NEVER),
    (0x1D9, "IA32_DEBUGCTL", "load debug controls", "save debug controls", NEVER, ALWAYS),
    (0x277, "IA32_PAT", "load IA32_PAT", "save IA32_PAT", "load IA32_PAT at exit", NEVER),
    (
        0x38F, "IA32_PERF_GLOBAL_CTRL", "load IA32_PERF_GLOBAL_CTRL", "save IA32_PERF_GLOBAL_CTL",
        "load IA32_PERF_GLOBAL_CTRL at exit", NEVER,
    ),
    (0x570, "IA32_RTIT_CTL", "load IA32_RTIT_CTL", ALWAYS, NEVER, "clear IA32_RTIT_CTL"),
    (0x6A2, "IA32_S_CET", "load CET state", ALWAYS, "load CET state at exit", NEVER),
    (0x6A8, "IA32_INTERRUPT_SSP_TABLE_ADDR", "load CET state", ALWAYS, "load CET state at exit", NEVER),
    (0x6E1, "IA32_PKRS", "load PKRS", ALWAYS, "load PKRS at exit", NEVER),
    (0xD90, "IA32_BNDCFGS", "load IA32_BNDCFGS", ALWAYS, NEVER, "clear IA32_BNDCFGS"),
    (0x14CE, "IA32_LBR_CTL", "load guest IA32_LBR_CTL", ALWAYS, NEVER, "clear IA32_LBR_CTL"),
    (0xC000_0080, "IA32_EFER", "load IA32_EFER", "save IA32_EFER", "load IA32_EFER at exit", NEVER),
    (0xC000_0100, "IA32_FS_BASE", ALWAYS, ALWAYS, ALWAYS, NEVER),
    (0xC000_0101, "IA32_GS_BASE", ALWAYS, ALWAYS, ALWAYS, NEVER),
)  # fmt: skip
_ROWS = {row[0]: row for row in _TABLE}
IA32_EFER = 0xC000_0080


class MsrSwitch(Value):
    """What happens to one MSR: ``at_entry`` and ``at_exit_load`` say where its value comes from, ``at_exit_save`` where
    the guest's goes; "nothing": guest and host share the processor's register.
    """

    _fields = ("msr", "name", "at_entry", "at_exit_save", "at_exit_load")
    msr: int
    name: str
    at_entry: str
    at_exit_save: str
    at_exit_load: str


def switch(msr: int, controls: Vmcs, fields: ControlFields) -> MsrSwitch:
    """What VM entry and VM exit do with that MSR. An MSR area comes after the fields and has the last word."""
    check_integer("msr", msr, 0, 0xFFFF_FFFF)
    _number, name, load, save, host, clear = _ROWS.get(msr, (msr, "", NEVER, NEVER, NEVER, NEVER))
    rest = BY_MODE if msr == IA32_EFER else NOTHING
    entry = GUEST_FIELD if _in_force(controls, load) else rest
    saved = GUEST_FIELD if _in_force(controls, save) else NOTHING
    loaded = HOST_FIELD if _in_force(controls, host) else CLEARED if _in_force(controls, clear) else rest
    if _listed(msr, fields.entry_msr_load):
        entry = MSR_AREA
    if _listed(msr, fields.exit_msr_store):
        saved = MSR_AREA
    if _listed(msr, fields.exit_msr_load):
        loaded = MSR_AREA
    return MsrSwitch(msr, name, entry, saved, loaded)


def _in_force(controls: Vmcs, name: "str | None") -> bool:
    return name is not None and (name == ALWAYS or controls.has(name))


def _listed(msr: int, entries: "tuple[MsrEntry, ...]") -> bool:
    return any(entry.index == msr for entry in entries)
