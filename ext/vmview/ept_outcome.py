"""What a two-dimensional walk came to, row by row, and what an ept-walk diagram's ``expect`` is held against."""

from vmsim import EptMisconfiguration, EptViolation, Translation, Walk
from vmsim.bits import ENTRY_NAMES
from vmsim.ept_entries import ENTRY_NAMES as EPT_ENTRY_NAMES
from vmsim.ept_entries import MEMORY_TYPES
from vmsim.ept_trace import EPT_RULES, QUALIFICATION_FLAGS, EptTranslation
from vmsim.value import Value
from vmview import outcome as linear
from vmview.ept_spec import PAGE, PLACES
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmsim import EptWalk, WalkStep
    from vmview.spec import Schema


class Stage(Value):
    """A row of the grid: ``name`` of the guest's entry that is wanted, or "page"; the EPT walk that looks for it.

    ``step`` is the reading of that entry; None where EPT refused it, and for the page. ``update`` is the EPT walk
    that was refused when a flag of the entry had to be set.
    """

    _fields = ("name", "ept", "step", "update")
    name: str
    ept: "EptWalk"
    step: "WalkStep | None"
    update: "EptWalk | None"

    @property
    def refused(self) -> "EptWalk | None":
        """The EPT walk that ended all here; None where none did."""
        if self.update is not None:
            return self.update
        return None if isinstance(self.ept.result, EptTranslation) else self.ept


def stages(walk: Walk) -> "tuple[Stage, ...]":
    """The rows of the grid, in the order of the walk; none where the address is not canonical."""
    last = walk.last_ept_walk
    # Reading an entry is a write only with EPT's flags on, and then the update that follows is permitted too.
    updating = last is not None and last.access.write and not last.access.final and not _ept(walk).accessed_dirty
    found = []
    for step in walk.steps:
        assert step.ept is not None
        update = last if updating and step is walk.steps[-1] else None
        found.append(Stage(step.entry.name, step.ept, step, update))
    if last is not None and not updating:
        level = walk.steps[-1].level - 1 if walk.steps else walk.processor.levels
        found.append(Stage(PAGE if last.access.final else ENTRY_NAMES[level], last, None, None))
    return tuple(found)


def entries_read(walk: Walk) -> "tuple[int, int]":
    """How many entries of the guest were read, and how many of EPT."""
    return len(walk.steps), sum(len(stage.ept.steps) for stage in stages(walk))


def sets_ept(stage: Stage, mask: int) -> bool:
    """Whether the walk sets one of these flags in an EPT entry of that row."""
    walks = (stage.ept, stage.step.ept_update if stage.step else None)
    return any(step.sets & mask for walk in walks if walk is not None for step in walk.steps)


def _ept(walk: Walk) -> "Any":
    return walk.ept


def _object(title: str, description: str, properties: "Schema") -> "Schema":
    return {
        "title": title,
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
    }


def _names(title: str, description: str, names: "tuple[str, ...]") -> "Schema":
    return {"title": title, "description": description, "type": "array", "items": {"enum": list(names)}}


_PHYSICAL = (1 << 52) - 1
_READ: "Schema" = {"entries_read": number("Entries read", "Of the guest and of EPT together.", 99)}
_WHERE: "Schema" = {
    "guest_physical_address": number("Guest-physical address", "Where the guest's structures lead.", _PHYSICAL),
    "at": choice("At", "The guest's entry that was wanted, or page.", PLACES),
    "entry": choice("Entry", "The last EPT entry that was read.", EPT_ENTRY_NAMES[1:]),
}


def _violation_schema() -> "Schema":
    found: Schema = {
        "exit_qualification": number("Exit qualification", "All its bits as a number.", 0x1FFF),
        "rules": _names("Rules", "All rules that refuse the access.", tuple(sorted(EPT_RULES))),
    }
    for name, _mask in QUALIFICATION_FLAGS:
        found[name] = choice(name, f"The bit of the exit qualification: {name}.", (0, 1))
    return _object("EPT violation", "VM exit 48.", found | _WHERE | _READ)


def _with_entries_read(name: str) -> "Schema":
    schema = dict(linear.EXPECT_SCHEMA["properties"][name])
    schema["properties"] = schema["properties"] | _READ
    return schema


_GUEST_ENTRIES = PLACES[:-1]
EXPECT_SCHEMA: "Schema" = _object(
    "Expected outcome",
    "What the simulator must find; every key that is given must be equal.",
    {
        "translation": _object(
            "Translation",
            "The access goes through.",
            {
                "host_physical_address": number("Host-physical address", "Where the access goes.", _PHYSICAL),
                "guest_physical_address": _WHERE["guest_physical_address"],
                "page_size": choice("Page size", "The guest's page.", ("4 KiB", "2 MiB", "1 GiB")),
                "ept_page_size": choice("EPT page size", "The page in EPT.", ("4 KiB", "2 MiB", "1 GiB")),
                "memory_type": choice("Memory type", "EPT's memory type.", tuple(MEMORY_TYPES.values())),
            }
            | _READ,
        ),
        "page_fault": _with_entries_read("page_fault"),
        "general_protection": _with_entries_read("general_protection"),
        "ept_violation": _violation_schema(),
        "ept_misconfiguration": _object("EPT misconfiguration", "VM exit 49.", _WHERE | _READ),
        "sets_accessed": _names("Sets A", "The guest's entries whose A flag the walk sets.", _GUEST_ENTRIES),
        "sets_dirty": _names("Sets D", "The guest's entries whose D flag the walk sets.", _GUEST_ENTRIES),
        "ept_sets_accessed": _names("Sets A in EPT", "Rows in whose EPT walk an A flag is set.", PLACES),
        "ept_sets_dirty": _names("Sets D in EPT", "Rows in whose EPT walk a D flag is set.", PLACES),
    },
)


def outcome(walk: Walk) -> "dict[str, Any]":
    """What came of the walk, as plain data with the keys of ``EXPECT_SCHEMA``."""
    rows, result = stages(walk), walk.result
    read = {"entries_read": sum(entries_read(walk))}
    found = linear.outcome(walk)
    for name, mask in (("ept_sets_accessed", 1 << 8), ("ept_sets_dirty", 1 << 9)):
        found[name] = [stage.name for stage in rows if sets_ept(stage, mask)]
    for key in ("page_fault", "general_protection"):
        if key in found:
            found[key].update(read)
    if isinstance(result, Translation):
        last = rows[-1].ept.result
        assert isinstance(last, EptTranslation)
        found["translation"] = {
            "host_physical_address": last.host_physical_address,
            "guest_physical_address": found.pop("physical_address"),
            "page_size": found.pop("page_size"),
            "ept_page_size": last.page_size,
            "memory_type": MEMORY_TYPES[last.memory_type],
        }
        found["translation"].update(read)
    elif isinstance(result, (EptViolation, EptMisconfiguration)):
        refused = rows[-1].refused
        assert refused is not None
        where: dict[str, Any] = {"guest_physical_address": result.guest_physical_address, "at": rows[-1].name}
        where.update(read)
        if refused.steps:
            where["entry"] = refused.steps[-1].entry.name
        if isinstance(result, EptViolation):
            where["exit_qualification"] = result.qualification
            where["rules"] = list(result.rules)
            where.update(dict(result.flags))
        found["ept_violation" if isinstance(result, EptViolation) else "ept_misconfiguration"] = where
    return found
