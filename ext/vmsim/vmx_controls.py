"""The VMX controls by name: which field of the VMCS each is a bit of.

Source: Intel SDM volume 3, "VM-Execution Control Fields", "VM-Exit Control Fields", "VM-Entry Control Fields"; the
names are those of its tables. A control is named without regard to case, hyphens and underscores.
"""

from vmsim.value import FieldError, Value

PIN = (
    ("external-interrupt exiting", 0), ("NMI exiting", 3), ("virtual NMIs", 5),
    ("activate VMX-preemption timer", 6), ("process posted interrupts", 7),
)  # fmt: skip
PRIMARY = (
    ("interrupt-window exiting", 2), ("use TSC offsetting", 3), ("HLT exiting", 7), ("INVLPG exiting", 9),
    ("MWAIT exiting", 10), ("RDPMC exiting", 11), ("RDTSC exiting", 12), ("CR3-load exiting", 15),
    ("CR3-store exiting", 16), ("activate tertiary controls", 17), ("CR8-load exiting", 19),
    ("CR8-store exiting", 20), ("use TPR shadow", 21), ("NMI-window exiting", 22), ("MOV-DR exiting", 23),
    ("unconditional I/O exiting", 24), ("use I/O bitmaps", 25), ("monitor trap flag", 27), ("use MSR bitmaps", 28),
    ("MONITOR exiting", 29), ("PAUSE exiting", 30), ("activate secondary controls", 31),
)  # fmt: skip
SECONDARY = (
    ("virtualize APIC accesses", 0), ("enable EPT", 1), ("descriptor-table exiting", 2), ("enable RDTSCP", 3),
    ("virtualize x2APIC mode", 4), ("enable VPID", 5), ("WBINVD exiting", 6), ("unrestricted guest", 7),
    ("APIC-register virtualization", 8), ("virtual-interrupt delivery", 9), ("PAUSE-loop exiting", 10),
    ("RDRAND exiting", 11), ("enable INVPCID", 12), ("enable VM functions", 13), ("VMCS shadowing", 14),
    ("enable ENCLS exiting", 15), ("RDSEED exiting", 16), ("enable PML", 17), ("EPT-violation #VE", 18),
    ("conceal VMX from PT", 19), ("enable XSAVES/XRSTORS", 20), ("PASID translation", 21),
    ("mode-based execute control for EPT", 22), ("sub-page write permissions for EPT", 23),
    ("Intel PT uses guest physical addresses", 24), ("use TSC scaling", 25), ("enable user wait and pause", 26),
    ("enable PCONFIG", 27), ("enable ENCLV exiting", 28), ("VMM bus-lock detection", 30), ("instruction timeout", 31),
)  # fmt: skip
TERTIARY = (
    ("LOADIWKEY exiting", 0), ("enable HLAT", 1), ("EPT paging-write control", 2), ("guest-paging verification", 3),
    ("IPI virtualization", 4), ("enable MSR-list instructions", 6), ("virtualize IA32_SPEC_CTRL", 7),
)  # fmt: skip
VM_EXIT = (
    ("save debug controls", 2), ("host address-space size", 9), ("load IA32_PERF_GLOBAL_CTRL at exit", 12),
    ("acknowledge interrupt on exit", 15), ("save IA32_PAT", 18), ("load IA32_PAT at exit", 19),
    ("save IA32_EFER", 20), ("load IA32_EFER at exit", 21), ("save VMX-preemption timer value", 22),
    ("clear IA32_BNDCFGS", 23), ("conceal VMX from PT at exit", 24), ("clear IA32_RTIT_CTL", 25),
    ("clear IA32_LBR_CTL", 26), ("clear UINV", 27), ("load CET state at exit", 28), ("load PKRS at exit", 29),
    ("save IA32_PERF_GLOBAL_CTL", 30), ("activate secondary VM-exit controls", 31),
)  # fmt: skip
VM_ENTRY = (
    ("load debug controls", 2), ("IA-32e mode guest", 9), ("entry to SMM", 10),
    ("deactivate dual-monitor treatment", 11), ("load IA32_PERF_GLOBAL_CTRL", 13), ("load IA32_PAT", 14),
    ("load IA32_EFER", 15), ("load IA32_BNDCFGS", 16), ("conceal VMX from PT at entry", 17), ("load IA32_RTIT_CTL", 18),
    ("load UINV", 19), ("load CET state", 20), ("load guest IA32_LBR_CTL", 21), ("load PKRS", 22),
)  # fmt: skip

# Field of the VMCS, its controls, how many bits it has.
FIELDS = (
    ("pin_based", PIN, 32),
    ("primary", PRIMARY, 32),
    ("secondary", SECONDARY, 32),
    ("tertiary", TERTIARY, 64),
    ("vm_exit", VM_EXIT, 32),
    ("vm_entry", VM_ENTRY, 32),
)


class Control(Value):
    """Bit ``bit`` of the field ``field``: ``pin_based``, ``primary``, ``secondary``, ``tertiary``, ``vm_exit`` or
    ``vm_entry``.
    """

    _fields = ("name", "field", "bit")
    name: str
    field: str
    bit: int


ALL = tuple(Control(name, field, bit) for field, table, _width in FIELDS for name, bit in table)


def _key(name: str) -> str:
    return name.lower().replace("-", " ").replace("_", " ").replace("  ", " ")


_BY_KEY = {_key(control.name): control for control in ALL}


def control(name: str) -> Control:
    """The control of that name; FieldError for one that does not exist, with those that its words come close to."""
    if isinstance(name, str) and _key(name) in _BY_KEY:
        return _BY_KEY[_key(name)]
    raise FieldError("control", name, f"a VMX control, as {', '.join(near(name)[:6])}")


def near(name: object) -> "tuple[str, ...]":
    """Names of controls that share a word with ``name``, those that share most first; some names where none does."""
    words = set(_key(name).split()) if isinstance(name, str) else set()
    # These are in half of all names and tell nothing.
    words -= {"exiting", "exit", "at", "enable", "use", "load", "save"}
    ranked = sorted((-len(words & set(_key(known.name).split())), known.name) for known in ALL)
    shared = tuple(known for score, known in ranked if score < 0)
    return shared or ("HLT exiting", "CR3-load exiting", "use MSR bitmaps", "enable EPT")


def names(field: str, value: int) -> "tuple[str, ...]":
    """Names of the controls that are 1 in a field's value, lowest bit first."""
    table = {known: controls for known, controls, _width in FIELDS}[field]
    return tuple(name for name, bit in table if value >> bit & 1)
