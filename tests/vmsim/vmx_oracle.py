"""Rules of the VMX chapters once more, written from the manual and sharing nothing with vmsim.

Bitmaps are pages of bytes, registers are strings of 64 binary digits, and each question is put to one bit at a time.
Source: Intel SDM volume 3, "VM-Execution Control Fields", "Instructions That Cause VM Exits Conditionally",
"Conditions for Generating a Double Fault".
"""

# "Interrupt and Exception Classes": every vector by the row that lists it, "." where no row does.
CLASSES = {vector: "benign" for vector in range(32)}
CLASSES |= dict.fromkeys((0, 10, 11, 12, 13, 21), "contributory") | dict.fromkeys((14, 20), "page fault")
# "Conditions for Generating a Double Fault": rows are the first, columns the second.
SERIAL, DOUBLE, SHUTDOWN = "second delivered serially", "#DF", "triple fault / shutdown"
PAIRS = {
    "benign": {"benign": SERIAL, "contributory": SERIAL, "page fault": SERIAL},
    "contributory": {"benign": SERIAL, "contributory": DOUBLE, "page fault": SERIAL},
    "page fault": {"benign": SERIAL, "contributory": DOUBLE, "page fault": DOUBLE},
    "double fault": {"benign": SERIAL, "contributory": SHUTDOWN, "page fault": SHUTDOWN},
}


def pair(first, second):
    """``second`` is not 8: the processor makes a double fault of a pair, nothing raises it."""
    return PAIRS["double fault" if first == 8 else CLASSES[first]][CLASSES[second]]


def binary(number):
    return bin(number)[2:].rjust(64, "0")


def msr_exits(page, msr, writes):
    """``page``: the 4096 bytes of the bitmaps, as memory holds them."""
    if msr <= 0x1FFF:
        kilobyte = 2 if writes else 0
    elif 0xC0000000 <= msr <= 0xC0001FFF:
        kilobyte = 3 if writes else 1
    else:
        return True
    index = msr % 0x2000
    return page[kilobyte * 1024 + index // 8] & (1, 2, 4, 8, 16, 32, 64, 128)[index % 8] != 0


def io_exits(page_a, page_b, port, size):
    """``page_a`` and ``page_b``: the 4096 bytes of each I/O bitmap."""
    if port + size > 0x10000:
        return True
    for touched in range(port, port + size):
        page = page_a if touched <= 0x7FFF else page_b
        index = touched % 0x8000
        if page[index // 8] & (1, 2, 4, 8, 16, 32, 64, 128)[index % 8]:
            return True
    return False


def mov_to_cr_exits(value, mask, shadow):
    digits = zip(binary(value), binary(mask), binary(shadow), strict=True)
    return any(owned == "1" and source != shown for source, owned, shown in digits)


def mov_to_cr_leaves(value, mask, held):
    """What the register holds where the instruction does not exit: the host's bits stay."""
    digits = zip(binary(value), binary(mask), binary(held), strict=True)
    return int("".join(old if owned == "1" else new for new, owned, old in digits), 2)


def guest_reads(held, mask, shadow):
    digits = zip(binary(held), binary(mask), binary(shadow), strict=True)
    return int("".join(shown if owned == "1" else own for own, owned, shown in digits), 2)


def lmsw_exits(value, mask, shadow):
    """PE (bit 0): only where it is set in the source and clear in the shadow; MP, EM, TS: where they differ."""
    source, owned, shown = binary(value), binary(mask), binary(shadow)
    if owned[63] == "1" and source[63] == "1" and shown[63] == "0":
        return True
    return any(owned[at] == "1" and source[at] != shown[at] for at in (62, 61, 60))


def page_fault_exits(bitmap_bit, error_code, mask, match):
    return bitmap_bit if error_code & mask == match else not bitmap_bit
