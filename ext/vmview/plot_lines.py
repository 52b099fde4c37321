"""What a plot is of: a sweep and its measure; what its lines are called, and how each looks."""

from vmsim.sweep_trace import Swept, millionths, tlb_reaches
from vmsim.value import Value
from vmview.plot_spec import LINEAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.sweep_trace import Setup

    Words = dict[str, str]


class Plotted(Value):
    """A sweep that was counted, which of its measures is drawn, and on which scale: "linear" or "log"."""

    _fields = ("swept", "measure", "scale")
    swept: Swept
    measure: str
    scale: str = LINEAR

    @property
    def values(self) -> "tuple[tuple[int, ...], ...]":
        """For each line the values in millionths, one for each working set."""
        costs = self.swept.sweep.costs
        return tuple(tuple(millionths(self.measure, one, costs) for one in line.counts) for line in self.swept.lines)


def setup_names(swept: Swept, words: "Words") -> "tuple[str, ...]":
    """What tells the lines apart, for each of them."""
    parts = [parts_of(line.setup, words) for line in swept.lines]
    differing = [at for at in range(len(parts[0])) if not is_alike(parts, at)] or [0, 1]
    if 2 in differing:
        # The size of EPT's pages says that there is EPT.
        parts = [(words["guest"] if one[2] else one[0],) + one[1:] for one in parts]
    return tuple(words["comma"].join([one[at] for at in differing if one[at]]) for one in parts)


def is_alike(parts: "list[tuple[str, ...]]", at: int) -> bool:
    """Whether all lines that have that part have the same."""
    return len({one[at] for one in parts if one[at]}) < 2


def parts_of(setup: "Setup", words: "Words") -> "tuple[str, ...]":
    """All that may tell a line from another, each in words; "" for what it has not."""
    return (
        words[setup.mode],
        words["pages"].format(size=setup.page_size),
        words["EPT pages"].format(size=setup.ept_page_size) if setup.ept_page_size else "",
        words["caches" if setup.structure_caches else "no caches"],
    )


def look(at: int) -> "tuple[int, int, int]":
    """Dash, marker and accent of a line, by which it is told from others."""
    return at, at, 5 - at if at < 5 else 0


def marked(swept: Swept) -> "list[int]":
    """The TLB reach of every size of page, each once, smallest first, as far as it lies on the plot."""
    first, last = swept.sweep.working_sets[0], swept.sweep.working_sets[-1]
    every = {size for line in swept.lines for size in tlb_reaches(line.setup, swept.sweep.tlbs)}
    return sorted(size for size in every if first <= size <= last)
