"""Computed text about what a processor does: entries that a walk reads, VMXON, exceptions during a delivery."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

from notekit.exit_names import NONE
from vmsim import exceptions, paging, vmxon
from vmsim.value import FieldError, check_choice
from vmview import ept_walk, page_walk
from vmview.exit_event import VECTORS

_SIZES = ("4 KiB", "2 MiB", "1 GiB")
_CLASSES = (exceptions.BENIGN, exceptions.CONTRIBUTORY, exceptions.PAGE_FAULT, exceptions.DOUBLE_FAULT)
_COMES_TO = {exceptions.SERIALLY: NONE, exceptions.DOUBLE: "#DF", exceptions.TRIPLE: "triple fault"}
# Of a walk without any fault the address decides nothing.
_ADDRESS = 0x7F12_3456_7ABC


def entries_read(page_size: str, ept_page_size: str = "", levels: int = 4, ept_levels: int = 4) -> str:
    """``entries_read("4 KiB", "2 MiB")``: 19, how many entries one translation reads that nothing has cached.

    Without ``ept_page_size`` there is no EPT. Levels are 4 or 5.
    """
    for name, count in (("levels", levels), ("ept_levels", ept_levels)):
        check_choice(name, count, (4, 5))
    check_choice("page_size", page_size, _SIZES)
    body: dict[str, Any] = {"linear_address": _ADDRESS, "page_size": page_size, "cr4_la57": levels - 4}
    if not ept_page_size:
        return str(len(page_walk.run(body).steps))
    check_choice("ept_page_size", ept_page_size, _SIZES)
    walk = ept_walk.run(body | {"ept_page_size": ept_page_size, "ept_levels": ept_levels})
    return str(ept_walk.outcome(walk)["translation"]["entries_read"])


@cache
def vmxon_rows() -> str:
    """``vmxon_rows()``: rows of a table of IA32_FEATURE_CONTROL, one for each state of its bits 2, 1 and 0.

    The bits, the value of the MSR, and what VMXON comes to outside SMX operation and inside it.
    """
    rows = []
    for outside, inside, lock in product((0, 1), repeat=3):
        value = outside * vmxon.VMXON_OUTSIDE_SMX | inside * vmxon.VMXON_INSIDE_SMX | lock * vmxon.LOCK
        ends = [vmxon.execute(vmxon.Vmxon(feature_control=value, in_smx=smx)).result for smx in (False, True)]
        rows.append(f"| {outside} | {inside} | {lock} | {value} | {ends[0]} | {ends[1]} |")
    return "\n".join(rows)


def pair_of(first: str, second: str) -> str:
    """``pair_of("contributory", "contributory")``: #DF, what ``second`` raised while ``first`` is delivered comes to.

    Each is a mnemonic (#PF) or a class: benign, contributory, page fault, double fault. A dash where both are delivered
    one after the other; ``triple fault`` where the processor shuts down.
    """
    ends = {exceptions.deliver(one, other).result for one, other in product(_vectors(first), _vectors(second))}
    if len(ends) > 1:
        raise FieldError("second", second, "a class that comes to one end after the first; these differ")
    return _COMES_TO[ends.pop()]


def exceptions_of(class_name: str) -> str:
    """``exceptions_of("contributory")``: #DE, #TS, #NP, #SS, #GP, #CP, each as code; the exceptions of that class."""
    check_choice("class_name", class_name, _CLASSES)
    return " ".join(f"`{name}`" for name, vector in VECTORS.items() if vector in _vectors(class_name))


@cache
def paging_rows() -> str:
    """``paging_rows()``: rows of a table of paging modes: name, levels, index bits of each level, entry size, pages."""
    rows = []
    for mode in (paging.PAGING_32_PSE, paging.PAE, paging.LEVEL_4, paging.LEVEL_5):
        indices = []
        for level in range(mode.levels, 0, -1):
            low = mode.low_bit(level)
            indices.append(f"{min(low + mode.index_width, mode.linear_width) - 1}:{low}")
        sizes = [_size(mode.reach(level)) for level in (1, *mode.large_levels)]
        name = mode.name.split(",")[0]
        rows.append(f"| {name} | {mode.levels} | {' '.join(indices)} | {mode.entry_size} | {' '.join(sizes)} |")
    return "\n".join(rows)


def _size(number: int) -> str:
    return {12: "4K", 21: "2M", 22: "4M", 30: "1G"}[number.bit_length() - 1]


def _vectors(name: str) -> tuple[int, ...]:
    if name in _CLASSES:
        return tuple(vector for vector in VECTORS.values() if exceptions.exception_class(vector) == name)
    check_choice("exception", name, (*_CLASSES, *VECTORS))
    return (VECTORS[name],)
