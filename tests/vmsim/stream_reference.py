"""A stream traced access by access, by ``caches.py`` and ``shadow.py``, counted as ``Counts`` counts."""

from types import SimpleNamespace

from vmsim import GeneralProtection, PageFault, Processor, Translation, _build, bits, stream_loop
from vmsim.caches import access_memory
from vmsim.logical_processor import LogicalProcessor, empty_caches
from vmsim.shadow import ShadowMmu
from vmsim.shadow_trace import REFLECTED
from vmsim.stream import Counts, shape_of

HITS = {
    "TLB": "dtlb_hits", "second-level TLB": "stlb_hits", "PDE cache": "pde_hits", "PDPTE cache": "pdpte_hits",
    "PML4 cache": "pml4e_hits", "PML5 cache": "pml5e_hits",
}  # fmt: skip
SHADOW_TABLES = 1 << 36


def traced(translate, memory, processor, access, addresses, geometry, ept=None):
    """Counts of the references, native or nested."""
    core = LogicalProcessor(processor, ept, 0, empty_caches(geometry))
    found = dict.fromkeys(Counts._fields, 0)
    for address in addresses:
        event, core = access_memory(memory, core, access, address, translate)
        memory.apply(event)
        count(found, event)
        found["accesses"] += 1
        if isinstance(event.result, (PageFault, GeneralProtection)):
            found["faults"] += 1
        elif not isinstance(event.result, Translation):
            found["exits"] += 1
    return finished(found)


def traced_shadow(translate, guest, processor, access, addresses, geometry):
    """Counts of the references of a guest that is run with shadow paging: the caches are in front of its tables."""
    mmu = ShadowMmu(guest.host, guest, processor, SHADOW_TABLES)
    hardware = mmu.hardware
    core = LogicalProcessor(hardware, None, 0, empty_caches(geometry))
    found = dict.fromkeys(Counts._fields, 0)
    for address in addresses:
        found["accesses"] += 1
        while True:
            event, core = access_memory(guest.host, core, access, address, translate)
            guest.host.apply(event)
            count(found, event)
            if isinstance(event.result, GeneralProtection):
                found["faults"] += 1
            if not isinstance(event.result, PageFault):
                break
            found["exits"] += 1
            if mmu.fault(access, address).did == REFLECTED:
                found["faults"] += 1
                break
    return finished(found)


def count(found, event):
    """What one access added."""
    if event.hit:
        found[HITS[event.hit]] += 1
    found["checksum"] += event.host_physical_address or 0
    if event.walk is None or not event.lookups:
        return
    found["walks"] += 1
    found["entries_read"] += len(event.walk.steps)
    found["ept_entries_read"] += event.entries_read - len(event.walk.steps)


def finished(found):
    """The counts, their checksum modulo 2^64."""
    return Counts(**found | {"checksum": found["checksum"] & bits.MAX_64})


def processor_for(levels, **registers):
    """A processor in 64-bit mode, its first table at 0x1000."""
    cr4 = bits.CR4_PAE | (bits.CR4_LA57 if levels == 5 else 0)
    return Processor(cr3=0x1000, cr4=cr4 | registers.pop("cr4", 0), **registers)


def loops(tables, geometry):
    """Each loop that does them: the source, compiled, and with SIMD in each way that this processor has."""
    yield stream_loop
    yield _build.extension("stream_loop")
    simd = _build.extension("stream_simd")
    if simd.does(shape_of(geometry, tables)[0]):
        for variant in range(1, simd.FASTEST + 1):
            name = ("", "AVX2", "AVX-512")[variant]
            yield SimpleNamespace(__name__=name, Run=lambda *given, v=variant: simd.Run(*given, v), take=simd.take)
