"""Why EPT refuses an access, in words of each language, and the exit qualification bit by bit."""

from vmsim import EptMisconfiguration, EptViolation
from vmsim.entries import ALIGNMENT, BEYOND_MAXPHYADDR
from vmsim.ept_entries import EXECUTE_ONLY, MEMORY_TYPE, NO_FLAG, NO_LARGE_PAGE, WRITE_ONLY
from vmsim.ept_trace import EPT_EXECUTE, EPT_NOT_PRESENT, EPT_READ, EPT_WIDTH, EPT_WRITE
from vmsim.value import hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim import Ept, EptStep, EptWalk
    from vmview.ept_outcome import Stage
    from vmview.panel import Row

WORDS: "dict[str, dict[str, str]]" = {
    "en": {
        EPT_WIDTH: "Bits 51:{low} of the guest-physical address are not all 0: EPT has no level for them.",
        EPT_NOT_PRESENT: "R = W = X = 0 in the {entry}: nothing is mapped there.",
        EPT_READ: "Reading needs R = 1 in every EPT entry; it is 0 in {entries}.",
        EPT_WRITE: "Writing needs W = 1 in every EPT entry; it is 0 in {entries}.",
        EPT_EXECUTE: "A fetch needs {flag} = 1 in every EPT entry; it is 0 in {entries}.",
        WRITE_ONLY: "W = 1 while R = 0 in the {entry}: there is no writing without reading.",
        EXECUTE_ONLY: "X = 1 while R = 0 in the {entry}, and the processor supports no execute-only pages.",
        NO_FLAG: "Bits {bits} of an {entry} that references a table are reserved, and not all 0.",
        NO_LARGE_PAGE: "Bit 7 (PS) of the {entry} is 1, and the processor supports no such page.",
        MEMORY_TYPE: "Bits 5:3 of the {entry} hold a memory type that does not exist.",
        BEYOND_MAXPHYADDR: "Bits {bits} of the {entry} are reserved, beyond MAXPHYADDR, and not all 0.",
        ALIGNMENT: "Bits {bits} of an {entry} that maps a page are reserved, and not all 0.",
        "violation": "EPT violation",
        "misconfiguration": "EPT misconfiguration",
        "exit": "VM exit {number}",
        "page": "It was wanted for the page itself.",
        "entry": "It was wanted for reading the guest's {name}.",
        "update": "It was wanted for setting a flag in the guest's {name}: a write to the page that the table lies in.",
        "as write": "Accessed and dirty flags for EPT are on: reading the guest's {name} counts as writing too.",
        "undefined": "The exit qualification is undefined, and the guest linear address is not saved.",
        "value": "value",
        "qualification": "exit qualification {value}",
        "bit": "bit {bit}",
        "0": "data read",
        "1": "data write",
        "2": "instruction fetch",
        "3": "R in all EPT entries",
        "4": "W in all EPT entries",
        "5": "X in all EPT entries",
        "6": "XU in all EPT entries",
        "7": "guest linear address valid",
        "8 0": "a guest paging-structure entry",
        "8 1": "the page itself",
        "9": "user-mode linear address",
        "10": "guest: read/write page",
        "11": "guest: execute-disable page",
        ", ": ", ",
    },
    "zh": {
        EPT_WIDTH: "guest物理地址的第51:{low}位不全为0：EPT没有与之对应的级。",
        EPT_NOT_PRESENT: "{entry}的R = W = X = 0：此处没有映射。",
        EPT_READ: "读要求每个EPT表项R = 1；{entries}中为0。",
        EPT_WRITE: "写要求每个EPT表项W = 1；{entries}中为0。",
        EPT_EXECUTE: "取指要求每个EPT表项{flag} = 1；{entries}中为0。",
        WRITE_ONLY: "{entry}的R = 0而W = 1：没有可写而不可读的页。",
        EXECUTE_ONLY: "{entry}的R = 0而X = 1，而处理器不支持只可执行的页。",
        NO_FLAG: "{entry}指向下一级表时，第{bits}位是保留位，却不全为0。",
        NO_LARGE_PAGE: "{entry}的第7位（PS）为1，而处理器不支持这种页。",
        MEMORY_TYPE: "{entry}的第5:3位是不存在的内存类型。",
        BEYOND_MAXPHYADDR: "{entry}的第{bits}位超出MAXPHYADDR，是保留位，却不全为0。",
        ALIGNMENT: "{entry}映射页时，第{bits}位是保留位，却不全为0。",
        "violation": "EPT violation",
        "misconfiguration": "EPT misconfiguration",
        "exit": "VM exit {number}",
        "page": "这次EPT遍历是为了访问页本身。",
        "entry": "这次EPT遍历是为了读guest的{name}。",
        "update": "这次EPT遍历是为了在guest的{name}里置标志：这是对页表所在页的写。",
        "as write": "EPT的A/D标志已启用：读guest的{name}也算作写。",
        "undefined": "exit qualification未定义，guest的线性地址也不保存。",
        "value": "值",
        "qualification": "exit qualification {value}",
        "bit": "第{bit}位",
        "0": "读数据",
        "1": "写数据",
        "2": "取指",
        "3": "所有EPT表项的R",
        "4": "所有EPT表项的W",
        "5": "所有EPT表项的X",
        "6": "所有EPT表项的XU",
        "7": "guest线性地址有效",
        "8 0": "guest的页表项",
        "8 1": "页本身",
        "9": "用户态线性地址",
        "10": "guest：可读写的页",
        "11": "guest：不可执行的页",
        ", ": "、",
    },
}
_FLAGS = {EPT_READ: "R", EPT_WRITE: "W"}


def wrong_flags(walk: "EptWalk", step: "EptStep", ept: "Ept") -> "tuple[str, ...]":
    """Which flags of an EPT entry are why the walk was refused."""
    if step.misconfigured:
        whys = [reserved.why for reserved in step.misconfigured]
        named = [(WRITE_ONLY, "W"), (WRITE_ONLY, "R"), (EXECUTE_ONLY, "X"), (EXECUTE_ONLY, "R"), (NO_FLAG, "PS")]
        named += [(NO_LARGE_PAGE, "PS"), (MEMORY_TYPE, "memory type")]
        return tuple(flag for why, flag in named if why in whys)
    rules = getattr(walk.result, "rules", ())
    if EPT_NOT_PRESENT in rules:
        return ("R", "W", "X") if step is walk.steps[-1] else ()
    flags = dict(step.entry.flags)
    return tuple(_flag(rule, walk, ept) for rule in rules if flags.get(_flag(rule, walk, ept)) == 0)


def _flag(rule: str, walk: "EptWalk", ept: "Ept") -> str:
    user = ept.mode_based_execute_control and walk.access.user_address
    return _FLAGS.get(rule, "XU" if user else "X")


def _reasons(walk: "EptWalk", ept: "Ept", language: str) -> "list[str]":
    words = WORDS[language]
    if isinstance(walk.result, EptMisconfiguration):
        step = walk.steps[-1]
        bits = [(reserved.why, f"{reserved.high}:{reserved.low}") for reserved in step.misconfigured]
        return [words[why].format(entry=step.entry.name, bits=places) for why, places in bits]
    found = []
    for rule in getattr(walk.result, "rules", ()):
        flag = _flag(rule, walk, ept)
        refusing = [step.entry.name for step in walk.steps if flag in wrong_flags(walk, step, ept)]
        entry = walk.steps[-1].entry.name if walk.steps else ""
        low = 9 * ept.levels + 12
        found.append(words[rule].format(entry=entry, entries=words[", "].join(refusing), flag=flag, low=low))
    return found


def refused_rows(stage: "Stage", ept: "Ept", language: str) -> "tuple[Row, ...]":
    """The rows of a panel about an EPT violation or misconfiguration: why, the entry, the exit qualification."""
    words, walk = WORDS[language], stage.refused
    assert walk is not None
    result = walk.result
    assert isinstance(result, (EptViolation, EptMisconfiguration))
    kind = "violation" if isinstance(result, EptViolation) else "misconfiguration"
    rows: list[Row] = [("heading", words[kind], words["exit"].format(number=result.exit_reason))]
    rows += [("wrong", sentence) for sentence in _reasons(walk, ept, language)]
    purpose = "update" if stage.update is not None else "page" if walk.access.final else "entry"
    rows.append(("text", words[purpose].format(name=stage.name)))
    if purpose == "entry" and ept.accessed_dirty:
        rows.append(("text", words["as write"].format(name=stage.name)))
    rows.append(("field", "GPA", hexadecimal(result.guest_physical_address)))
    if walk.steps:
        step = walk.steps[-1]
        wrong = wrong_flags(walk, step, ept)
        rows.append(("field", words["value"], f"{step.entry.value:#018x} ({step.entry.name})"))
        cells = [(name, str(value), "wrong" if name in wrong else "plain") for name, value in step.entry.flags]
        rows.append(("cells", tuple(cell for cell in cells if cell[0] != "XU" or ept.mode_based_execute_control)))
    if isinstance(result, EptMisconfiguration):
        return tuple(rows) + (("text", words["undefined"]),)
    value = result.qualification
    rows.append(("strong", words["qualification"].format(value=hexadecimal(value))))
    for bit in range(12):
        if bit == 6 and not ept.mode_based_execute_control:
            continue
        if bit > 8 and not (ept.advanced_information and walk.access.final):
            continue
        one = value >> bit & 1
        meaning = words[f"8 {one}" if bit == 8 else str(bit)]
        rows.append(("field", words["bit"].format(bit=bit), f"{one}  {meaning}"))
    return tuple(rows)
