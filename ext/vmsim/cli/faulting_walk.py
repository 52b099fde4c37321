"""The walk for the address of a fault, through the memory of the machine that it happened on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from vmsim import Access, Processor, _build
from vmsim.cli import elf_core, image, monitor
from vmsim.cli.explanation import Explanation, Line, Settings
from vmsim.cli.readers import page_fault
from vmsim.cli.walk_text import walk_lines
from vmsim.paging import PAE
from vmsim.value import FieldError

_CODE = re.compile(r"#PF: error_code\(0x([0-9a-fA-F]+)\)")


def faulting_walk(text: str, path: Path, settings: Settings) -> Explanation:
    """The walk for CR2 from the CR3 that the text tells, or else the dump; the access is that of its #PF error code.

    Raises FieldError for what is missing or cannot be; OSError where the image cannot be read.
    """
    if elf_core.is_dump(path):
        memory, cpus = elf_core.opened(path)
    else:
        memory, cpus = image.raw(path, 0), ()
    told = {**(cpus[0] if cpus else {}), **(monitor.read(text) or ({},))[0]}
    for name in ("cr2", "cr3"):
        if name not in told:
            raise FieldError(name, None, f"text with {name.upper()} in it, as an oops or `info registers` has it")
    registers: dict[str, Any] = {name: value for name, value in told.items() if name in Processor._fields}
    processor = Processor(maxphyaddr=settings.maxphyaddr, **registers)
    if processor.paging == PAE:
        raise FieldError("paging", processor.paging.name, "another mode; vmsim walk loads the PDPTE registers")
    code = _CODE.search(text)
    access = page_fault.access(int(code[1], 16)) if code else Access("read", told.get("cpl", 0))
    walk = _build.compiled().translate(memory, processor, access, told["cr2"], None)
    first, *rest = walk_lines(walk)
    return Explanation(first, tuple(Line(line, "") for line in rest))
