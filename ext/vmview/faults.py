"""Why an access faults, in words of each language, and which flags of which entries are the reason."""

from vmsim import PageFault, Walk
from vmsim.entries import ALIGNMENT, BEYOND_MAXPHYADDR, NO_LARGE_PAGE, XD_DISABLED
from vmsim.faults import (
    EXECUTE_DISABLE,
    NON_CANONICAL,
    NOT_PRESENT,
    PROTECTION_KEY,
    READ_ONLY,
    RESERVED_BIT,
    SMAP,
    SMEP,
    SUPERVISOR_ADDRESS,
)
from vmsim.value import hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim import WalkStep
    from vmview.panel import Row

WORDS: "dict[str, dict[str, str]]" = {
    "en": {
        NON_CANONICAL: "Bits 63:{low} of the address do not all equal bit {high}: it is not canonical.",
        NOT_PRESENT: "P = 0 in the {entry}: nothing is mapped there.",
        SUPERVISOR_ADDRESS: "A user-mode access needs U/S = 1 in every entry; it is 0 in {entries}.",
        READ_ONLY: "This write needs R/W = 1 in every entry; it is 0 in {entries}.",
        "read-only wp": "CR0.WP = 1: a supervisor-mode write too needs R/W = 1 in every entry; it is 0 in {entries}.",
        EXECUTE_DISABLE: "A fetch needs XD = 0 in every entry; it is 1 in {entries}.",
        SMEP: "CR4.SMEP = 1: supervisor mode fetches nothing from a user-mode address (U/S = 1 in every entry).",
        SMAP: "CR4.SMAP = 1: supervisor mode reads and writes no user-mode address (U/S = 1 in every entry).",
        PROTECTION_KEY: "PKRU does not permit this access under protection key {key}.",
        BEYOND_MAXPHYADDR: "Bits {bits} of the {entry} are reserved, beyond MAXPHYADDR, and not all 0.",
        NO_LARGE_PAGE: "Bit 7 (PS) is reserved in a {entry}, and it is 1.",
        ALIGNMENT: "Bits {bits} of a {entry} that maps a page are reserved, and not all 0.",
        XD_DISABLED: "EFER.NXE = 0: bit 63 (XD) of the {entry} is reserved, and it is 1.",
        "P 0": "P = 0: an entry is not present",
        "P 1": "P = 1: every entry read is present",
        "W/R 0": "W/R = 0: no write",
        "W/R 1": "W/R = 1: a write",
        "U/S 0": "U/S = 0: a supervisor-mode access",
        "U/S 1": "U/S = 1: a user-mode access",
        "RSVD 1": "RSVD = 1: a reserved bit is set",
        "I/D 1": "I/D = 1: an instruction fetch",
        "PK 1": "PK = 1: refused by a protection key",
        "page fault": "#PF page fault",
        "general protection": "#GP general protection",
        "error code": "error code {code}",
        ", ": ", ",
    },
    "zh": {
        NON_CANONICAL: "地址的第63:{low}位与第{high}位不全相同：不是canonical地址。",
        NOT_PRESENT: "{entry}的P = 0：此处没有映射。",
        SUPERVISOR_ADDRESS: "用户态访问要求每一级U/S = 1；{entries}中为0。",
        READ_ONLY: "这次写要求每一级R/W = 1；{entries}中为0。",
        "read-only wp": "CR0.WP = 1：内核态的写同样要求每一级R/W = 1；{entries}中为0。",
        EXECUTE_DISABLE: "取指要求每一级XD = 0；{entries}中为1。",
        SMEP: "CR4.SMEP = 1：内核态不从用户态地址（每一级U/S = 1）取指。",
        SMAP: "CR4.SMAP = 1：内核态不读写用户态地址（每一级U/S = 1）。",
        PROTECTION_KEY: "PKRU不允许用protection key {key}做这次访问。",
        BEYOND_MAXPHYADDR: "{entry}的第{bits}位超出MAXPHYADDR，是保留位，却不全为0。",
        NO_LARGE_PAGE: "{entry}的第7位（PS）是保留位，却为1。",
        ALIGNMENT: "{entry}映射页时，第{bits}位是保留位，却不全为0。",
        XD_DISABLED: "EFER.NXE = 0：{entry}的第63位（XD）是保留位，却为1。",
        "P 0": "P = 0：有一个表项不存在",
        "P 1": "P = 1：读到的表项都存在",
        "W/R 0": "W/R = 0：不是写",
        "W/R 1": "W/R = 1：写",
        "U/S 0": "U/S = 0：内核态访问",
        "U/S 1": "U/S = 1：用户态访问",
        "RSVD 1": "RSVD = 1：有保留位为1",
        "I/D 1": "I/D = 1：取指",
        "PK 1": "PK = 1：被protection key拒绝",
        "page fault": "#PF 缺页异常",
        "general protection": "#GP 通用保护异常",
        "error code": "错误码{code}",
        ", ": "、",
    },
}

# The flag whose value makes a rule refuse; None: any value does.
_REASONS = {
    NOT_PRESENT: ("P", 0),
    SUPERVISOR_ADDRESS: ("U/S", 0),
    READ_ONLY: ("R/W", 0),
    EXECUTE_DISABLE: ("XD", 1),
    SMEP: ("U/S", 1),
    SMAP: ("U/S", 1),
    PROTECTION_KEY: ("PKEY", None),
    NO_LARGE_PAGE: ("PS", 1),
    XD_DISABLED: ("XD", 1),
}


def wrong_flags(walk: Walk, step: "WalkStep") -> "tuple[str, ...]":
    """Names of the flags of this entry for which the access was refused."""
    if not isinstance(walk.result, PageFault):
        return ()
    causes = walk.result.rules + tuple(reserved.why for reserved in step.reserved)
    found = []
    for name, value in step.entry.flags:
        for cause in causes:
            if cause in _REASONS and _REASONS[cause] in ((name, value), (name, None)):
                found.append(name)
    return tuple(found)


def reasons(walk: Walk, language: str) -> "tuple[str, ...]":
    """A sentence for each rule that refuses the access; none for an access that is permitted."""
    words = WORDS[language]
    sentences = []
    for rule in getattr(walk.result, "rules", ()):
        if rule == RESERVED_BIT:
            for reserved in walk.steps[-1].reserved:
                bits = f"{reserved.high}:{reserved.low}"
                sentences.append(words[reserved.why].format(bits=bits, entry=walk.steps[-1].entry.name))
        elif rule == NON_CANONICAL:
            high = walk.address_fields[0].high
            sentences.append(words[rule].format(low=high + 1, high=high))
        else:
            template = words["read-only wp" if rule == READ_ONLY and not walk.access.user_mode else rule]
            entries = [step.entry.name for step in walk.steps if _REASONS[rule] in step.entry.flags]
            entry = walk.steps[-1].entry
            sentences.append(
                template.format(entry=entry.name, entries=words[", "].join(entries), key=entry.protection_key)
            )
    return tuple(sentences)


def error_code_words(fault: PageFault, language: str) -> "tuple[str, ...]":
    """What the bits of the error code say, lowest first; RSVD, I/D and PK only where they are 1."""
    words = WORDS[language]
    keys = [f"{name} {value}" for name, value in reversed(fault.flags)]
    return tuple(words[key] for key in keys if key in words)


def fault_rows(walk: Walk, language: str) -> "tuple[Row, ...]":
    """The rows of a panel about the fault: which, why, and its error code taken apart."""
    words = WORDS[language]
    fault = walk.result
    why = tuple(("wrong", sentence) for sentence in reasons(walk, language))
    if not isinstance(fault, PageFault):
        return (("heading", words["general protection"], words["error code"].format(code=0)),) + why
    code = words["error code"].format(code=hexadecimal(fault.error_code))
    cells = tuple((name, str(value), "plain") for name, value in fault.flags)
    return (
        (("heading", words["page fault"], code),)
        + why
        + (("cells", cells),)
        + tuple(("text", line) for line in error_code_words(fault, language))
        + (("code", f"CR2 = {hexadecimal(fault.linear_address)}"),)
    )
