"""Takes a linear address apart, as 4-level and 5-level paging do."""

import sys

ENTRIES = {5: "PML5E", 4: "PML4E", 3: "PDPTE", 2: "PDE", 1: "PTE"}
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def size(number):
    unit = 0
    while number >= 1024:
        number, unit = number // 1024, unit + 1
    return f"{number} {UNITS[unit]}"


# [start:fields]
def fields(linear_address):
    for level, entry in ENTRIES.items():
        low = 12 + 9 * (level - 1)
        index = linear_address >> low & 0x1FF
        print(f"{entry:6} bits {low + 8}:{low}  index {index:3}  controls {size(1 << low)}")
    print(f"offset bits 11:0   {linear_address & 0xFFF:#x}")


def is_canonical(linear_address, width):
    """Bits 63 to width - 1 are all equal."""
    upper = linear_address >> width - 1
    return upper == 0 or upper == (1 << 65 - width) - 1
# [end:fields]


address = int(sys.argv[1], 0)
fields(address)
for levels, width in ((4, 48), (5, 57)):
    print(f"canonical with {levels} levels: {'yes' if is_canonical(address, width) else 'no'}")
