"""A guest's processor under KVM, twice: with shadow paging and with EPT. Each notes the exits that it costs.

What the processor finds in the tables is found by ``vmsim.translate``, what exits is decided by ``vmsim.vmx`` from the
controls that KVM sets. Source: Linux ``arch/x86/kvm/vmx/vmx.c`` (``vmx_exec_control``,
``vmx_update_exception_bitmap``, ``vmx_l1_guest_owned_cr0_bits``); ``mmu/mmu.c`` (``kvm_tdp_page_fault``).
"""

from vmsim import bits, exceptions, translate
from vmsim.ept_mapping import EptTables
from vmsim.ept_trace import EptViolation
from vmsim.eptp import Ept
from vmsim.events import event_of
from vmsim.memory import Memory
from vmsim.processor import READ, WRITE, Access, Processor
from vmsim.shadow import ShadowMmu
from vmsim.shadow_memory import GuestMemory, Slot
from vmsim.shadow_trace import EMULATED, MAPPED, READ_CR3, REFLECTED, Exit, Handled, Outcome, guest_fault
from vmsim.trace import Translation
from vmsim.value import FieldError, replace
from vmsim.vmcs import CR0_TS, Guest, vmcs
from vmsim.vmx import Instruction, VmExit, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.events import Event
    from vmsim.shadow_trace import GuestFaultResult
    from vmsim.trace import Walk
    from vmsim.vmcs import Vmcs

    Reached = tuple[int | None, GuestFaultResult | None]

_EXCEPTIONS = 1 << exceptions.UD | 1 << exceptions.MC | 1 << exceptions.DB | 1 << exceptions.AC
# The bits of CR0 that the guest owns; the others exit where they change.
_MASK, _MASK_EPT = bits.MAX_64 & ~CR0_TS, bits.MAX_64 & ~(CR0_TS | bits.CR0_WP)
SHADOW_CONTROLS = vmcs(
    ("CR3-load exiting", "CR3-store exiting", "INVLPG exiting", "enable VPID", "enable INVPCID"),
    exception_bitmap=_EXCEPTIONS | 1 << exceptions.PF,
    cr0_guest_host_mask=_MASK,
)
EPT_CONTROLS = vmcs(
    ("enable EPT", "unrestricted guest", "enable VPID", "enable INVPCID"),
    exception_bitmap=_EXCEPTIONS,
    cr0_guest_host_mask=_MASK_EPT,
)
# Where the host keeps what is its own: shadow tables, EPT tables.
HOST_TABLES = 0x10_0000_0000
_WRITE_BACK, _WALK_4 = 6, 3 << bits.EPTP_WALK_LENGTH_SHIFT


class Machine:
    """What both have in common: the guest's memory and registers, and the exits since ``take`` was last called."""

    controls: "Vmcs"

    def __init__(self, processor: Processor, slots: "tuple[Slot, ...]", pcide: bool) -> None:
        self.host = Memory()
        self.guest = GuestMemory(self.host, slots)
        self.processor = processor
        self.pcide = pcide
        self.exits: list[Exit] = []
        self.accesses = 0

    # Each hypervisor gives the methods that raise NotImplementedError: MicroPython has no abc.

    def access(self, access: Access, linear_address: int, value: "int | None" = None) -> "Reached":
        """One access, which writes the 8 bytes ``value`` if that is given.

        The host-physical address it goes to, and None; or None, and the fault that the guest gets.
        """
        raise NotImplementedError

    def load(self, linear_address: int) -> int:
        """The 8 bytes that the guest kernel reads at an address that it has mapped."""
        address, fault = self.access(Access(READ, 0), linear_address)
        if address is None:
            raise FieldError("linear_address", linear_address, f"an address that the kernel may read, not {fault}")
        return self.host.read(address)

    def store(self, linear_address: int, value: int) -> None:
        """The guest kernel writes 8 bytes at an address that it has mapped."""
        address, fault = self.access(Access(WRITE, 0), linear_address, value)
        if address is None:
            raise FieldError("linear_address", linear_address, f"an address that the kernel may write, not {fault}")

    def mov_to_cr3(self, cr3: int, keep: bool = False) -> None:
        """MOV to CR3; ``keep`` is bit 63 of the operand, which is not part of CR3."""
        self.processor = replace(self.processor, cr3=cr3)
        leave = self._leaves(Instruction("MOV to CR3", value=cr3 | (1 << 63 if keep else 0)))
        if leave is not None:
            self.exits.append(Exit(leave, self.new_root(cr3, keep), cr3))

    def mov_from_cr3(self) -> None:
        """MOV from CR3."""
        leave = self._leaves(Instruction("MOV from CR3"))
        if leave is not None:
            self.exits.append(Exit(leave, Handled(READ_CR3), self.processor.cr3))

    def invlpg(self, linear_address: int) -> None:
        """INVLPG."""
        leave = self._leaves(Instruction("INVLPG", address=linear_address))
        if leave is not None:
            self.exits.append(Exit(leave, self.invalidate(linear_address), linear_address))

    def invpcid(self, pcid: int) -> None:
        """INVPCID, single-context."""
        leave = self._leaves(Instruction("INVPCID"))
        if leave is not None:
            self.exits.append(Exit(leave, self.invalidate_pcid(pcid), pcid))

    def set_wp(self, wp: int) -> None:
        """MOV to CR0 that sets or clears WP."""
        cr0 = self.processor.cr0 & ~bits.CR0_WP | (bits.CR0_WP if wp else 0)
        leave = self._leaves(Instruction("MOV to CR0", value=cr0))
        self.processor = replace(self.processor, cr0=cr0)
        if leave is not None:
            self.exits.append(Exit(leave, self.new_processor(), cr0))

    def new_root(self, cr3: int, keep: bool) -> Handled:
        """What KVM does when MOV to CR3 exits."""
        raise NotImplementedError

    def invalidate(self, linear_address: int) -> Handled:
        """What KVM does when INVLPG exits."""
        raise NotImplementedError

    def invalidate_pcid(self, pcid: int) -> Handled:
        """What KVM does when INVPCID exits."""
        raise NotImplementedError

    def new_processor(self) -> Handled:
        """What KVM does when MOV to CR0 exits."""
        raise NotImplementedError

    def change_slots(self) -> None:
        """User space has added, moved or removed a memory slot: KVM drops all that it made. No exit by itself."""
        raise NotImplementedError

    def take(self, address: "int | None" = None, fault: "GuestFaultResult | None" = None) -> Outcome:
        """What happened since the last time."""
        found = Outcome(tuple(self.exits), address, fault, self.accesses)
        self.exits, self.accesses = [], 0
        return found

    def _leaves(self, what: "Instruction | Event") -> "VmExit | None":
        """The VM exit, or None where the guest goes on."""
        controls = replace(self.controls, cr0_read_shadow=self.processor.cr0)
        result = decide(controls, Guest(cr0=self.processor.cr0), what).result
        return result if isinstance(result, VmExit) else None

    def _arrive(self, walk: "Walk", value: "int | None") -> "Reached":
        """The access is made: flags are set, and what it writes is written."""
        self.host.apply(walk)
        address = walk.host_physical_address
        if value is not None and address is not None:
            self.host.write(address, value)
        return address, None


class ShadowMachine(Machine):
    """Without EPT: the processor walks shadow tables, ``limit`` of them at most."""

    controls = SHADOW_CONTROLS

    def __init__(self, processor: Processor, slots: "tuple[Slot, ...]", pcide: bool, limit: int) -> None:
        super().__init__(processor, slots, pcide)
        self.mmu = ShadowMmu(self.host, self.guest, processor, HOST_TABLES, limit)

    def access(self, access: Access, linear_address: int, value: "int | None" = None) -> "Reached":
        """See ``Machine``."""
        self.accesses += 1
        while True:
            walk = translate(self.host, self.mmu.hardware, access, linear_address)
            if isinstance(walk.result, Translation):
                return self._arrive(walk, value)
            leave = self._leaves(event_of(walk.result))
            if leave is None:
                return None, guest_fault(walk.result)
            handled = self.mmu.fault(access, linear_address)
            address = handled.guest_physical_address
            if handled.did == EMULATED and address is not None:
                stored = self.guest.read(address & ~7) if value is None else value
                zapped = self.mmu.write(address & ~7, stored).zapped
                handled = replace(handled, zapped=handled.zapped + zapped)
                self.exits.append(Exit(leave, handled, linear_address))
                return self.guest.host_address(address), None
            self.exits.append(Exit(leave, handled, linear_address))
            if handled.did == REFLECTED:
                return None, handled.fault

    def new_root(self, cr3: int, keep: bool) -> Handled:
        """See ``Machine``."""
        self.mmu.processor = self.processor
        return self.mmu.load_cr3(cr3, keep, self.pcide)

    def invalidate(self, linear_address: int) -> Handled:
        """See ``Machine``."""
        return self.mmu.invlpg(linear_address)

    def invalidate_pcid(self, pcid: int) -> Handled:
        """See ``Machine``."""
        return self.mmu.invalidate_pcid(pcid)

    def new_processor(self) -> Handled:
        """See ``Machine``."""
        return self.mmu.set_processor(self.processor)

    def change_slots(self) -> None:
        """See ``Machine``."""
        self.mmu.zap_all()


class EptMachine(Machine):
    """With EPT: the processor walks the guest's own tables; the host maps a page of 4 KiB at its first touch."""

    controls = EPT_CONTROLS

    def __init__(self, processor: Processor, slots: "tuple[Slot, ...]", pcide: bool) -> None:
        super().__init__(processor, slots, pcide)
        self.tables = self._empty(HOST_TABLES)

    def access(self, access: Access, linear_address: int, value: "int | None" = None) -> "Reached":
        """See ``Machine``."""
        self.accesses += 1
        while True:
            walk = translate(self.host, self.processor, access, linear_address, self.tables.ept)
            if isinstance(walk.result, Translation):
                return self._arrive(walk, value)
            leave = self._leaves(event_of(walk.result))
            if leave is None or not isinstance(walk.result, EptViolation):
                self.host.apply(walk)
                return None, guest_fault(walk.result)
            address = walk.result.guest_physical_address
            frame = address & ~(bits.FRAME - 1)
            self.tables.map(address, "4 KiB", self.guest.host_address(frame))
            self.exits.append(Exit(leave, Handled(MAPPED, guest_physical_address=address), address))

    def change_slots(self) -> None:
        """See ``Machine``."""
        self.tables = self._empty(self.tables.free)

    def _empty(self, table: int) -> EptTables:
        """EPT paging structures that map nothing."""
        return EptTables(self.host, Ept(table | bits.EPTP_AD | _WALK_4 | _WRITE_BACK), table + bits.FRAME)
