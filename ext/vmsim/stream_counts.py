"""What comes of a stream: counts, and the cycles that they cost under a stated table."""

from vmsim.value import Value, check_integer


class Counts(Value):
    """What a stream came to; all are numbers of events but for the checksum.

    ``accesses``: references. ``dtlb_hits`` and ``stlb_hits``: those that the first TLB answered, and the second.
    ``walks``: page walks; ``pde_hits`` and so on: those that began at an entry of that paging-structure cache, the most
    specific one that had any. ``entries_read``: entries of the tables that CR3 leads to (the guest's own, or the shadow
    tables) that were read; ``ept_entries_read``: of EPT. ``faults``: what the program gets (#PF, or #GP for an address
    that is not canonical). ``exits``: VM exits, by EPT violations and misconfigurations, or by faults in shadow tables.
    ``checksum``: the sum of the physical addresses (host-physical, for a guest) that the references went to, modulo
    2^64.
    """

    _fields = (
        "accesses", "dtlb_hits", "stlb_hits", "pde_hits", "pdpte_hits", "pml4e_hits", "pml5e_hits", "walks",
        "entries_read", "ept_entries_read", "faults", "exits", "checksum",
    )  # fmt: skip
    accesses: int
    dtlb_hits: int
    stlb_hits: int
    pde_hits: int
    pdpte_hits: int
    pml4e_hits: int
    pml5e_hits: int
    walks: int
    entries_read: int
    ept_entries_read: int
    faults: int
    exits: int
    checksum: int

    def cycles(self, costs: "Costs | None" = None) -> int:
        """What translating cost beyond the accesses themselves."""
        costs = costs or Costs()
        return (
            self.dtlb_hits * costs.dtlb_hit
            + self.stlb_hits * costs.stlb_hit
            + self.walks * costs.walk
            + (self.entries_read + self.ept_entries_read) * costs.entry
            + self.faults * costs.fault
            + self.exits * costs.exit
        )


class Costs(Value):
    """Cycles for each event of that kind, 0 to 2^32 - 1. They are a declared table, and no measurement.

    ``dtlb_hit`` 0: it is part of a load's own latency. ``stlb_hit`` 7: the weight of DTLB_LOAD_MISSES.STLB_HIT in
    ``tma_dtlb_load``, a metric of Linux' perf (tools/perf/pmu-events/arch/x86). The others are declared: ``walk`` 0,
    what a walk costs beside the entries that it reads; ``entry`` 14, as much as a read from a second-level data cache;
    ``fault`` 1000 and ``exit`` 2000, an exception and a VM exit with the software that handles them, by order of
    magnitude.
    """

    _fields = ("dtlb_hit", "stlb_hit", "walk", "entry", "fault", "exit")
    dtlb_hit: int = 0
    stlb_hit: int = 7
    walk: int = 0
    entry: int = 14
    fault: int = 1000
    exit: int = 2000

    def _check(self) -> None:
        for name in self._fields:
            check_integer(name, getattr(self, name), 0, (1 << 32) - 1)
