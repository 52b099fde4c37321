"""Streams to measure with, of any length: sequential, uniform, by Zipf's law, and the chase of a pointer."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, islice

from vmsim import bits
from vmsim.value import FieldError, check_integer

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Pattern:
    """``make(count, random)`` gives that many addresses, all below ``size``."""

    name: str
    size: int
    make: Callable[[int, random.Random], array[int]]


def sequential(step: int, size: int) -> Callable[[int, random.Random], array[int]]:
    """From 0 on by ``step`` bytes, over and over."""

    def make(count: int, _random: random.Random) -> array[int]:
        found = array("Q", range(0, min(count * step, size), step))
        return (found * (count // len(found) + 1))[:count] if found else found

    return make


def uniform(size: int) -> Callable[[int, random.Random], array[int]]:
    """Any 8 bytes of ``size`` bytes, a power of 2, as likely as any other."""

    def make(count: int, chance: random.Random) -> array[int]:
        masks = int.from_bytes((size - 8).to_bytes(8, "little") * count, "little")
        return array("Q", (chance.getrandbits(64 * count) & masks).to_bytes(8 * count, "little"))

    return make


def zipf(size: int) -> Callable[[int, random.Random], array[int]]:
    """Pages of 4 KBytes by Zipf's law (the nth is used 1/n as often as the first), spread over ``size`` bytes."""

    def make(count: int, chance: random.Random) -> array[int]:
        pages = size // bits.FRAME
        weights = list(accumulate(1 / rank for rank in range(1, pages + 1)))
        ranks = chance.choices(range(pages), cum_weights=weights, k=count)
        # An odd factor spreads the ranks, each to a page of its own.
        return array("Q", (rank * 0x9E3779B1 % pages << 12 | chance.getrandbits(9) << 3 for rank in ranks))

    return make


def chase(size: int) -> Callable[[int, random.Random], array[int]]:
    """All lines of 64 bytes in ``size`` bytes, a power of 2, each once, in an order without a pattern."""

    def make(count: int, chance: random.Random) -> array[int]:
        return array("Q", islice(_lines(size // 64, chance), count))

    return make


def _lines(count: int, chance: random.Random) -> Iterator[int]:
    """A linear congruential generator of full period (Hull and Dobell), its bits mixed so that none is regular."""
    mask, half = count - 1, count.bit_length() // 2
    state = chance.getrandbits(64) & mask
    while True:
        state = (state * 0xD1342543DE82EF95 + 0x632BE5AB) & mask
        mixed = (state ^ state >> half) * 0x9E3779B97F4A7C15 & mask
        yield (mixed ^ mixed >> half) << 6


PATTERNS = (
    Pattern("sequential, 64 bytes", 4 * GIB, sequential(64, 4 * GIB)),
    Pattern("sequential, 4 KiB", 4 * GIB, sequential(4 * KIB, 4 * GIB)),
    Pattern("uniform, 64 MiB", 64 * MIB, uniform(64 * MIB)),
    Pattern("uniform, 4 GiB", 4 * GIB, uniform(4 * GIB)),
    Pattern("uniform, 256 GiB", 256 * GIB, uniform(256 * GIB)),
    Pattern("Zipf, 4 GiB", 4 * GIB, zipf(4 * GIB)),
    Pattern("chase, 1 GiB", GIB, chase(GIB)),
)


def addresses(pattern: Pattern, count: int, seed: int = 1) -> array[int]:
    """``count`` addresses (1 to 2^32) of a pattern; the same for the same seed."""
    check_integer("count", count, 1, 1 << 32)
    return pattern.make(count, random.Random(seed))


def pattern(name: str) -> Pattern:
    """The pattern of that name; FieldError for another."""
    for one in PATTERNS:
        if one.name == name:
            return one
    raise FieldError("pattern", name, "; ".join(one.name for one in PATTERNS))
