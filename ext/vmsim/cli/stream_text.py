"""The counts of a stream in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmsim.stream import Costs, Counts
from vmsim.value import hexadecimal


def lines(name: str, about: Mapping[str, str], counts: Counts, costs: Costs) -> list[str]:
    """Events of a kind a line: how many, and their share of the references, or for each walk or reference."""
    found = counts
    at_root = found.walks - found.pde_hits - found.pdpte_hits - found.pml4e_hits - found.pml5e_hits
    rows = [
        ("dTLB hits", found.dtlb_hits, found.accesses),
        ("second-level TLB hits", found.stlb_hits, found.accesses),
        ("page walks", found.walks, found.accesses),
        ("  from a cached PDE", found.pde_hits, found.accesses),
        ("  from a cached PDPTE", found.pdpte_hits, found.accesses),
        ("  from a cached PML4E", found.pml4e_hits, found.accesses),
        ("  from a cached PML5E", found.pml5e_hits, found.accesses),
        ("  from CR3", at_root, found.accesses),
        ("entries read", found.entries_read, found.walks),
        ("EPT entries read", found.ept_entries_read, found.walks),
        ("faults", found.faults, found.accesses),
        ("exits", found.exits, found.accesses),
        ("cycles", found.cycles(costs), found.accesses),
    ]
    told = [f"{_shown(name)}: {found.accesses:,} references, {about['mode']}, pages {_of(about['page_size'])}"]
    told += [_line(title, count, whole) for title, count, whole in rows if count or not title.startswith("  ")]
    return [*told, f"  {'checksum':24}{hexadecimal(found.checksum):>20}"]


def as_json(name: str, about: Mapping[str, str], counts: Counts, costs: Costs) -> dict[str, Any]:
    """The same as data; the checksum in hexadecimal, for it has 64 bits."""
    found: dict[str, Any] = {"file": name, **about}
    found |= {field: getattr(counts, field) for field in counts._fields}
    return found | {"checksum": hexadecimal(counts.checksum), "cycles": counts.cycles(costs)}


def _line(title: str, count: int, whole: int) -> str:
    if not whole:
        share = ""
    elif "entries" in title:
        share = f"{count / whole:10.2f} a walk"
    elif title == "cycles":
        share = f"{count / whole:10.2f} a reference"
    else:
        share = f"{100 * count / whole:10.2f} %"
    return f"  {title:24}{count:20,}{share}"


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name


def _of(size: str) -> str:
    return size if size.startswith("of ") else f"of {size}"
