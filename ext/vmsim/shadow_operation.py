"""What a guest may do in a story, one operation each."""

from vmsim import bits
from vmsim.processor import FETCH, READ, WRITE
from vmsim.value import Value, check_choice, check_integer

ACCESSES = (READ, WRITE, FETCH)
EDITS = MAP, UNMAP, CHANGE = "map", "unmap", "change"
TO_CR3, FROM_CR3, INVLPG, INVPCID, WP = "MOV to CR3", "MOV from CR3", "INVLPG", "INVPCID", "CR0.WP"
SLOTS = "memory slots"
KINDS = ACCESSES + EDITS + (TO_CR3, FROM_CR3, INVLPG, INVPCID, WP, SLOTS)
MOST_ACCESSES = 65536


class Operation(Value):
    """One thing that the guest does; ``kind`` is one of ``KINDS``.

    ``read``, ``write``, ``fetch``: an access at ``address`` by code at ``cpl`` 3 or 0; ``pages`` of 4 KiB one after
    the other, all of them ``times`` times. ``map``, ``change``, ``unmap``: the guest kernel edits its tables for
    ``pages`` from ``address`` on; ``page_frame`` is guest-physical (-1: chosen, or kept), ``flags`` are pairs of a
    flag's name and 0 or 1, ``page_size`` "4 KiB" or "2 MiB". It does not invalidate: ``INVLPG`` at ``address`` does.
    ``MOV to CR3`` loads the CR3 of the address space ``space``, with bit 63 if ``keep``; ``INVPCID`` names one too.
    ``CR0.WP`` becomes ``value``. ``memory slots``: user space changes them.
    """

    _fields = (
        "kind", "address", "pages", "times", "cpl", "page_frame", "flags", "page_size", "space", "keep", "value",
    )  # fmt: skip
    kind: str
    address: int = 0
    pages: int = 1
    times: int = 1
    cpl: int = 3
    page_frame: int = -1
    flags: "tuple[tuple[str, int], ...]" = ()
    page_size: str = "4 KiB"
    space: str = ""
    keep: bool = False
    value: int = 1

    def _check(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_integer("address", self.address, 0, bits.MAX_64)
        check_integer("pages", self.pages, 1, 512)
        check_integer("times", self.times, 1, MOST_ACCESSES)
        check_integer("times", self.times * self.pages, 1, MOST_ACCESSES)
        check_choice("cpl", self.cpl, (0, 3))
        check_integer("page_frame", self.page_frame, -1, bits.ADDRESS)
        check_choice("page_size", self.page_size, bits.PAGE_SIZES[1:3])
        check_choice("value", self.value, (0, 1))
