"""vmsim: what an x86 processor does to translate an address, step by step.

    >>> from vmsim import Access, Memory, Processor, translate
    >>> walk = translate(Memory(), Processor(cr3=0x1000), Access("read", cpl=3), 0x7F12_3456_7ABC)
    >>> walk.result
    PageFault(error_code=4, rules=('not-present',), linear_address=0x7f1234567abc)

``translate`` is the compiled walker; ``build`` says which one it is (see ``vmsim._build``).
"""

from vmsim import _build
from vmsim.entries import Entry, Reserved, compose
from vmsim.ept_trace import EptMisconfiguration, EptStep, EptTranslation, EptViolation, EptWalk
from vmsim.eptp import Ept
from vmsim.faults import RULES, GeneralProtection, PageFault, StackFault
from vmsim.memory import Memory
from vmsim.processor import FETCH, READ, WRITE, Access, Processor
from vmsim.trace import AddressField, PdpteLoad, Rights, Translation, Walk, WalkStep
from vmsim.value import FieldError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.walker import COMPILED, load_pdptes, translate, translate_bytes
else:
    _walker = _build.choose()
    translate = _walker.translate
    translate_bytes = _walker.translate_bytes
    load_pdptes = _walker.load_pdptes
    COMPILED = _walker.COMPILED

build = "compiled" if COMPILED else "interpreted"

__all__ = [
    "FETCH",
    "READ",
    "RULES",
    "WRITE",
    "Access",
    "AddressField",
    "Entry",
    "Ept",
    "EptMisconfiguration",
    "EptStep",
    "EptTranslation",
    "EptViolation",
    "EptWalk",
    "FieldError",
    "GeneralProtection",
    "Memory",
    "PageFault",
    "PdpteLoad",
    "Processor",
    "Reserved",
    "Rights",
    "StackFault",
    "Translation",
    "Walk",
    "WalkStep",
    "build",
    "compose",
    "load_pdptes",
    "translate",
    "translate_bytes",
]
