"""The body of a plot: as schema, and as the sweep that vmsim counts."""

from vmsim import FieldError, bits
from vmsim.set_associative import Geometry
from vmsim.stream_counts import Costs
from vmsim.sweep_trace import (
    MEASURES,
    MODES,
    MOST_SETUPS,
    MOST_SIZES,
    NESTED,
    PATTERNS,
    SMALLEST,
    Setup,
    Sweep,
)
from vmview.spec import choice, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vmview.spec import Schema, Spec

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_TIMES = (2, 4, 8, 16)
LINEAR, LOG = SCALES = ("linear", "log")
_PAGE_SIZES = bits.PAGE_SIZES[1:]


def size_text(size: int) -> str:
    """``6 MiB``: bytes in the largest unit in which they are a whole number."""
    unit = 0
    while size and size % 1024 == 0 and unit + 1 < len(_UNITS):
        size, unit = size // 1024, unit + 1
    return f"{size} {_UNITS[unit]}"


SIZES = {size_text(SMALLEST << n): SMALLEST << n for n in range(MOST_SIZES)}


def _object(title: str, description: str, properties: "Schema", required: "tuple[str, ...]" = ()) -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "object", "properties": properties}
    found.update({"required": list(required), "additionalProperties": False})
    return found


def _list(title: str, description: str, item: "Schema", most: int) -> "Schema":
    found: Schema = {"title": title, "description": description, "type": "array", "items": item}
    found.update({"minItems": 1, "maxItems": most})
    return found


_CYCLES = "Cycles; default {default}."
_LINE = _object(
    "Line",
    "What is walked.",
    {
        "mode": choice("Mode", "native, nested (a guest with EPT) or shadow (without); default native.", MODES),
        "page_size": choice("Page size", "Of the pages that CR3's tables map; default 4 KiB.", _PAGE_SIZES),
        "ept_page_size": choice(
            "EPT page size", "Of the pages that EPT maps; with mode nested only, default 4 KiB.", _PAGE_SIZES
        ),
        "structure_caches": choice("Paging-structure caches", "0: there are none. Default 1.", (0, 1)),
    },
)
SWEEP_SCHEMA: "Schema" = {
    "lines": _list("Lines", "What is compared; one line each.", _LINE, MOST_SETUPS),
    "working_sets": _object(
        "Working sets",
        "From one size to another.",
        {
            "from": choice("From", "The smallest.", tuple(SIZES)),
            "to": choice("To", "The largest; more than the smallest.", tuple(SIZES)),
            "times": choice("Times", "From each to the next; default 4.", _TIMES),
        },
        ("from", "to"),
    ),
    "show": choice("Show", "What is drawn, for each access; default entries read.", MEASURES),
    "scale": choice("Scale", "Of what is shown; default linear. That of the working sets is logarithmic.", SCALES),
    "pattern": choice(
        "Pattern",
        "uniform; sequential, by 64 bytes; pages, by 4 KiB; chase, each 64 bytes once. Default uniform.",
        PATTERNS,
    ),
    "accesses": number("Accesses", "So many are counted, after as many that are not; default 32768.", 1 << 20, 1 << 10),
    "tlbs": _list(
        "TLBs",
        "One or two, first level first; default 64 entries of 4 ways and 1536 of 12.",
        _object(
            "TLB",
            "Entries and ways; their quotient, the number of sets, is a power of 2.",
            {
                "entries": number("Entries", "All of them.", 1 << 16, 1),
                "ways": number("Ways", "Of each set; a divisor of the entries.", 1 << 12, 1),
            },
            ("entries", "ways"),
        ),
        2,
    ),
    "costs": _object(
        "Costs",
        "Cycles for each event, where cycles are shown.",
        {
            name: number(name, _CYCLES.format(default=getattr(Costs, name)), (1 << 32) - 1)
            for name in Costs._fields
            if name != "fault"
        },
    ),
}


def sweep(spec: "Spec") -> Sweep:
    """The sweep that a body asks for. FieldError, naming the key, for what the schema cannot exclude."""
    lines, costs = spec["lines"], spec.get("costs", {})
    setups = tuple(_setup(lines[at], f"lines/{at}") for at in range(len(lines)))
    tlbs = tuple(_geometry(spec["tlbs"][at], f"tlbs/{at}") for at in range(len(spec.get("tlbs", ()))))
    try:
        return Sweep(
            setups,
            _sizes(spec["working_sets"]),
            spec.get("pattern", Sweep.pattern),
            spec.get("accesses", Sweep.accesses),
            tlbs or Sweep.tlbs,
            Costs(**costs),
        )
    except FieldError as error:
        raise FieldError(error.field.replace("setups", "lines"), error.value, error.allowed) from None


def _sizes(given: "Spec") -> "tuple[int, ...]":
    first, last, times = SIZES[given["from"]], SIZES[given["to"]], given.get("times", 4)
    found = [first]
    while found[-1] < last:
        found.append(found[-1] * times)
    if len(found) == 1:
        raise FieldError("working_sets/to", given["to"], f"a size above {given['from']}")
    if found[-1] != last:
        raise FieldError("working_sets/to", given["to"], f"{given['from']} multiplied by {times}, once or more often")
    return tuple(found)


def _setup(line: "Spec", at: str) -> Setup:
    mode = line.get("mode", Setup.mode)
    if "ept_page_size" in line and mode != NESTED:
        raise FieldError(f"{at}/ept_page_size", line["ept_page_size"], f"it goes with mode: {NESTED}")
    ept_page_size = line.get("ept_page_size", "4 KiB") if mode == NESTED else ""
    return Setup(mode, line.get("page_size", "4 KiB"), ept_page_size, bool(line.get("structure_caches", 1)))


def _geometry(given: "Spec", at: str) -> Geometry:
    entries, ways = given["entries"], given["ways"]
    if entries % ways:
        raise FieldError(f"{at}/ways", ways, f"a divisor of the {entries} entries")
    try:
        return Geometry(entries // ways, ways)
    except FieldError as error:
        raise FieldError(f"{at}/entries", entries, f"{ways} ways times {error.allowed}") from None


def outcome_of(sizes: "tuple[int, ...]", values: "tuple[tuple[float, ...], ...]") -> "dict[str, Any]":
    """By working set, the value of each line."""
    return {"values": {size_text(sizes[at]): [line[at] for line in values] for at in range(len(sizes))}}
