"""The words of a VM exit in each language: rules and what they said, what the guest executes, what KVM does.

What KVM does comes from ``vmsim.kvm`` in English; here are its translations (a test holds that there is one of each).
"""

from vmsim import vmx_trace as rules
from vmsim.instructions import REGISTERS, Instruction
from vmsim.value import hexadecimal, is_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.vmx_trace import Check
    from vmview.panel import Row

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
        "ept": "EPT",
        rules.EXIT: "VM exit",
        rules.FAULT: "fault",
        rules.NO_EXIT: "no exit",
        rules.ASK_ON: "next rule",
        rules.EXECUTES: "The instruction executes in the guest. Nobody else learns of it.",
        rules.NOTHING: "Nothing of it leaves the guest.",
        "reads": "It reads {value}.",
        "holds": "The register then holds {value}.",
        "true": "yes",
        "false": "no",
        "none": "none",
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
        "ept": "EPT",
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
    },
}

# Names of what a rule read that are words, not terms of the manual.
_NAMES = {
    "instruction": "指令", "value": "值", "ports": "端口", "bits that are 1": "为1的位", "operation": "操作",
    "byte": "字节", "bit": "位", "differing": "不同的位", "mode": "模式", "bitmap": "bitmap",
    "I/O permission bitmap permits": "I/O权限位图允许", "leaf": "leaf", "function": "功能号",
    "loop longer than PLE_Window": "循环超过PLE_Window",
}  # fmt: skip

_DID = {
    "the VM entry failed: user space gets the exit reason": "VM entry失败：退出原因交给用户空间",
    "an event was cut short by an exit that must not do so": "事件递交到一半，被不该打断它的退出打断",
    "no handler: KVM never asks for this exit": "没有处理函数：KVM从不要求这种退出",
    "handled in the kernel": "在内核里处理完",
    "the host's handler has run already": "宿主机的处理程序已经运行过",
    "registers from the CPUID table that user space has set": "按用户空间设好的CPUID表填寄存器",
    "#UD into the guest: it has no VMX": "向guest注入#UD：它没有VMX",
    "#UD into the guest": "向guest注入#UD",
    "#UD into the guest: its CPUID has no such instruction": "向guest注入#UD：它的CPUID里没有这条指令",
    "yields to another vCPU of the guest": "让出CPU给同一guest的另一个vCPU",
    "drops the shadow translation": "丢弃影子页表中的转换",
    "the log has been emptied already": "日志已经清空",
    "as NOP": "当作NOP",
    "KVM's emulator executes the instruction": "由KVM的模拟器执行这条指令",
    "#UD into the guest: the emulator does not know the instruction": "向guest注入#UD：模拟器不认识这条指令",
    "the emulator does not know the instruction": "模拟器不认识这条指令",
    "#NM into the guest": "向guest注入#NM",
    "emulated, or #UD into the guest": "模拟执行，或向guest注入#UD",
    "#GP into the guest, or its backdoor access emulated": "向guest注入#GP，或模拟它的backdoor访问",
    "an exception while an event was delivered": "递交事件时发生异常",
    "the shadow page tables are filled, or #PF goes into the guest": "填写影子页表，或向guest注入#PF",
    "#DB into the guest": "向guest注入#DB",
    "user space debugs the guest": "用户空间正在调试guest",
    "#AC into the guest, or the split lock dealt with": "向guest注入#AC，或处理split lock",
    "a vector that KVM has not asked for": "KVM没有要求拦截的向量",
    "user space resets the guest or ends it": "由用户空间复位或结束guest",
    "the port belongs to: in-kernel device": "端口属于内核里的设备",
    "the port belongs to: ioeventfd": "端口属于ioeventfd",
    "user space's device answers": "由用户空间的设备应答",
    "a bug: the guest always owns CR0.TS": "bug：CR0.TS始终归guest所有",
    "the TPR fell: user space's APIC may have an interrupt": "TPR变小：用户空间的APIC可能有中断要递交",
    "the access is emulated": "模拟这次访问",
    "DR7.GD guards the debug registers for user space": "DR7.GD替用户空间守住调试寄存器",
    "the guest gets the debug registers": "把调试寄存器交给guest",
    "the vCPU thread sleeps in the kernel until an event comes": "vCPU线程在内核里睡眠，等事件到来",
    "user space waits for an event": "由用户空间等待事件",
    "KVM reads its value": "由KVM读出它的值",
    "KVM takes the value": "由KVM收下这个值",
    "user space asked for these": "用户空间要求得到这类访问",
    "#GP into the guest": "向guest注入#GP",
    "user space asked for this hypercall": "用户空间要求得到这个hypercall",
    "answered in the kernel; the result is in RAX": "在内核里应答，结果在RAX",
    "the page is mapped in EPT, and the access is made again": "在EPT里映射这一页，然后重新访问",
    "the eventfd is signalled; nothing is emulated": "触发eventfd，不做任何模拟",
    "a stale MMIO entry: the page is mapped, and the access is made again": "过时的MMIO表项：映射这一页，然后重新访问",
    "the host has no page for that memory slot": "宿主机拿不出这个内存槽的页",
    "the access is emulated: in-kernel device": "模拟这次访问：内核里的设备",
    "the access is emulated: ioeventfd": "模拟这次访问：ioeventfd",
    "the access is emulated: RAM": "模拟这次访问：RAM",
    "the switch is emulated": "模拟任务切换",
    "the task switch cannot be emulated": "无法模拟这次任务切换",
    "flushes what it names": "刷掉它点名的转换",
    "#UD: the guest's CPUID lacks INVPCID": "#UD：guest的CPUID里没有INVPCID",
    "the guest ran too long without an event window": "guest太久没有让事件得以递交",
    "counted": "计数",
    "user space may slow the guest down": "用户空间可以让guest慢下来",
    "the EOI goes to the I/O APIC": "EOI转给I/O APIC",
    "the pending interrupt can be injected": "可以注入等待中的中断",
}


def did_words(did: str, language: str) -> str:
    """What KVM does, in words of that language. KeyError for words that nobody has translated."""
    return did if language == "en" else _DID[did]


def instruction_words(what: Instruction) -> str:
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


def check_rows(check: "Check", language: str) -> "tuple[Row, ...]":
    """The rule, what it said, and in cells what it read."""
    words = WORDS[language]
    cells = []
    for name, value in check.read:
        shown = name if language == "en" else _NAMES.get(name, name)
        if isinstance(value, tuple) and len(value) > 1:
            for at in range(len(value)):
                cells.append((f"{shown} {at}", value_words(value[at], language), "plain"))
        else:
            cells.append((shown, value_words(value, language), "plain"))
    said = "changed" if check.said == rules.NO_EXIT else "wrong" if check.said in (rules.EXIT, rules.FAULT) else "plain"
    cells[-1] = (cells[-1][0], cells[-1][1], said)
    return (("heading", words[check.rule], words[check.said]), ("cells", tuple(cells)))


def value_words(value: object, language: str) -> str:
    """A value as a cell shows it: small numbers in decimal."""
    if isinstance(value, tuple):
        return value_words(value[0], language) if value else WORDS[language]["none"]
    if value is None:
        return WORDS[language]["none"]
    if is_integer(value):
        return str(value) if value < 10 else hexadecimal(value)  # type: ignore[operator]
    if value is True or value is False:
        return WORDS[language]["true" if value else "false"]
    return str(value)
