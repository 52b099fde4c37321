"""Where a walk begins: at the table that CR3 leads to, or at one that a paging-structure cache leads to.

Source: Intel SDM volume 3, "Using the Paging-Structure Caches to Translate Linear Addresses".
"""

from vmsim.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.processor import Processor


class WalkStart(Value):
    """The first table to read, its level (1: a page table), and the rights of the entries above it together.

    ``referrer`` names, in an error, what leads to the table: ``CR3``, or ``cached PDE``.
    """

    _fields = ("level", "table", "writable", "user", "execute_disable", "referrer")
    level: int
    table: int
    writable: bool = True
    user: bool = True
    execute_disable: bool = False
    referrer: str = "CR3"


def at_cr3(processor: "Processor") -> WalkStart:
    """The table that CR3 holds the address of; of PAE paging's level 3, where the PDPTE registers were loaded from."""
    mode = processor.paging
    return WalkStart(mode.levels, processor.cr3 & mode.base)
