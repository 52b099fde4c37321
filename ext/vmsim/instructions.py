"""The instructions that can cause a VM exit: which faults come first, which controls must be 1, which reason it has.

Source: Intel SDM volume 3, "Relative Priority of Faults and VM Exits", "Instructions That Cause VM Exits
Unconditionally", "Instructions That Cause VM Exits Conditionally"; for the faults that come first, volume 2, the
instruction's own page. What cannot be said in a row (CR and I/O accesses, MSRs, bitmaps by leaf) has rules of its own
in ``vmx_registers`` and ``vmx_special``.
"""

from vmsim.bits import MAX_64
from vmsim.value import FieldError, Value, check_choice, check_integer

# A fault that comes before any exit, by the state that raises it.
CPL_GP = "#GP if CPL > 0"
CPL_UD = "#UD if CPL > 0"
TSD_GP = "#GP if CPL > 0 and CR4.TSD = 1"
PCE_GP = "#GP if CPL > 0 and CR4.PCE = 0"
UMIP_GP = "#GP if CPL > 0 and CR4.UMIP = 1"
OSXSAVE_UD = "#UD if CR4.OSXSAVE = 0"
SMXE_UD = "#UD if CR4.SMXE = 0"
KL_UD = "#UD if CR4.KL = 0"
VMX_MODE_UD = "#UD in real-address, virtual-8086 and compatibility mode"
PROTECTED_UD = "#UD in real-address and virtual-8086 mode"
LONG_UD = "#UD outside 64-bit mode"
SMM_UD = "#UD outside SMM"

# How the qualification is made: "" (cleared), or from a field of the instruction.
ADDRESS = "address"
ARMED = "monitor armed"

_VMX = (VMX_MODE_UD,)
# mnemonic, number of the exit reason, controls that must all be 1, control whose 0 means #UD, faults, qualification
_TABLE = (
    ("CPUID", 10, (), "", (), ""),
    ("GETSEC", 11, (), "", (SMXE_UD,), ""),
    ("HLT", 12, ("HLT exiting",), "", (CPL_GP,), ""),
    ("INVD", 13, (), "", (CPL_GP,), ""),
    ("INVLPG", 14, ("INVLPG exiting",), "", (CPL_GP,), ADDRESS),
    ("RDPMC", 15, ("RDPMC exiting",), "", (PCE_GP,), ""),
    ("RDTSC", 16, ("RDTSC exiting",), "", (TSD_GP,), ""),
    ("RSM", 17, (), "", (SMM_UD,), ""),
    ("VMCALL", 18, (), "", (), ""),
    ("VMCLEAR", 19, (), "", _VMX, ADDRESS),
    ("VMLAUNCH", 20, (), "", _VMX, ""),
    ("VMPTRLD", 21, (), "", _VMX, ADDRESS),
    ("VMPTRST", 22, (), "", _VMX, ADDRESS),
    ("VMRESUME", 24, (), "", _VMX, ""),
    ("VMXOFF", 26, (), "", _VMX, ""),
    ("VMXON", 27, (), "", _VMX, ADDRESS),
    ("MWAIT", 36, ("MWAIT exiting",), "", (CPL_UD,), ARMED),
    ("MONITOR", 39, ("MONITOR exiting",), "", (CPL_UD,), ""),
    ("SGDT", 46, ("descriptor-table exiting",), "", (UMIP_GP,), ADDRESS),
    ("SIDT", 46, ("descriptor-table exiting",), "", (UMIP_GP,), ADDRESS),
    ("LGDT", 46, ("descriptor-table exiting",), "", (CPL_GP,), ADDRESS),
    ("LIDT", 46, ("descriptor-table exiting",), "", (CPL_GP,), ADDRESS),
    ("SLDT", 47, ("descriptor-table exiting",), "", (PROTECTED_UD, UMIP_GP), ADDRESS),
    ("STR", 47, ("descriptor-table exiting",), "", (PROTECTED_UD, UMIP_GP), ADDRESS),
    ("LLDT", 47, ("descriptor-table exiting",), "", (PROTECTED_UD, CPL_GP), ADDRESS),
    ("LTR", 47, ("descriptor-table exiting",), "", (PROTECTED_UD, CPL_GP), ADDRESS),
    ("INVEPT", 50, (), "", _VMX, ADDRESS),
    ("RDTSCP", 51, ("RDTSC exiting",), "enable RDTSCP", (TSD_GP,), ""),
    ("INVVPID", 53, (), "", _VMX, ADDRESS),
    ("WBINVD", 54, ("WBINVD exiting",), "", (CPL_GP,), ""),
    ("WBNOINVD", 54, ("WBINVD exiting",), "", (CPL_GP,), ""),
    ("XSETBV", 55, (), "", (OSXSAVE_UD, CPL_GP), ""),
    ("RDRAND", 57, ("RDRAND exiting",), "", (), ""),
    ("INVPCID", 58, ("INVLPG exiting",), "enable INVPCID", (CPL_GP,), ADDRESS),
    ("RDSEED", 61, ("RDSEED exiting",), "", (), ""),
    ("UMWAIT", 67, ("RDTSC exiting",), "enable user wait and pause", (TSD_GP,), ""),
    ("TPAUSE", 68, ("RDTSC exiting",), "enable user wait and pause", (TSD_GP,), ""),
    ("LOADIWKEY", 69, ("LOADIWKEY exiting",), "", (KL_UD, CPL_GP), ""),
    ("SEAMCALL", 76, (), "", (LONG_UD,), ""),
    ("TDCALL", 77, (), "", (LONG_UD,), ""),
)

_CONTROL_REGISTERS = tuple(f"MOV {way} CR{number}" for way in ("to", "from") for number in (0, 2, 3, 4, 8))
_DEBUG_REGISTERS = tuple(f"MOV {way} DR{number}" for way in ("to", "from") for number in range(8))
REGISTER_ACCESS = _CONTROL_REGISTERS + ("CLTS", "LMSW", "SMSW")
IO = ("IN", "OUT", "INS", "OUTS")
MSR_ACCESS = ("RDMSR", "WRMSR", "WRMSRNS")
MSR_LIST = ("RDMSRLIST", "WRMSRLIST")
SPECIAL = ("PAUSE", "ENCLS", "ENCLV", "PCONFIG", "XSAVES", "XRSTORS", "VMREAD", "VMWRITE", "VMFUNC") + MSR_LIST
# Never cause a VM exit by themselves; an exception that they raise may.
SOFTWARE_INTERRUPTS = ("INT1", "INT3", "INTO", "INT n")

REGISTERS = (
    "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
)  # fmt: skip


class Row(Value):
    """How one instruction exits; ``exiting`` empty: unconditionally. See the module for the other fields."""

    _fields = ("mnemonic", "reason", "exiting", "enabled_by", "faults", "qualification")
    mnemonic: str
    reason: int
    exiting: "tuple[str, ...]"
    enabled_by: str
    faults: "tuple[str, ...]"
    qualification: str


ROWS = {row[0]: Row(*row) for row in _TABLE}
MNEMONICS = tuple(
    sorted(tuple(ROWS) + REGISTER_ACCESS + _DEBUG_REGISTERS + IO + MSR_ACCESS + SPECIAL + SOFTWARE_INTERRUPTS)
)
_BY_KEY = {mnemonic.upper(): mnemonic for mnemonic in MNEMONICS}


class Instruction(Value):
    """An instruction with those of its operands that decide.

    ``mnemonic``: one of ``MNEMONICS``. ``register``: the general register, by number (RAX 0, RCX 1, RDX 2, RBX 3 …).
    ``value``: what is written to CR, MSR or DR; the leaf in EAX (ENCLS, ENCLV, PCONFIG, VMFUNC); EDX:EAX (XSAVES,
    XRSTORS); the field's encoding (VMREAD, VMWRITE); LMSW's source. ``address``: INVLPG's linear address, or the
    displacement of a memory operand. ``msr``: ECX. ``port``, ``size`` 1, 2 or 4, ``immediate`` and ``rep`` of I/O.
    ``memory``: LMSW's source is in memory. ``armed``: MWAIT finds address-range monitoring armed.
    ``looping``: PAUSE in a loop that has lasted longer than PLE_Window.
    """

    _fields = (
        "mnemonic", "register", "value", "address", "msr", "port", "size", "immediate", "rep", "memory", "armed",
        "looping",
    )  # fmt: skip
    mnemonic: str
    register: int = 0
    value: int = 0
    address: int = 0
    msr: int = 0
    port: int = 0
    size: int = 1
    immediate: bool = False
    rep: bool = False
    memory: bool = False
    armed: bool = False
    looping: bool = False

    def _check(self) -> None:
        if self.mnemonic not in MNEMONICS:
            raise FieldError("instruction", self.mnemonic, "one of " + ", ".join(MNEMONICS))
        check_integer("register", self.register, 0, 15)
        for name in ("value", "address"):
            check_integer(name, getattr(self, name), 0, MAX_64)
        check_integer("msr", self.msr, 0, 0xFFFF_FFFF)
        check_integer("port", self.port, 0, 0xFFFF)
        check_choice("size", self.size, (1, 2, 4))
        for name in ("immediate", "rep", "memory", "armed", "looping"):
            check_choice(name, getattr(self, name), (False, True))
        if self.mnemonic == "LMSW":
            check_integer("value", self.value, 0, 0xFFFF)
        if self.immediate and self.port > 0xFF:
            raise FieldError("port", self.port, "0x0 to 0xff where it is an immediate")
        if self.immediate and self.mnemonic in ("INS", "OUTS"):
            raise FieldError("immediate", self.immediate, "False for INS and OUTS: their port is in DX")
        if self.rep and self.mnemonic in ("IN", "OUT"):
            raise FieldError("rep", self.rep, "False for IN and OUT")


def mnemonic(text: str) -> str:
    """The mnemonic that ``text`` means, without regard to case, ``_`` for a blank; FieldError for one unknown."""
    key = text.upper().replace("_", " ") if isinstance(text, str) else ""
    if key not in _BY_KEY:
        raise FieldError("instruction", text, "one of " + ", ".join(MNEMONICS))
    return _BY_KEY[key]


def register(text: str) -> int:
    """Number of the 64-bit general register of that name; FieldError for one that does not exist."""
    key = text.upper() if isinstance(text, str) else ""
    if key not in REGISTERS:
        raise FieldError("register", text, ", ".join(REGISTERS))
    return REGISTERS.index(key)
