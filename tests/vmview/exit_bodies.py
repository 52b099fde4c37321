"""Random vm-exit bodies: whatever the schema admits, most of it sensible."""

from hypothesis import strategies as st

from vmsim import vmx_controls
from vmview import exit_event, exit_spec, vm_exit

INSTRUCTIONS = vm_exit.SCHEMA["properties"]["instruction"]["enum"]
LIKELY = ("CPUID", "HLT", "MOV to CR3", "MOV from CR3", "RDMSR", "WRMSR", "IN", "OUT")
CONTROLS = tuple(control.name for control in vmx_controls.ALL)
NUMBERS = st.one_of(st.sampled_from((0, 1, 0x1000, 0x2000)), st.integers(0, (1 << 64) - 1))
OPERANDS = {
    "register": st.sampled_from(("RAX", "RBX", "R15")),
    "value": NUMBERS,
    "address": NUMBERS,
    "msr": st.sampled_from((0x10, 0x1FFF, 0x2000, 0xC000_0080, 0xFFFF_FFFF)),
    "port": st.sampled_from((0, 0x80, 0x3F8, 0xFFFF)),
    "size": st.sampled_from((1, 2, 4)),
    "immediate": st.sampled_from((0, 1)),
    "rep": st.sampled_from((0, 1)),
}
KVM = {
    "gpa": st.sampled_from(("RAM", "MMIO", "read-only RAM", "in-kernel device", "ioeventfd", "no page")),
    "port": st.sampled_from(("user space", "in-kernel device", "ioeventfd")),
    "msr": st.sampled_from(("known", "unknown", "invalid", "filtered")),
    "msr_to_user": st.lists(st.sampled_from(("unknown", "invalid", "filtered")), unique=True, max_size=3),
    "lapic_in_kernel": st.sampled_from((0, 1)),
    "nested": st.sampled_from((0, 1)),
    "cr8": st.integers(0, 15),
}


@st.composite
def bodies(draw):
    kind = draw(st.sampled_from(("instruction", "instruction", "instruction", "access", "exception")))
    if kind == "instruction":
        mnemonic = draw(st.one_of(st.sampled_from(LIKELY), st.sampled_from(INSTRUCTIONS)))
        body = {"instruction": mnemonic}
        for key in exit_spec.takes(mnemonic):
            if draw(st.booleans()):
                body[key] = draw(OPERANDS[key])
    elif kind == "exception":
        raised = st.sampled_from(exit_event.EVENT_SCHEMA["exception"]["enum"])
        bitmap = st.lists(raised, unique=True, max_size=3)
        body = draw(
            st.fixed_dictionaries(
                {"exception": raised},
                optional={"during": st.sampled_from(tuple(exit_event.VECTORS)), "exception_bitmap": bitmap},
            )
        )
    else:
        body = {"access": draw(st.sampled_from(("read", "write", "fetch")))}
        body["guest_physical_address"] = draw(st.integers(0, (1 << 48) - 1))
        entry = st.one_of(NUMBERS, st.dictionaries(st.sampled_from("RWX"), st.sampled_from((0, 1))))
        body |= draw(st.fixed_dictionaries({}, optional={"ept_entry": entry}))
    body["controls"] = draw(st.lists(st.sampled_from(CONTROLS), unique=True, max_size=12))
    if "access" in body and "enable EPT" not in body["controls"]:
        body["controls"].append("enable EPT")
    optional = {
        "cpl": st.integers(0, 3),
        "mode": st.sampled_from(("real-address", "virtual-8086", "protected", "compatibility", "64-bit")),
        "cr0": NUMBERS,
        "cr4": NUMBERS,
        "rflags": NUMBERS,
        "io_permitted": st.sampled_from((0, 1)),
        "cr3_target_values": st.lists(NUMBERS, max_size=4),
        "msr_bitmaps": st.fixed_dictionaries({"read": st.just([0x10]), "write": st.just([0xC000_0080])}),
        "io_bitmap": st.lists(st.sampled_from((0x80, 0x3F8, 0xFFFF)), unique=True),
        "cr0_guest_host_mask": NUMBERS,
        "cr0_read_shadow": NUMBERS,
        "cr4_guest_host_mask": NUMBERS,
        "cr4_read_shadow": NUMBERS,
        "kvm": st.fixed_dictionaries({}, optional=KVM),
    }
    return body | draw(st.fixed_dictionaries({}, optional=optional))
