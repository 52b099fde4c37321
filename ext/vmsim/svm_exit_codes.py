"""AMD's exit codes (SVM): number, Linux's name, what happened.

Source: AMD APM volume 2, appendix "SVM Intercept Exit Codes"; names: Linux ``arch/x86/include/uapi/asm/svm.h``,
``SVM_EXIT_REASONS`` (whose "read_rt" is meant: so it prints TR). A code that Linux does not name has the name "". The
VMGEXIT codes are not the processor's: a guest with encrypted registers (SEV-ES) passes them by software.
"""

from vmsim import exceptions
from vmsim.value import FieldError, Value, is_integer

EXCEPTION_BASE = 0x40
INVALID = -1

_NAMED = (
    (0x60, "interrupt", "physical interrupt"),
    (0x61, "nmi", "NMI"),
    (0x62, "smi", "SMI"),
    (0x63, "init", "INIT signal"),
    (0x64, "vintr", "virtual interrupt"),
    (0x65, "cr0_sel_write", "write to CR0 that changes more than TS and MP"),
    (0x66, "read_idtr", "SIDT"),
    (0x67, "read_gdtr", "SGDT"),
    (0x68, "read_ldtr", "SLDT"),
    (0x69, "read_rt", "STR"),
    (0x6A, "write_idtr", "LIDT"),
    (0x6B, "write_gdtr", "LGDT"),
    (0x6C, "write_ldtr", "LLDT"),
    (0x6D, "write_rt", "LTR"),
    (0x6E, "rdtsc", "RDTSC"),
    (0x6F, "rdpmc", "RDPMC"),
    (0x70, "pushf", "PUSHF"),
    (0x71, "popf", "POPF"),
    (0x72, "cpuid", "CPUID"),
    (0x73, "rsm", "RSM"),
    (0x74, "iret", "IRET"),
    (0x75, "swint", "software interrupt (INT n)"),
    (0x76, "invd", "INVD"),
    (0x77, "pause", "PAUSE"),
    (0x78, "hlt", "HLT"),
    (0x79, "invlpg", "INVLPG"),
    (0x7A, "invlpga", "INVLPGA"),
    (0x7B, "io", "I/O instruction"),
    (0x7C, "msr", "RDMSR or WRMSR"),
    (0x7D, "task_switch", "task switch"),
    (0x7E, "ferr_freeze", "FPU error freeze"),
    (0x7F, "shutdown", "shutdown (triple fault)"),
    (0x80, "vmrun", "VMRUN"),
    (0x81, "hypercall", "VMMCALL"),
    (0x82, "vmload", "VMLOAD"),
    (0x83, "vmsave", "VMSAVE"),
    (0x84, "stgi", "STGI"),
    (0x85, "clgi", "CLGI"),
    (0x86, "skinit", "SKINIT"),
    (0x87, "rdtscp", "RDTSCP"),
    (0x88, "icebp", "INT1 (ICEBP)"),
    (0x89, "wbinvd", "WBINVD or WBNOINVD"),
    (0x8A, "monitor", "MONITOR or MONITORX"),
    (0x8B, "mwait", "MWAIT or MWAITX"),
    (0x8C, "", "MWAIT or MWAITX with monitoring armed"),
    (0x8D, "xsetbv", "XSETBV"),
    (0x8E, "", "RDPRU"),
    (0x8F, "write_efer_trap", "EFER was written"),
    (0xA0, "", "INVLPGB"),
    (0xA1, "", "INVLPGB with an illegal request"),
    (0xA2, "invpcid", "INVPCID"),
    (0xA3, "", "MCOMMIT"),
    (0xA4, "", "TLBSYNC"),
    (0xA5, "buslock", "bus lock"),
    (0xA6, "idle-halt", "HLT with no virtual interrupt pending"),
    (0x400, "npf", "nested page fault"),
    (0x401, "avic_incomplete_ipi", "AVIC: an IPI that was not delivered to all"),
    (0x402, "avic_unaccelerated_access", "AVIC: access to a register that is not accelerated"),
    (0x403, "vmgexit", "VMGEXIT"),
    (0xF000_0000, "", "reserved for hypervisors"),
    (0x8000_0001, "vmgexit_mmio_read", "VMGEXIT: MMIO read"),
    (0x8000_0002, "vmgexit_mmio_write", "VMGEXIT: MMIO write"),
    (0x8000_0003, "vmgexit_nmi_complete", "VMGEXIT: NMI complete"),
    (0x8000_0004, "vmgexit_ap_hlt_loop", "VMGEXIT: application processor halts in reset"),
    (0x8000_0005, "vmgexit_ap_jump_table", "VMGEXIT: application processors' jump table"),
    (0x8000_0010, "vmgexit_page_state_change", "VMGEXIT: page state change"),
    (0x8000_0011, "vmgexit_guest_request", "VMGEXIT: request to the security processor"),
    (0x8000_0012, "vmgexit_ext_guest_request", "VMGEXIT: extended request to the security processor"),
    (0x8000_0013, "vmgexit_ap_creation", "VMGEXIT: application processor is created"),
    (0x8000_FFFD, "vmgexit_hypervisor_feature", "VMGEXIT: features of the hypervisor"),
    (0x8000_FFFE, "", "VMGEXIT: termination request"),
    (0x8000_FFFF, "", "VMGEXIT: unsupported event"),
    (INVALID, "invalid_guest_state", "the VMCB is invalid"),
    (-2, "", "the VMSA is busy"),
    (-3, "", "the core is not idle, and must be"),
    (-4, "", "the performance counters' state is invalid"),
)
# Control registers whose access Linux names, and those whose write trap it names.
_CR_NAMED = (0, 2, 3, 4, 8)
_DR_NAMED = tuple(range(8))
_TRAPS_NAMED = (0, 4, 8)


class ExitCode(Value):
    """An exit code of the VMCB; ``name`` is Linux's, "" where it has none; ``title`` says in English what happened."""

    _fields = ("number", "name", "title")
    number: int
    name: str
    title: str


def _exception(vector: int) -> ExitCode:
    found = exceptions.exception(vector)
    # AMD and Linux call #XM by its older name.
    letters = "XF" if vector == exceptions.XM else found.mnemonic[1:]
    named = found.mnemonic and vector <= exceptions.XM and vector != exceptions.NMI
    title = f"#{letters}: {found.title}" if found.mnemonic.startswith("#") else f"vector {vector}: {found.title}"
    return ExitCode(EXCEPTION_BASE + vector, f"{letters} excp" if named else "", title)


def _registers() -> "list[ExitCode]":
    codes = []
    for number in range(16):
        for base, way in ((0x00, "read"), (0x10, "write")):
            codes.append(
                ExitCode(base + number, f"{way}_cr{number}" if number in _CR_NAMED else "", f"{way} CR{number}")
            )
        for base, way in ((0x20, "read"), (0x30, "write")):
            codes.append(
                ExitCode(base + number, f"{way}_dr{number}" if number in _DR_NAMED else "", f"{way} DR{number}")
            )
        trap = f"write_cr{number}_trap" if number in _TRAPS_NAMED else ""
        codes.append(ExitCode(0x90 + number, trap, f"CR{number} was written"))
    return codes


ALL = tuple(
    sorted(
        _registers() + [_exception(vector) for vector in range(32)] + [ExitCode(*row) for row in _NAMED],
        key=lambda code: code.number,
    )
)
_BY_NUMBER = {code.number: code for code in ALL}
_BY_NAME = {code.name: code for code in ALL if code.name}


def by_number(number: int) -> ExitCode:
    """The exit code of that number; a negative one may be given as 32 or as 64 bits. FieldError for one undefined."""
    if is_integer(number):
        for width in (32, 64):
            if (1 << width) - 16 <= number < 1 << width:
                number -= 1 << width
        if number in _BY_NUMBER:
            return _BY_NUMBER[number]
    raise FieldError("svm_exit_code", number, "an exit code that AMD's manual or Linux defines, as 0x60 or 0x400")


def by_name(name: str) -> ExitCode:
    """The exit code that Linux prints as ``name``; FieldError for one unknown."""
    if not isinstance(name, str) or name not in _BY_NAME:
        raise FieldError("svm_exit_code", name, "Linux's name of an exit code, as npf, io or read_cr0")
    return _BY_NAME[name]
