"""The MSR bitmaps and the I/O bitmaps: which bit answers for an access.

Source: Intel SDM volume 3, "MSR-Bitmap Address" and "I/O-Bitmap Addresses" (VM-Execution Control Fields);
"Instructions That Cause VM Exits Conditionally" for what the bits mean.
"""

from vmsim.value import FieldError, Value, check_choice, check_integer

RDMSR = "RDMSR"
WRMSR = "WRMSR"
# The page of MSR bitmaps has four of 1 KiB, each a bit for every MSR of its range: the byte offset of each of them.
LOW_MSRS = 0x0000_0000
HIGH_MSRS = 0xC000_0000
MSRS = 0x2000
MSR_BITMAPS = {(RDMSR, LOW_MSRS): 0, (RDMSR, HIGH_MSRS): 1024, (WRMSR, LOW_MSRS): 2048, (WRMSR, HIGH_MSRS): 3072}
PAGE_BITS = 4096 * 8
PORTS = 0x10000


def msr_bit(msr: int, operation: str) -> "int | None":
    """The number of the bit in the page of MSR bitmaps, 0 to 32767; None where the MSR lies in neither range.

    ``msr`` is ECX, ``operation`` "RDMSR" or "WRMSR". Byte offset: the number / 8; bit in that byte: the number % 8.
    """
    check_integer("msr", msr, 0, 0xFFFF_FFFF)
    check_choice("operation", operation, (RDMSR, WRMSR))
    for start in (LOW_MSRS, HIGH_MSRS):
        if start <= msr < start + MSRS:
            return MSR_BITMAPS[operation, start] * 8 + msr - start
    return None


class MsrBitmaps(Value):
    """The 4-KiB page of MSR bitmaps: ``ones`` are the numbers of the bits that are 1, ascending."""

    _fields = ("ones",)
    ones: "tuple[int, ...]" = ()

    def _check(self) -> None:
        check_ones("msr_bitmaps", self.ones, PAGE_BITS)


def msr_bitmaps(reads: "tuple[int, ...]" = (), writes: "tuple[int, ...]" = ()) -> MsrBitmaps:
    """Bitmaps that make RDMSR of each of ``reads`` and WRMSR of each of ``writes`` exit, and nothing else in range.

    FieldError for an MSR that no bit answers for: it exits always.
    """
    ones = set()
    for operation, msrs in ((RDMSR, reads), (WRMSR, writes)):
        for msr in msrs:
            bit = msr_bit(msr, operation)
            if bit is None:
                raise FieldError("msr", msr, "0x0 to 0x1fff and 0xc0000000 to 0xc0001fff: no bit answers for another")
            ones.add(bit)
    return MsrBitmaps(tuple(sorted(ones)))


def msr_page(data: bytes) -> MsrBitmaps:
    """The bitmaps that 4096 bytes hold, as they stand in memory."""
    if len(data) != 4096:
        raise FieldError("msr bitmap page", len(data), "4096 bytes")
    return MsrBitmaps(_ones(data))


class IoBitmaps(Value):
    """I/O bitmaps A (ports 0 to 0x7fff) and B (0x8000 to 0xffff): ``ones`` are the ports whose bit is 1, ascending."""

    _fields = ("ones",)
    ones: "tuple[int, ...]" = ()

    def _check(self) -> None:
        check_ones("io_bitmaps", self.ones, PORTS)


def io_page(a: bytes, b: bytes) -> IoBitmaps:
    """The bitmaps that two times 4096 bytes hold, as they stand in memory."""
    for name, data in (("I/O bitmap A", a), ("I/O bitmap B", b)):
        if len(data) != 4096:
            raise FieldError(name, len(data), "4096 bytes")
    return IoBitmaps(_ones(a + b))


def ports(port: int, size: int) -> "tuple[int, ...]":
    """The ports that an access of ``size`` 1, 2 or 4 bytes touches; those beyond 0xffff wrap around to 0."""
    check_integer("port", port, 0, PORTS - 1)
    check_choice("size", size, (1, 2, 4))
    return tuple((port + at) % PORTS for at in range(size))


def _ones(data: bytes) -> "tuple[int, ...]":
    return tuple(8 * at + bit for at, byte in enumerate(data) if byte for bit in range(8) if byte >> bit & 1)


def check_ones(field: str, ones: "tuple[int, ...]", size: int) -> None:
    """Raise FieldError unless ``ones`` are numbers below ``size``, ascending, none twice."""
    if not isinstance(ones, tuple):
        raise FieldError(field, ones, "a tuple of bit numbers")
    last = -1
    for one in ones:
        check_integer(field, one, 0, size - 1)
        if one <= last:
            raise FieldError(field, one, "bit numbers in ascending order, none twice")
        last = one
