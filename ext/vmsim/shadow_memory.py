"""Guest memory in host memory: memory slots, and the guest's physical memory as KVM reads and writes it.

Source: Linux ``struct kvm_memory_slot`` and ``gfn_to_hva``: GPA → HVA by the slot, HVA → HPA by the host's own page
tables. The two steps are one here: a slot says where the host keeps its pages, which lie side by side.
"""

from vmsim import bits
from vmsim.value import FieldError, Value, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmsim.memory import Memory
    from vmsim.trace import Walk


class Slot(Value):
    """``size`` bytes of guest-physical memory from ``guest`` on, kept at host-physical ``host``: multiples of 4096."""

    _fields = ("guest", "size", "host")
    guest: int
    size: int
    host: int

    def _check(self) -> None:
        for name in self._fields:
            value = getattr(self, name)
            check_integer(name, value, bits.FRAME if name == "size" else 0, bits.ADDRESS)
            if value % bits.FRAME:
                raise FieldError(name, value, "a multiple of 0x1000")


class GuestMemory:
    """What the guest takes for physical memory: read and written like ``Memory``, kept in the host's by its slots.

    Raises FieldError for an address that no slot has.
    """

    def __init__(self, host: "Memory", slots: "tuple[Slot, ...]") -> None:
        self.host = host
        self.slots = slots

    def host_address(self, address: int, field: str = "guest-physical address") -> int:
        """The host-physical address of a guest-physical one."""
        for slot in self.slots:
            if slot.guest <= address < slot.guest + slot.size:
                return address - slot.guest + slot.host
        shown = ", ".join(f"{hexadecimal(one.guest)} to {hexadecimal(one.guest + one.size - 1)}" for one in self.slots)
        raise FieldError(field, address, f"guest memory: {shown}")

    def has(self, address: int) -> bool:
        """Whether a slot has that guest-physical address."""
        return any(slot.guest <= address < slot.guest + slot.size for slot in self.slots)

    def read(self, address: int, field: str = "guest-physical address", size: int = bits.ENTRY_SIZE) -> int:
        """The entry at a guest-physical address."""
        return self.host.read(self.host_address(address, field), field, size)

    def write(self, address: int, value: int, size: int = bits.ENTRY_SIZE) -> None:
        """Store an entry."""
        self.host.write(self.host_address(address), value, size)

    def apply(self, walk: "Walk") -> None:
        """Set the accessed and dirty flags that a walk of the guest's own tables sets in them."""
        for address, size, flags in walk.updates:
            self.write(address, self.read(address, "address", size) | flags, size)
