"""Stories: what a guest does with its memory, told once and run twice, with shadow paging and with EPT.

    >>> from vmsim.shadow_operation import Operation
    >>> from vmsim.shadow_story import Story, run
    >>> trace = run(Story((Operation("map", 0x400000), Operation("read", 0x400000), Operation("read", 0x400000))))
    >>> trace.steps[2].shadow.exits
    ()

``run`` is pure: the same story gives the same trace.
"""

from vmsim import bits
from vmsim.processor import Access, Processor
from vmsim.shadow_guest import Kernel, first_cr3
from vmsim.shadow_machine import EptMachine, Machine, ShadowMachine
from vmsim.shadow_memory import Slot
from vmsim.shadow_operation import ACCESSES, EDITS, FROM_CR3, INVLPG, INVPCID, TO_CR3, WP, Operation
from vmsim.shadow_trace import Outcome, Step, Trace
from vmsim.value import FieldError, Value, check_integer, replace

MEMORY = 0x100_0000


class Space(Value):
    """An address space: a name, and the process-context identifier in bits 11:0 of its CR3, 0 to 4095."""

    _fields = ("name", "pcid")
    name: str = "a"
    pcid: int = 0

    def _check(self) -> None:
        check_integer("pcid", self.pcid, 0, 0xFFF)


class Story(Value):
    """A guest, and what it does.

    ``spaces``: its address spaces; it starts in the first. ``mapped``: ``map`` operations that are done in the first
    before the story begins, without an exit. ``isolation``: page-table isolation; each space has a second CR3,
    ``NAME/user``, whose top table is the next frame, with the user half alone. ``processor``: the guest's registers
    but for CR3. ``pcide``: CR4.PCIDE. ``limit``: most shadow pages, 64 or more. ``slots``: where the host keeps the
    guest's memory, which has ``MEMORY`` bytes.
    """

    _fields = ("operations", "spaces", "mapped", "isolation", "pcide", "processor", "limit", "slots")
    operations: "tuple[Operation, ...]"
    spaces: "tuple[Space, ...]" = (Space(),)
    mapped: "tuple[Operation, ...]" = ()
    isolation: bool = False
    pcide: bool = False
    processor: Processor = Processor(0)
    limit: int = 1 << 20
    slots: "tuple[Slot, ...]" = (Slot(0, MEMORY, 0x1_0000_0000),)


def run(story: Story) -> Trace:
    """What the story comes to. FieldError, its field ``operations/3/…``, for what the guest cannot do."""
    registers = replace(story.processor, cr3=first_cr3(story.spaces[0].pcid))
    shadow = ShadowMachine(registers, story.slots, story.pcide, story.limit)
    kernels = [start(story, machine) for machine in (shadow, EptMachine(registers, story.slots, story.pcide))]
    steps = []
    for number in range(len(story.operations)):
        operation = story.operations[number]
        try:
            outcomes = [perform(kernel, operation) for kernel in kernels]
        except FieldError as error:
            raise FieldError(f"operations/{number}/{error.field}", error.value, error.allowed) from None
        steps.append(Step(operation, outcomes[0], outcomes[1], len(shadow.mmu.pages.active)))
    return Trace(tuple(steps))


def start(story: Story, machine: Machine) -> Kernel:
    """A guest on that machine whose tables are as they are before the story."""
    kernel = Kernel(machine, tuple((one.name, one.pcid) for one in story.spaces), story.isolation)
    for number in range(len(story.mapped)):
        try:
            _edit(kernel, story.mapped[number])
        except FieldError as error:
            raise FieldError(f"mapped/{number}/{error.field}", error.value, error.allowed) from None
    kernel.running = True
    return kernel


def perform(kernel: Kernel, operation: Operation) -> Outcome:
    """What comes of one operation on the kernel's machine, whose state it changes."""
    machine, kind = kernel.machine, operation.kind
    if kind in ACCESSES:
        return _access(machine, operation)
    if kind in EDITS:
        _edit(kernel, operation)
    elif kind == TO_CR3:
        if operation.keep and not machine.pcide:
            raise FieldError("keep", True, "False: bit 63 of CR3 is reserved where CR4.PCIDE is 0")
        machine.mov_to_cr3(kernel.cr3(operation.space), operation.keep)
    elif kind == FROM_CR3:
        machine.mov_from_cr3()
    elif kind == INVLPG:
        for number in range(operation.pages):
            machine.invlpg(operation.address + number * bits.FRAME)
    elif kind == INVPCID:
        machine.invpcid(kernel.cr3(operation.space) & 0xFFF)
    elif kind == WP:
        machine.set_wp(operation.value)
    else:
        machine.change_slots()
    return machine.take()


def _access(machine: Machine, operation: Operation) -> Outcome:
    """All accesses of an operation, or those up to the first that faults."""
    access = Access(operation.kind, operation.cpl)
    for _time in range(operation.times):
        for number in range(operation.pages):
            address, fault = machine.access(access, operation.address + number * bits.FRAME)
            if fault is not None:
                return machine.take(None, fault)
    return machine.take(address)


def _edit(kernel: Kernel, operation: Operation) -> None:
    level = bits.page_level(operation.page_size)
    size = bits.reach(level)
    for number in range(operation.pages):
        frame = operation.page_frame if operation.page_frame < 0 else operation.page_frame + number * size
        kernel.edit(operation.kind, operation.address + number * size, frame, operation.flags, level)
