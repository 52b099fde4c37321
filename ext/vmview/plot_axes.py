"""Axes in integers, so that every build draws the same: logarithms in fixed point, ticks, and numbers as texts.

Values on the upright axis are millionths.
"""

_BITS = 16
ONE = 1_000_000
# No value above 0 lies lower on a logarithmic axis: 1 in 10,000.
LOWEST = 100


def log2(number: int) -> int:
    """The binary logarithm of an integer from 1 on, in 65536ths, rounded down."""
    whole = 0
    while number >> whole + 1:
        # MicroPython's integers have no bit_length.
        whole += 1
    mantissa = (number << 32) >> whole
    found = whole
    for _bit in range(_BITS):
        mantissa = mantissa * mantissa >> 32
        found <<= 1
        if mantissa >> 33:
            mantissa >>= 1
            found += 1
    return found


def along(value: int, first: int, last: int, length: int) -> int:
    """Where on ``length`` units a value from ``first`` to ``last`` lies."""
    return (2 * (value - first) * length + (last - first)) // (2 * (last - first))


class Axis:
    """An upright axis for values from 0 to ``highest``: ``ticks`` are (value, text), lowest first."""

    def __init__(self, highest: int, lowest: int, log: bool) -> None:
        """``lowest``: the least value above 0."""
        self.log = log
        if log:
            first = _power_below(max(lowest, LOWEST))
            powers = [first]
            while powers[-1] < highest or len(powers) < 2:
                powers.append(powers[-1] * 10)
            self.ticks = tuple((one, ("≤ " if one == first else "") + decimal(one)) for one in powers)
        else:
            # Where all is 0, an axis to 1 shows it.
            highest = highest or ONE
            step = _step(highest)
            count = max(1, -(-highest // step))
            self.ticks = tuple((step * number, decimal(step * number)) for number in range(count + 1))

    def place(self, value: int, height: int) -> int:
        """How many of ``height`` units above the foot a value stands; what is below a logarithmic axis, at its foot."""
        first, last = self.ticks[0][0], self.ticks[-1][0]
        if self.log:
            return along(log2(max(value, first)), log2(first), log2(last), height)
        return along(value, first, last, height)


def _power_below(value: int) -> int:
    power = 1
    while power * 10 <= value:
        power *= 10
    return power


def _step(highest: int) -> int:
    """1, 2 or 5 times a power of ten, so that at most five steps reach ``highest``."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if times * power * 5 >= highest:
                return times * power
        power *= 10


def decimal(value: int) -> str:
    """Millionths as people write them: three digits that count, but no more than four after the point."""
    if value and value < LOWEST // 2:
        return "< 0.0001"
    digits = 4
    while digits and value >= 100 * ONE // 10 ** (digits - 1):
        digits -= 1
    unit = ONE // 10**digits
    rounded = (value + unit // 2) // unit
    whole, rest = divmod(rounded, 10**digits)
    if not rest:
        return str(whole)
    shown = "0" * digits + str(rest)
    return f"{whole}.{shown[-digits:].rstrip('0')}"


def exact(value: int) -> str:
    """Millionths with all six digits."""
    whole, rest = divmod(value, ONE)
    return f"{whole}." + ("00000" + str(rest))[-6:]
