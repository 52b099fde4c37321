"""Computed text beside plots: how far a cache reaches, and what translation costs at one size of working set.

The same sweep as a plot's of the same accesses, so that both say the same.
"""

from __future__ import annotations

from vmsim import bits
from vmsim.logical_processor import STRUCTURE_NAMES, TLB_NAMES, CacheGeometry
from vmsim.stream_sweep import run
from vmsim.sweep_trace import MEASURES, NESTED, Setup, Sweep, millionths
from vmsim.value import check_choice
from vmview.plot_axes import decimal
from vmview.plot_spec import SIZES, size_text

_STRUCTURES = {STRUCTURE_NAMES[level]: level for level in range(2, len(STRUCTURE_NAMES))}


def cache_reach(structure: str, page_size: str = "4 KiB") -> str:
    """``cache_reach("second-level TLB")``: 6 MiB, how much memory the entries of a cache translate together.

    Of the TLBs it depends on the page size. The geometry is the modelled processor's.
    """
    check_choice("structure", structure, TLB_NAMES + tuple(_STRUCTURES))
    check_choice("page_size", page_size, bits.PAGE_SIZES[1:])
    if structure in TLB_NAMES:
        shape, reach = CacheGeometry.tlbs[TLB_NAMES.index(structure)], bits.reach(bits.page_level(page_size))
    else:
        level = _STRUCTURES[structure]
        found = CacheGeometry.structures[level - 2]
        assert found is not None, structure
        shape, reach = found, bits.reach(level)
    return size_text(shape.sets * shape.ways * reach)


def per_access(
    measure: str,
    working_set: str,
    mode: str = "native",
    page_size: str = "4 KiB",
    ept_page_size: str = "",
    structure_caches: bool = True,
) -> str:
    """``per_access("entries read", "1 GiB", "nested")``: 13.6, as the plot of uniform accesses has it.

    ``measure`` is what a plot may show, ``working_set`` a size that it may begin with.
    """
    check_choice("measure", measure, MEASURES)
    check_choice("working_set", working_set, tuple(SIZES))
    setup = Setup(mode, page_size, ept_page_size or ("4 KiB" if mode == NESTED else ""), bool(structure_caches))
    swept = run(Sweep((setup,), (SIZES[working_set],)))
    return decimal(millionths(measure, swept.lines[0].counts[0], swept.sweep.costs))
