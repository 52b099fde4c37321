"""The words of a vm-exit diagram in each language, and how it writes instructions and values."""

from vmsim import vmx_trace as rules
from vmsim.instructions import REGISTERS
from vmsim.value import hexadecimal, is_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx import Instruction

WORDS: "dict[str, dict[str, str]]" = {
    "en": {
        rules.PRIVILEGE: "Privilege",
        rules.INVALID_OPCODE: "Defined here?",
        rules.IO_PERMISSION: "I/O permission",
        rules.UNCONDITIONAL: "Always exits",
        rules.CONTROL: "Control",
        rules.GUEST_HOST_MASK: "Guest/host mask",
        rules.READ_SHADOW: "Read shadow",
        rules.CR3_TARGET: "CR3-target values",
        rules.MSR_RANGE: "Has it a bit?",
        rules.MSR_BITMAP: "MSR bitmaps",
        rules.IO_WRAP: "Wraps around?",
        rules.IO_BITMAP: "I/O bitmaps",
        rules.LEAF_BITMAP: "Bitmap of leaves",
        rules.XSS_BITMAP: "XSS-exiting bitmap",
        rules.VMCS_SHADOW: "VMCS shadowing",
        rules.VM_FUNCTION: "VM functions",
        rules.PAUSE_LOOP: "PAUSE loop",
        rules.TPR_THRESHOLD: "TPR threshold",
        rules.EVENT_CONTROL: "Control",
        rules.EXCEPTION_BITMAP: "Exception bitmap",
        rules.PAGE_FAULT_MATCH: "PFEC match",
        rules.DURING_DELIVERY: "In delivery",
        rules.EXIT: "VM exit",
        rules.FAULT: "fault",
        rules.NO_EXIT: "no exit",
        rules.ASK_ON: "on to the next rule",
        rules.EXECUTES: "The instruction executes in the guest. Nobody else learns of it.",
        rules.NOTHING: "Nothing of it leaves the guest.",
        "reads": "It reads {value}.",
        "holds": "The register then holds {value}.",
        "true": "yes",
        "false": "no",
        "none": "none",
        "title": "{what}: does it exit?",
        "exits to user": "VM exit {name}, handled by {handler}; user space sees {run}",
        "exits": "VM exit {name}, handled by {handler}; user space does not see it",
        "error": "VM exit {name}; KVM_RUN fails with {error}",
        "faults": "no VM exit: {fault} in the guest",
        "stays": "no VM exit",
        "non-root": "non-root mode",
        "guest": "guest",
        "VMCS": "VMCS",
        "CPU": "CPU",
        "root": "root, CPL 0",
        "KVM": "KVM",
        "CPL 3": "root, CPL 3",
        "user": "user space",
        "acts": "executes",
        "raises": "raises",
        "during": "{second} while {first} is delivered",
        "delivers": "delivers",
        "exit": "VM exit",
        "entry": "VM entry",
        "to user": "returns {value}",
        "KVM_RUN": "KVM_RUN again, VM entry",
        "goes on": "goes on",
        "next": "The guest goes on.",
        "reset": "It begins anew, if user space resets it.",
        "stuck": "It goes on only if user space mends what is wrong.",
        "reason": "exit reason",
        "qualification": "exit qualification",
        "returns": "returns",
        "port": "port",
        "gpa": "memory",
        "msr": "MSR",
        "lapic_in_kernel": "local APIC in kernel",
        "no handler": "no handler",
        "waits": "the ioctl KVM_RUN has returned",
        "failed": "the ioctl KVM_RUN has failed",
        "exception": "exception",
        "error code": "error code",
        "ept read": "memory read",
        "ept write": "memory write",
        "ept fetch": "instruction fetch",
        "guest-physical": "guest-physical address",
        "found": "EPT maps the page: the access is made, and nobody else learns of it.",
        "translated": "no exit",
        "violated": "EPT violation",
        "misconfigured": "EPT misconfiguration",
    },
    "zh": {
        rules.PRIVILEGE: "特权级",
        rules.INVALID_OPCODE: "此处有定义吗",
        rules.IO_PERMISSION: "I/O权限",
        rules.UNCONDITIONAL: "无条件退出",
        rules.CONTROL: "控制位",
        rules.GUEST_HOST_MASK: "guest/host mask",
        rules.READ_SHADOW: "read shadow",
        rules.CR3_TARGET: "CR3-target值",
        rules.MSR_RANGE: "有对应的位吗",
        rules.MSR_BITMAP: "MSR bitmap",
        rules.IO_WRAP: "端口是否回绕",
        rules.IO_BITMAP: "I/O bitmap",
        rules.LEAF_BITMAP: "按leaf的bitmap",
        rules.XSS_BITMAP: "XSS-exiting bitmap",
        rules.VMCS_SHADOW: "VMCS shadowing",
        rules.VM_FUNCTION: "VM function",
        rules.PAUSE_LOOP: "PAUSE循环",
        rules.TPR_THRESHOLD: "TPR阈值",
        rules.EVENT_CONTROL: "控制位",
        rules.EXCEPTION_BITMAP: "exception bitmap",
        rules.PAGE_FAULT_MATCH: "PFEC匹配",
        rules.DURING_DELIVERY: "正在递交事件",
        rules.EXIT: "VM exit",
        rules.FAULT: "异常",
        rules.NO_EXIT: "不退出",
        rules.ASK_ON: "再看下一条",
        rules.EXECUTES: "指令就在guest里执行，别人一概不知。",
        rules.NOTHING: "什么都没有离开guest。",
        "reads": "读到的是{value}。",
        "holds": "寄存器随后的值是{value}。",
        "true": "是",
        "false": "否",
        "none": "无",
        "title": "{what}：会退出吗？",
        "exits to user": "VM exit {name}，由{handler}处理；用户空间看到{run}",
        "exits": "VM exit {name}，由{handler}处理；用户空间看不到",
        "error": "VM exit {name}；KVM_RUN失败，返回{error}",
        "faults": "没有VM exit：guest内发生{fault}",
        "stays": "没有VM exit",
        "non-root": "non-root模式",
        "guest": "guest",
        "VMCS": "VMCS",
        "CPU": "CPU",
        "root": "root，CPL 0",
        "KVM": "KVM",
        "CPL 3": "root，CPL 3",
        "user": "用户空间",
        "acts": "执行",
        "raises": "触发",
        "during": "递交{first}时发生{second}",
        "delivers": "递交",
        "exit": "VM exit",
        "entry": "VM entry",
        "to user": "返回{value}",
        "KVM_RUN": "再次KVM_RUN，VM entry",
        "goes on": "继续",
        "next": "guest继续运行。",
        "reset": "用户空间将它复位，它才从头开始。",
        "stuck": "用户空间能纠正问题，它才能继续。",
        "reason": "退出原因",
        "qualification": "exit qualification",
        "returns": "返回",
        "port": "端口",
        "gpa": "内存",
        "msr": "MSR",
        "lapic_in_kernel": "local APIC在内核",
        "no handler": "没有处理函数",
        "waits": "ioctl KVM_RUN已返回",
        "failed": "ioctl KVM_RUN失败",
        "exception": "异常",
        "error code": "错误码",
        "ept read": "读内存",
        "ept write": "写内存",
        "ept fetch": "取指",
        "guest-physical": "guest物理地址",
        "found": "EPT映射了这一页：访问完成，别人一概不知。",
        "translated": "不退出",
        "violated": "EPT violation",
        "misconfigured": "EPT misconfiguration",
    },
}

# Names and values that are words, not terms of the manual or of KVM.
NAMES = {
    "instruction": "指令", "value": "值", "ports": "端口", "bits that are 1": "为1的位", "operation": "操作",
    "byte": "字节", "bit": "位", "differing": "不同的位", "mode": "模式", "bitmap": "bitmap",
    "I/O permission bitmap permits": "I/O权限位图允许", "leaf": "leaf", "function": "功能号",
    "loop longer than PLE_Window": "循环超过PLE_Window", "user space": "用户空间", "in-kernel device": "内核设备",
    "known": "认识", "unknown": "不认识", "invalid": "值无效", "filtered": "被过滤", "read-only RAM": "只读RAM",
    "no page": "没有页", "vector": "向量", "exception bitmap bit": "exception bitmap的位", "first": "第一个",
    "second": "第二个", "result": "结果", "error code": "错误码", "equal": "相等",
    "second delivered serially": "依次递交", "triple fault / shutdown": "triple fault，停机",
}  # fmt: skip


def instruction_words(what: "Instruction") -> str:
    """The instruction as an assembler would have it."""
    name = what.mnemonic
    register = REGISTERS[what.register]
    if name.startswith("MOV to "):
        return f"MOV {name[7:]}, {register}"
    if name.startswith("MOV from "):
        return f"MOV {register}, {name[9:]}"
    if name in ("IN", "OUT"):
        data = {1: "AL", 2: "AX", 4: "EAX"}[what.size]
        port = hexadecimal(what.port) if what.immediate else "DX"
        return f"IN {data}, {port}" if name == "IN" else f"OUT {port}, {data}"
    if name in ("INS", "OUTS"):
        return ("REP " if what.rep else "") + name + {1: "B", 2: "W", 4: "D"}[what.size]
    return name


def value_words(value: object, language: str) -> str:
    """A value as a cell shows it: small numbers in decimal."""
    if isinstance(value, tuple):
        return value_words(value[0], language) if value else WORDS[language]["none"]
    if value is None:
        return WORDS[language]["none"]
    if is_integer(value):
        return str(value) if value < 10 else hexadecimal(value)
    if value is True or value is False:
        return WORDS[language]["true" if value else "false"]
    return str(value) if language == "en" else NAMES.get(str(value), str(value))
