"""What translation costs for working sets of many sizes, as plain values: whoever draws it counts nothing.

Glossary
    Setup   what is walked: native, nested or shadow, sizes of pages, with or without paging-structure caches
    Sweep   setups, working sets, and the references that are made to each
    Line    one setup, with the counts for each working set
    Swept   a whole sweep and its lines
"""

from vmsim import bits
from vmsim.logical_processor import CacheGeometry
from vmsim.set_associative import Geometry
from vmsim.stream_counts import Costs, Counts
from vmsim.value import FieldError, Value, check_choice, check_integer

NATIVE, NESTED, SHADOW = MODES = ("native", "nested", "shadow")
UNIFORM, SEQUENTIAL, PAGES, CHASE = PATTERNS = ("uniform", "sequential", "pages", "chase")
ENTRIES, MISSES, CYCLES, EXITS = MEASURES = ("entries read", "TLB misses", "cycles", "exits")
SMALLEST, LARGEST = bits.FRAME, 1 << 36
MOST_SETUPS, MOST_SIZES, MOST_REFERENCES = 6, 25, 1 << 25


class Setup(Value):
    """``ept_page_size`` is "" unless ``mode`` is "nested"; page sizes are "4 KiB", "2 MiB", "1 GiB"."""

    _fields = ("mode", "page_size", "ept_page_size", "structure_caches")
    mode: str = NATIVE
    page_size: str = "4 KiB"
    ept_page_size: str = ""
    structure_caches: bool = True

    def _check(self) -> None:
        check_choice("mode", self.mode, MODES)
        check_choice("page_size", self.page_size, bits.PAGE_SIZES[1:])
        check_choice("ept_page_size", self.ept_page_size, bits.PAGE_SIZES[1:] if self.mode == NESTED else ("",))

    @property
    def translated(self) -> int:
        """Bytes that a TLB entry covers: of a nested page the smaller of the two, of a shadowed page the host's."""
        size = bits.reach(bits.page_level(self.page_size))
        if self.mode == SHADOW:
            return bits.FRAME
        return min(size, bits.reach(bits.page_level(self.ept_page_size))) if self.mode == NESTED else size


class Sweep(Value):
    """``working_sets`` in bytes: powers of 2 from 2^12 to 2^36, rising. ``pattern``: one of PATTERNS.

    ``accesses`` are counted at each, 1024 to 2^20, after as many that are not. Raises FieldError for what cannot be.
    """

    _fields = ("setups", "working_sets", "pattern", "accesses", "tlbs", "costs")
    setups: "tuple[Setup, ...]"
    working_sets: "tuple[int, ...]"
    pattern: str = UNIFORM
    accesses: int = 1 << 15
    tlbs: "tuple[Geometry, ...]" = CacheGeometry.tlbs
    costs: Costs = Costs()

    def _check(self) -> None:
        check_integer("setups", len(self.setups), 1, MOST_SETUPS)
        check_integer("working_sets", len(self.working_sets), 1, MOST_SIZES)
        check_choice("pattern", self.pattern, PATTERNS)
        check_integer("accesses", self.accesses, 1 << 10, 1 << 20)
        check_integer("tlbs", len(self.tlbs), 1, 2)
        before = 0
        for size in self.working_sets:
            check_integer("working_sets", size, max(SMALLEST, before + 1), LARGEST)
            if size & size - 1:
                raise FieldError("working_sets", size, "powers of 2")
            before = size
        most = MOST_REFERENCES // (2 * len(self.setups) * len(self.working_sets))
        check_integer("accesses", self.accesses, 1 << 10, most)
        for at in range(len(self.setups)):
            if self.setups[at] in self.setups[:at]:
                same = f"the same as {self.setups.index(self.setups[at])}"
                raise FieldError(f"setups/{at}", same, "one that differs from those before it")


class Line(Value):
    """One setup; ``counts`` for each of the sweep's working sets, of the accesses that are counted."""

    _fields = ("setup", "counts")
    setup: Setup
    counts: "tuple[Counts, ...]"


class Swept(Value):
    """A whole sweep: a line for each of its setups."""

    _fields = ("sweep", "lines")
    sweep: Sweep
    lines: "tuple[Line, ...]"


def total(measure: str, counts: Counts, costs: Costs) -> int:
    """How many of that there were in all accesses together; ``measure`` is one of MEASURES."""
    if measure == ENTRIES:
        return counts.entries_read + counts.ept_entries_read
    if measure == MISSES:
        return counts.accesses - counts.dtlb_hits - counts.stlb_hits
    return counts.exits if measure == EXITS else counts.cycles(costs)


def millionths(measure: str, counts: Counts, costs: Costs) -> int:
    """The same for one access, in millionths, rounded."""
    return (2_000_000 * total(measure, counts, costs) + counts.accesses) // (2 * counts.accesses)


def tlb_reaches(setup: Setup, tlbs: "tuple[Geometry, ...]") -> "tuple[int, ...]":
    """Bytes that each TLB covers when it is full."""
    return tuple(one.sets * one.ways * setup.translated for one in tlbs)
