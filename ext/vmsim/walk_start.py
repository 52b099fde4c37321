"""Where a walk begins: at the table that CR3 leads to, or at one that a paging-structure cache leads to.

Source: Intel SDM volume 3, "Using the Paging-Structure Caches to Translate Linear Addresses".
"""

from vmsim import bits
from vmsim.entries import Entry
from vmsim.paging import PAE
from vmsim.trace import WalkStep
from vmsim.value import FieldError, Value

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


def pdpte_register(processor: "Processor", table: int, linear_address: int) -> WalkStep:
    """The step to the PDPTE register that bits 31:30 select; FieldError where the registers were not loaded."""
    pdptes = processor.pdptes
    if not pdptes:
        raise FieldError("pdptes", pdptes, "four PDPTEs, for paging is PAE; load_pdptes reads them")
    index = PAE.index(linear_address, 3)
    return WalkStep(table, index, table + index * bits.ENTRY_SIZE, Entry(3, pdptes[index], PAE), (), 0)
