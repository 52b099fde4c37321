"""Paging structures for one linear address, from little: what an author or a test leaves out is filled in."""

from vmsim import bits
from vmsim.entries import Entry, compose
from vmsim.memory import Memory
from vmsim.processor import Processor
from vmsim.value import FieldError, check_integer, hexadecimal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    # A raw value, or flags by name and, optionally, ``address``.
    EntrySpec = int | dict[str, int]

# 1 GiB: aligned for a page of any size, and below every MAXPHYADDR.
PAGE_FRAME = 0x4000_0000


def map_address(
    processor: Processor,
    linear_address: int,
    entries: "Mapping[str, EntrySpec]",
    page_size: str = "",
    page_frame: int = PAGE_FRAME,
) -> Memory:
    """Memory with a table for each level, in the frames from CR3 on, and in them the entries for ``linear_address``.

    With a ``page_size`` all entries down to the one that maps the page exist, and ``entries`` (by name: ``PDE``)
    changes some of them; without, only those of ``entries`` do, and the rest stays 0: not present. Flags that are not
    given are P = R/W = U/S = 1, PS as the page size wants it, and 0. The address that is not given is that of the
    next level's table, or ``page_frame`` in the entry that maps the page. An entry lies in the table that the one
    above it references.

    Raises FieldError, with ``entries/PDE/…`` as its field, for a value that is not allowed or an entry that the walk
    cannot reach.
    """
    check_integer("linear_address", linear_address, 0, bits.MAX_64)
    check_integer("page_frame", page_frame, 0, bits.ADDRESS)
    page_level = bits.page_level(page_size) if page_size else 0
    levels = range(processor.levels, 0, -1)
    known = [bits.ENTRY_NAMES[level] for level in levels]
    for name in sorted(entries):
        if name not in known:
            raise FieldError("entries", name, ", ".join(known))

    memory = Memory()
    table = processor.cr3 & bits.ADDRESS
    last = table + bits.FRAME * (processor.levels - 1)
    if last >> processor.maxphyaddr and (entries or page_size):
        highest = (1 << processor.maxphyaddr) - bits.FRAME * processor.levels
        raise FieldError("cr3", processor.cr3, f"at most {hexadecimal(highest)}, for the other tables lie after it")
    unreachable = ""
    for level in levels:
        name = bits.ENTRY_NAMES[level]
        if name not in entries and (page_level == 0 or level < page_level):
            unreachable = unreachable or f"no {name} leads to it"
            continue
        if unreachable and name in entries:
            raise FieldError(f"entries/{name}", entries[name], f"none, for {unreachable}; page_size gives all levels")
        if unreachable:
            continue
        following = last - bits.FRAME * (level - 2)
        value = _value(level, following, entries.get(name, {}), level == page_level, page_frame)
        memory.write(table + bits.ENTRY_SIZE * bits.index(linear_address, level), value)
        entry = Entry(level, value)
        if entry.maps_page:
            unreachable = f"the {name} maps a page"
        table = entry.address if entry.present and not entry.maps_page else following
    return memory


def _value(level: int, following: int, entry: "EntrySpec", maps_page: bool, page_frame: int) -> int:
    """The value of one entry; ``following`` is the address of the next level's table."""
    field = f"entries/{bits.ENTRY_NAMES[level]}"
    if isinstance(entry, int):
        check_integer(field, entry, 0, bits.MAX_64)
        return entry
    if not hasattr(entry, "keys"):
        raise FieldError(field, entry, "a 64-bit number, or flags by name")
    flags = {"P": 1, "R/W": 1, "U/S": 1}
    if maps_page and level > 1:
        flags["PS"] = 1
    flags.update({name: entry[name] for name in entry if name != "address"})
    if level == 1 or (level <= 3 and flags.get("PS") == 1):
        address = page_frame
        if "address" not in entry and page_frame % bits.reach(level):
            raise FieldError("page_frame", page_frame, f"a multiple of the page size, {hexadecimal(bits.reach(level))}")
    else:
        address = following
    try:
        return compose(level, entry.get("address", address), flags)
    except FieldError as error:
        raise FieldError(f"{field}/{error.field}", error.value, error.allowed) from None
