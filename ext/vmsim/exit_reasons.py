"""The basic exit reasons: number, Linux's name, what happened, and what the exit qualification then says.

Source: Intel SDM volume 3, appendix "VMX Basic Exit Reasons", and "Basic VM-Exit Information" for the qualification;
names: Linux ``arch/x86/include/uapi/asm/vmx.h`` without ``EXIT_REASON_``. A reason that Linux does not name has the
name "" (KVM never asks for it). Numbers that are missing are not defined.

Glossary
    basic exit reason   bits 15:0 of the VMCS's exit reason
    qualification       which format "exit qualification" has: a key of ``qualification.FORMATS``; "" where cleared
"""

from vmsim.value import FieldError, Value, check_integer

EXCEPTION_NMI = 0
EXTERNAL_INTERRUPT = 1
TRIPLE_FAULT = 2
INIT_SIGNAL = 3
SIPI_SIGNAL = 4
INTERRUPT_WINDOW = 7
NMI_WINDOW = 8
TASK_SWITCH = 9
CR_ACCESS = 28
DR_ACCESS = 29
IO_INSTRUCTION = 30
MSR_READ = 31
MSR_WRITE = 32
INVALID_STATE = 33
MSR_LOAD_FAIL = 34
MONITOR_TRAP_FLAG = 37
MCE_DURING_VMENTRY = 41
TPR_BELOW_THRESHOLD = 43
APIC_ACCESS = 44
EOI_INDUCED = 45
EPT_VIOLATION = 48
EPT_MISCONFIG = 49
PREEMPTION_TIMER = 52
APIC_WRITE = 56
PML_FULL = 62
BUS_LOCK = 74
NOTIFY = 75

# Bits of the exit reason beside the basic one. "Basic VM-Exit Information", "Exit reason".
FROM_SHADOW_STACK = 1 << 25
BUS_LOCK_DETECTED = 1 << 26
FROM_ENCLAVE = 1 << 27
PENDING_MTF = 1 << 28
FROM_ROOT = 1 << 29
FAILED_ENTRY = 1 << 31

# number, Linux's name, what happened, format of the qualification
_TABLE = (
    (0, "EXCEPTION_NMI", "exception or NMI", "exception"),
    (1, "EXTERNAL_INTERRUPT", "external interrupt", ""),
    (2, "TRIPLE_FAULT", "triple fault", ""),
    (3, "INIT_SIGNAL", "INIT signal", ""),
    (4, "SIPI_SIGNAL", "start-up IPI", "sipi"),
    (5, "", "I/O SMI", "io smi"),
    (6, "", "other SMI", ""),
    (7, "INTERRUPT_WINDOW", "interrupt window", ""),
    (8, "NMI_WINDOW", "NMI window", ""),
    (9, "TASK_SWITCH", "task switch", "task switch"),
    (10, "CPUID", "CPUID", ""),
    (11, "", "GETSEC", ""),
    (12, "HLT", "HLT", ""),
    (13, "INVD", "INVD", ""),
    (14, "INVLPG", "INVLPG", "linear address"),
    (15, "RDPMC", "RDPMC", ""),
    (16, "RDTSC", "RDTSC", ""),
    (17, "", "RSM", ""),
    (18, "VMCALL", "VMCALL", ""),
    (19, "VMCLEAR", "VMCLEAR", "displacement"),
    (20, "VMLAUNCH", "VMLAUNCH", ""),
    (21, "VMPTRLD", "VMPTRLD", "displacement"),
    (22, "VMPTRST", "VMPTRST", "displacement"),
    (23, "VMREAD", "VMREAD", "displacement"),
    (24, "VMRESUME", "VMRESUME", ""),
    (25, "VMWRITE", "VMWRITE", "displacement"),
    (26, "VMOFF", "VMXOFF", ""),
    (27, "VMON", "VMXON", "displacement"),
    (28, "CR_ACCESS", "control-register access", "cr access"),
    (29, "DR_ACCESS", "MOV DR", "dr access"),
    (30, "IO_INSTRUCTION", "I/O instruction", "io"),
    (31, "MSR_READ", "RDMSR", ""),
    (32, "MSR_WRITE", "WRMSR or WRMSRNS", ""),
    (33, "INVALID_STATE", "VM-entry failure: invalid guest state", "invalid state"),
    (34, "MSR_LOAD_FAIL", "VM-entry failure: MSR loading", "msr entry"),
    (36, "MWAIT_INSTRUCTION", "MWAIT", "mwait"),
    (37, "MONITOR_TRAP_FLAG", "monitor trap flag", ""),
    (39, "MONITOR_INSTRUCTION", "MONITOR", ""),
    (40, "PAUSE_INSTRUCTION", "PAUSE", ""),
    (41, "MCE_DURING_VMENTRY", "VM-entry failure: machine-check event", ""),
    (43, "TPR_BELOW_THRESHOLD", "TPR below threshold", ""),
    (44, "APIC_ACCESS", "access to the APIC-access page", "apic access"),
    (45, "EOI_INDUCED", "virtualized EOI", "vector"),
    (46, "GDTR_IDTR", "LGDT, LIDT, SGDT or SIDT", "displacement"),
    (47, "LDTR_TR", "LLDT, LTR, SLDT or STR", "displacement"),
    (48, "EPT_VIOLATION", "EPT violation", "ept violation"),
    (49, "EPT_MISCONFIG", "EPT misconfiguration", ""),
    (50, "INVEPT", "INVEPT", "displacement"),
    (51, "RDTSCP", "RDTSCP", ""),
    (52, "PREEMPTION_TIMER", "VMX-preemption timer expired", ""),
    (53, "INVVPID", "INVVPID", "displacement"),
    (54, "WBINVD", "WBINVD or WBNOINVD", ""),
    (55, "XSETBV", "XSETBV", ""),
    (56, "APIC_WRITE", "APIC write", "apic write"),
    (57, "RDRAND", "RDRAND", ""),
    (58, "INVPCID", "INVPCID", "displacement"),
    (59, "VMFUNC", "VMFUNC", ""),
    (60, "ENCLS", "ENCLS", ""),
    (61, "RDSEED", "RDSEED", ""),
    (62, "PML_FULL", "page-modification log full", "nmi unblocking"),
    (63, "XSAVES", "XSAVES", "displacement"),
    (64, "XRSTORS", "XRSTORS", "displacement"),
    (65, "", "PCONFIG", ""),
    (66, "", "SPP-related event", "spp"),
    (67, "UMWAIT", "UMWAIT", ""),
    (68, "TPAUSE", "TPAUSE", ""),
    (69, "", "LOADIWKEY", ""),
    (70, "", "ENCLV", ""),
    (72, "", "ENQCMD: PASID translation failure", ""),
    (73, "", "ENQCMDS: PASID translation failure", ""),
    (74, "BUS_LOCK", "bus lock", ""),
    (75, "NOTIFY", "instruction timeout", "notify"),
    (76, "SEAMCALL", "SEAMCALL", ""),
    (77, "TDCALL", "TDCALL", ""),
    (78, "", "RDMSRLIST", ""),
    (79, "", "WRMSRLIST", ""),
    (80, "", "URDMSR", ""),
    (81, "", "UWRMSR", ""),
    (84, "MSR_READ_IMM", "RDMSR with an immediate", "msr"),
    (85, "MSR_WRITE_IMM", "WRMSRNS with an immediate", "msr"),
)

# Names that older kernels used, still seen in their traces.
_OLD_NAMES = {"PENDING_INTERRUPT": 7, "GETSEC": 11, "RSM": 17, "PCONFIG": 65, "SPP": 66, "LOADIWKEY": 69, "ENCLV": 70}


class ExitReason(Value):
    """A basic exit reason; ``title`` says in English what happened, ``qualification`` which format that field has."""

    _fields = ("number", "name", "title", "qualification")
    number: int
    name: str
    title: str
    qualification: str


ALL = tuple(ExitReason(*row) for row in _TABLE)
_BY_NUMBER = {reason.number: reason for reason in ALL}
_BY_NAME = {reason.name: reason for reason in ALL if reason.name}


def by_number(number: int) -> ExitReason:
    """The basic exit reason with that number (bits 15:0); FieldError where the manual defines none."""
    check_integer("exit_reason", number, 0, 0xFFFF)
    if number not in _BY_NUMBER:
        raise FieldError("exit_reason", number, f"a basic exit reason that the manual defines, 0 to {ALL[-1].number}")
    return _BY_NUMBER[number]


def by_name(name: str) -> ExitReason:
    """The exit reason that Linux calls ``name``, with or without ``EXIT_REASON_``; FieldError for one unknown."""
    if isinstance(name, str):
        key = name.upper()
        if key.startswith("EXIT_REASON_"):
            key = key[len("EXIT_REASON_") :]
        if key in _BY_NAME:
            return _BY_NAME[key]
        if key in _OLD_NAMES:
            return _BY_NUMBER[_OLD_NAMES[key]]
    raise FieldError("exit_reason", name, "Linux's name of an exit reason, as CPUID or EXIT_REASON_EPT_VIOLATION")
