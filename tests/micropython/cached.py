"""Accesses with the caches on and what invalidates them, and every trace as text.

The same file runs in CPython (imported by a test) and in MicroPython (by run.mjs).
"""

import json

from cases import shown

from vmsim import Access, Ept, Memory, Processor, bits, cache_operations, compose
from vmsim.caches import access_memory
from vmsim.logical_processor import CacheGeometry, LogicalProcessor, empty_caches
from vmsim.set_associative import Geometry
from vmsim.vmcs import CR4_PCIDE

CR3 = 0x1000
LEADS = {"P": 1, "R/W": 1, "U/S": 1}
CR4 = bits.CR4_PAE | bits.CR4_PGE | CR4_PCIDE


def tables():
    """Two pages, the second one global; EPT maps the first 2 MiB to themselves."""
    memory = Memory({0x1000 * n: compose(5 - n, 0x1000 * (n + 1), LEADS) for n in range(1, 5)})
    memory.write(0x4008, compose(1, 0x6000, {"P": 1, "U/S": 1, "G": 1}))
    for address, value in ((0x10_0000, 0x10_1007), (0x10_1000, 0x10_2007), (0x10_2000, 0xB7)):
        memory.write(address, value)
    return memory


def run(text):
    """``text``: a JSON list of [policy, EPTP or null, steps]; a step is [operation, operands …] or [kind, address]."""
    results = []
    for policy, eptp, steps in json.loads(text):
        geometry = CacheGeometry((Geometry(1, 2, policy),), (Geometry(2, 2, policy),) * 4, Geometry(1, 2, policy))
        ept = None if eptp is None else Ept(eptp)
        core = LogicalProcessor(Processor(CR3, cr4=CR4), ept, 1, empty_caches(geometry))
        memory = tables()
        for name, *operands in steps:
            if name in ("read", "write", "fetch"):
                event, core = access_memory(memory, core, Access(name), *operands)
                memory.apply(event)
            elif name == "edit":
                memory.write(*operands)
                continue
            else:
                event, core = getattr(cache_operations, name)(core, *operands)
            results.append(shown(event))
        results.append(shown(core.caches))
    return results
