r"""One expected line held against one printed line, in time proportional to the product of their lengths.

Glossary
    Piece       a stretch of an expected line: literal text, a number, or ``<any>``
    reach       a set of positions in the printed line, as an integer: bit *i* is the place before character *i*
    mask        the positions of certain characters, as an integer in the same way

The pieces are walked once, each taking the reach before it to the reach after it by a fixed number of operations
on integers as long as the line, so nothing is ever tried twice. ``_run`` is MatchStar of Cameron et al.,
"Bitwise Data Parallelism in Regular Expression Matching" (PACT 2014): one addition carries a marker through a
run of characters.

Where a number begins and ends
    Literal text beside a number says where the number begins or ends: ``x<int>y`` is met by ``x12y``, ``<int>5``
    by ``15``, ``<hex>bytes`` by ``1fbytes``.
    Anything else beside it leaves the number whole. Before ``<any>``, another number or the end of the line it
    takes all that continues it: ``<int><int>`` is met by ``12-3`` and not by ``12``. After ``<any>`` it does not
    begin behind what could belong to it: ``<any><int>`` takes ``-15`` of ``t-15``, not the ``5``.
    A number with a range is always whole at its end, and without a sign never begins behind a digit:
    ``<int:100±5>0`` is not met by ``1000``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

__all__ = ["Kind", "Piece", "matches"]

Kind = Literal["literal", "int", "hex", "float", "any"]

_DIGITS = "0123456789"
_HEX_DIGITS = _DIGITS + "abcdefABCDEF"
# A number that is held against a range has at most 400 digits before and after its point: enough for every
# double that printf("%f") can print, and a bound on the work for each place where a number may begin.
_INTEGER, _EXPONENT = "[0-9]{1,400}", "[eE][+-]?[0-9]"
_FRACTION = rf"(?:{_INTEGER})?\.{_INTEGER}"
_RANGED = {
    "int": re.compile(rf"[+-]?{_INTEGER}(?![0-9])"),
    "float": re.compile(
        rf"[+-]?(?:(?:{_FRACTION}|{_INTEGER}){_EXPONENT}{{1,5}}(?![0-9])"
        rf"|{_FRACTION}(?![0-9]|{_EXPONENT})"
        rf"|{_INTEGER}(?![0-9]|\.[0-9]|{_EXPONENT}))"
    ),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an expected line.

    ``text`` is the literal's text, or the wildcard as the note writes it. ``low`` and ``high`` are the ends,
    both included, of the range that an int or a float must lie in; None without a range.
    """

    kind: Kind
    text: str
    low: Decimal | None = None
    high: Decimal | None = None


@lru_cache
def _table(characters: str) -> bytes:
    return bytes(ord("1" if chr(code) in characters else "0") for code in range(256))


class _Line:
    """A printed line and the masks of its characters, each made once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.all = (2 << len(text)) - 1
        self._masks: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def mask(self, characters: str) -> int:
        """The places of the characters, which are ASCII."""
        if characters not in self._masks:
            # By way of bytes: 6 ns a character, where a loop takes 60.
            bits = self.text[::-1].encode("latin-1", "replace").translate(_table(characters))
            self._masks[characters] = int(bits or b"0", 2)
        return self._masks[characters]

    def occurrences(self, literal: str) -> int:
        """The places where ``literal`` begins; they may overlap."""
        if literal not in self._places:
            bits = bytearray(b"0") * (len(self.text) + 1)
            at = self.text.find(literal)
            while at >= 0:
                bits[-1 - at] = ord("1")
                at = self.text.find(literal, at + 1)
            self._places[literal] = int(bits, 2)
        return self._places[literal]


def matches(pieces: tuple[Piece, ...], text: str) -> bool:
    """Whether the whole of ``text`` is what the pieces say, one after the other."""
    line = _Line(text)
    reach = 1
    for index, piece in enumerate(pieces):
        if piece.kind == "literal":
            reach = _after_literal(line, reach, piece.text)
        elif piece.kind == "any":
            reach = line.all & -((reach & -reach) << 1)
        else:
            loose = index > 0 and pieces[index - 1].kind == "any"
            whole = index + 1 == len(pieces) or pieces[index + 1].kind != "literal"
            reach = _after_number(line, reach, piece, loose, whole)
        if not reach:
            return False
    return bool(reach >> len(text))


def _after_literal(line: _Line, reach: int, literal: str) -> int:
    first = (reach & -reach).bit_length() - 1
    if reach == 1 << first:
        return reach << len(literal) if line.text.startswith(literal, first) else 0
    return (reach & line.occurrences(literal)) << len(literal)


def _after_number(line: _Line, reach: int, piece: Piece, loose: bool, whole: bool) -> int:
    """The reach after a number; ``loose``: ``<any>`` is before it; ``whole``: it takes all that continues it."""
    if piece.low is not None:
        return _after_ranged(line, reach, piece, loose)
    if piece.kind == "hex":
        return _after_hex(line, reach, loose, whole)
    if loose:
        reach &= ~_behind_own(line, piece.kind)
    return _after_int(line, reach, whole) if piece.kind == "int" else _after_float(line, reach, whole)


def _step(reach: int, mask: int) -> int:
    """After one character of the mask."""
    return (reach & mask) << 1


def _run(reach: int, mask: int) -> int:
    """After one or more characters of the mask."""
    once = _step(reach, mask)
    return (((once & mask) + mask) ^ mask) | once


def _signed(line: _Line, reach: int) -> int:
    return reach | _step(reach, line.mask("+-"))


def _after_int(line: _Line, reach: int, whole: bool) -> int:
    digits = line.mask(_DIGITS)
    ends = _run(_signed(line, reach), digits)
    return ends & ~digits if whole else ends


def _after_hex(line: _Line, reach: int, loose: bool, whole: bool) -> int:
    digits, zero, x = line.mask(_HEX_DIGITS), line.mask("0"), line.mask("xX")
    prefixes = zero & (x >> 1) & (digits >> 2)
    bare = reach & ~prefixes if whole else reach
    if loose:
        bare &= ~(digits << 1) & ~((zero << 2) & (x << 1))
    ends = _run((reach & prefixes) << 2, digits) | _run(bare, digits)
    return ends & ~digits if whole else ends


def _after_float(line: _Line, reach: int, whole: bool) -> int:
    digits, point, e = line.mask(_DIGITS), line.mask("."), line.mask("eE")
    signed = _signed(line, reach)
    integer = _run(signed, digits)
    fraction = _run(_step(signed | integer, point), digits)
    exponent = _run(_signed(line, _step(integer | fraction, e)), digits)
    if whole:
        power = e & ((digits >> 1) | ((line.mask("+-") >> 1) & (digits >> 2)))
        exponent &= ~digits
        fraction &= ~digits & ~power
        integer &= ~digits & ~power & ~(point & (digits >> 1))
    return integer | fraction | exponent


def _behind_own(line: _Line, kind: Kind) -> int:
    """The places where what stands before could belong to an int or float that began there."""
    digits, sign = line.mask(_DIGITS), line.mask("+-")
    if kind == "int":
        return digits & ((digits | sign) << 1)
    point, e = line.mask("."), line.mask("eE")
    exponent = (digits << 2) & (e << 1)
    return (digits & ((digits | sign | point) << 1)) | (point & ((digits | sign) << 1)) | ((digits | sign) & exponent)


def _after_ranged(line: _Line, reach: int, piece: Piece, loose: bool) -> int:
    assert piece.low is not None and piece.high is not None
    digits = line.mask(_DIGITS)
    unsigned = digits | line.mask(".")
    starts = (reach & unsigned & ~(digits << 1)) | (reach & line.mask("+-"))
    if loose:
        starts &= ~_behind_own(line, piece.kind)
    ends = bytearray(b"0") * (len(line.text) + 1)
    for start in _positions(starts):
        number = _RANGED[piece.kind].match(line.text, start)
        if number and piece.low <= Decimal(number[0]) <= piece.high:
            ends[-1 - number.end()] = ord("1")
    return int(ends, 2)


def _positions(reach: int) -> Iterator[int]:
    bits = bin(reach)[:1:-1]
    at = bits.find("1")
    while at >= 0:
        yield at
        at = bits.find("1", at + 1)
