"""Rows of panels that any diagram of a walk has: the address in its parts, the processor, an entry, the page.

Rows are those of ``panel.py``; nothing here knows where they stand.
"""

from vmsim import Translation, Walk
from vmsim.value import hexadecimal
from vmview.faults import wrong_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim import AddressField, WalkStep
    from vmview.panel import Row

WORDS: "dict[str, dict[str, str]]" = {
    "en": {
        "user read": "user-mode read",
        "user write": "user-mode write",
        "user fetch": "user-mode instruction fetch",
        "supervisor read": "supervisor-mode read",
        "supervisor write": "supervisor-mode write",
        "supervisor fetch": "supervisor-mode instruction fetch",
        "linear address": "Linear address",
        "physical address": "Physical address",
        "page": "{size} page",
        "index": "index {index}",
        "address": "address",
        "value": "value",
        "ignored": "ignored",
        "sets": "Set by this access: {flags}",
        "in": "{flag} in {entries}",
        ", ": ", ",
        "; ": "; ",
    },
    "zh": {
        "user read": "用户态读",
        "user write": "用户态写",
        "user fetch": "用户态取指",
        "supervisor read": "内核态读",
        "supervisor write": "内核态写",
        "supervisor fetch": "内核态取指",
        "linear address": "线性地址",
        "physical address": "物理地址",
        "page": "{size}页",
        "index": "索引{index}",
        "address": "地址",
        "value": "值",
        "ignored": "忽略",
        "sets": "这次访问置位：{flags}",
        "in": "{entries}的{flag}",
        ", ": "、",
        "; ": "；",
    },
}


def access_words(walk: Walk, language: str) -> str:
    """The kind of access in words: ``user-mode read``."""
    return WORDS[language][("user " if walk.access.user_mode else "supervisor ") + walk.access.kind]


def address_words(walk: Walk) -> str:
    """The linear address with all 16 digits."""
    return f"{walk.linear_address:#018x}"


def field_words(field: "AddressField") -> str:
    """An index in decimal, the offset in hexadecimal."""
    return hexadecimal(field.value) if field.level == 0 else str(field.value)


def sum_words(base: int, addend: str, total: int) -> str:
    """An addition of addresses as it is shown."""
    return f"{hexadecimal(base)} + {addend} = {hexadecimal(total)}"


def address_rows(walk: Walk, language: str) -> "tuple[Row, ...]":
    """The linear address, and a column for each of its parts; those that were not used are marked so."""
    words = WORDS[language]
    fields = walk.address_fields
    used = len(walk.steps) if not isinstance(walk.result, Translation) else len(fields)
    columns = []
    for number in range(len(fields)):
        field = fields[number]
        role = "plain" if number < used else "unused"
        columns.append(
            (f"{field.high}:{field.low}", field.name, field_words(field), role, field.level if number < used else -1)
        )
    return (
        ("heading", words["linear address"], access_words(walk, language)),
        ("strong", address_words(walk)),
        ("columns", tuple(columns)),
    )


def processor_rows(walk: Walk) -> "tuple[Row, ...]":
    """CR3 and the bits that decide; of those that are seldom on, the ones that are."""
    cpu = walk.processor
    cells = [
        ("CR3", hexadecimal(cpu.cr3), "plain"),
        ("MAXPHYADDR", str(cpu.maxphyaddr), "plain"),
        ("CR0.WP", _digit(cpu.wp), "plain"),
        ("EFER.NXE", _digit(cpu.nxe), "plain"),
    ]
    for name, on in (("CR4.SMEP", cpu.smep), ("CR4.SMAP", cpu.smap), ("CR4.PKE", cpu.pke)):
        if on:
            cells.append((name, "1", "plain"))
    if cpu.smap:
        cells.append(("RFLAGS.AC", _digit(cpu.ac), "plain"))
    if cpu.pke:
        cells.append(("PKRU", hexadecimal(cpu.pkru), "plain"))
    if cpu.levels == 5:
        cells.append(("CR4.LA57", "1", "plain"))
    return (("cells", tuple(cells)),)


def entry_rows(walk: Walk, step: "WalkStep", language: str) -> "tuple[Row, ...]":
    """One entry: where it lies, its value, its flags; what the access changes or fails by is marked."""
    words = WORDS[language]
    wrong = wrong_flags(walk, step)
    cells = [] if step.entry.present else [("63:1", words["ignored"], "unused")]
    for name, value in step.entry.flags:
        if (name == "A" and step.sets_accessed) or (name == "D" and step.sets_dirty):
            cells.append((name, "0→1", "changed"))
        else:
            cells.append((name, str(value), "wrong" if name in wrong else "plain"))
    return (
        ("heading", step.entry.name, words["index"].format(index=step.index)),
        (
            "field",
            words["address"],
            f"{hexadecimal(step.table)} + {step.index} × 8 = {hexadecimal(step.entry_address)}",
        ),
        ("field", words["value"], f"{step.entry.value:#018x}"),
        ("cells", tuple(cells)),
    )


def page_rows(walk: Walk, found: Translation, language: str) -> "tuple[Row, ...]":
    """The physical address that was found, and the flags that the access sets."""
    words = WORDS[language]
    offset = walk.address_fields[-1].value
    rows = [
        ("heading", words["physical address"], words["page"].format(size=found.page_size)),
        ("strong", f"{found.physical_address:#018x}"),
        ("code", sum_words(found.page_frame, hexadecimal(offset), found.physical_address)),
    ]
    accessed = [step.entry.name for step in walk.steps if step.sets_accessed]
    dirty = [step.entry.name for step in walk.steps if step.sets_dirty]
    flags = [
        words["in"].format(flag=flag, entries=words[", "].join(names))
        for flag, names in (("A", accessed), ("D", dirty))
        if names
    ]
    if flags:
        rows.append(("text", words["sets"].format(flags=words["; "].join(flags))))
    return tuple(rows)


def _digit(on: bool) -> str:
    return "1" if on else "0"
