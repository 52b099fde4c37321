r"""The lines of an expectation, read as patterns.

Escapes, by dialect
    every dialect     ``\...`` alone on its line is the line ``...``; ``\<int>`` (and so on) is the text ``<int>``
    console           ``\$ ``, ``\> ``, ``\[exit`` at a line's start, and ``\>`` alone on it, lose their backslash;
                      ``\\`` at a line's start is one backslash, and what follows it is read as ever
    root-console      ``\# `` too
    machine-console   ``\(qemu) ``, ``\(qmp) `` and ``\(gdb) `` too

Any other backslash is a backslash. In the dialect ``output`` the line ``\...`` itself can only be met by ``<any>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, Inexact, localcontext
from typing import cast

from notekit.match import line as match_line
from notekit.match.line import Kind, Piece
from notekit.match.text import visible
from notekit.model import Dialect, Expectation

__all__ = ["LinePattern", "PatternError", "compile_lines", "verifies_nothing"]

_WILDCARD = re.compile(r"(\\?)(?:<(int|hex|float|any)>|<(int|float):([^<>]*)(>?))")
# Forty digits and an exponent of three keep the ends of a range exact at a known cost.
_NUMBER = {
    "int": r"[0-9]{1,40}",
    "float": r"(?:[0-9]{1,40}(?:\.[0-9]{1,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?",
}
_RANGE = {kind: re.compile(rf"([+-]?{number})±({number})") for kind, number in _NUMBER.items()}
_EXAMPLE = {"int": "<int:100±5>", "float": "<float:1.5±0.1>"}
_CONSOLE_ESCAPE = {
    "console": re.compile(r"\\(?=\$ |> |>$|\[exit)"),
    "root-console": re.compile(r"\\(?=\$ |> |>$|\[exit|# )"),
    "machine-console": re.compile(r"\\(?=\$ |> |>$|\[exit|\((?:qemu|qmp|gdb)\) )"),
}


class PatternError(ValueError):
    """An expected line that cannot be read; ``line_index`` counts from 0 within the expectation."""

    def __init__(self, line_index: int, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.line_index = line_index
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class LinePattern:
    """One expected line: ``...``, or pieces that make up a whole line. ``written`` is the line as in the note.

    No two literals are neighbours, and none is empty: a line without wildcards has one piece, or none.
    """

    written: str
    any_lines: bool = False
    pieces: tuple[Piece, ...] = ()

    @property
    def literal(self) -> str | None:
        """The only line that meets the pattern; None where several can."""
        if self.any_lines or len(self.pieces) > 1:
            return None
        if not self.pieces:
            return ""
        return self.pieces[0].text if self.pieces[0].kind == "literal" else None

    @property
    def shown(self) -> str:
        """The line as a reader sees it where nothing ran: wildcards as written, escapes taken off."""
        return "..." if self.any_lines else "".join(piece.text for piece in self.pieces)

    def matches(self, line: str) -> bool:
        """Whether that one line, as ``match.text.printable`` gives it, meets the pattern."""
        if self.any_lines:
            return True
        literal = self.literal
        return match_line.matches(self.pieces, line) if literal is None else line == literal


def compile_lines(expectation: Expectation) -> tuple[LinePattern, ...]:
    r"""One pattern for each line of the expectation.

    What cannot be seen in a literal is turned into its ``\xNN``, as it is in what was printed, so that output
    pasted into a note meets itself.

    Raises PatternError at the first ``<int:…>`` or ``<float:…>`` that is no range.
    """
    return tuple(_compile(index, line, expectation.dialect) for index, line in enumerate(expectation.lines))


def verifies_nothing(patterns: tuple[LinePattern, ...]) -> bool:
    """Whether the patterns are all ``...`` and ``<any>``. No patterns at all say that nothing is printed."""
    return bool(patterns) and all(
        pattern.any_lines or (pattern.pieces and all(piece.kind == "any" for piece in pattern.pieces))
        for pattern in patterns
    )


def _compile(index: int, line: str, dialect: Dialect) -> LinePattern:
    if line == "...":
        return LinePattern(line, any_lines=True)
    if line == "\\...":
        return LinePattern(line, pieces=(Piece("literal", "..."),))
    start, rest = "", line
    if dialect != "output":
        if line.startswith("\\\\"):
            start, rest = "\\", line[2:]
        else:
            rest = _CONSOLE_ESCAPE[dialect].sub("", line, count=1) if line.startswith("\\") else line
    return LinePattern(line, pieces=_joined([Piece("literal", start), *_pieces(index, rest)]))


def _pieces(index: int, text: str) -> Iterator[Piece]:
    done = 0
    for found in _WILDCARD.finditer(text):
        yield Piece("literal", text[done : found.start()])
        backslash, plain, ranged, inside, closed = found.groups()
        written = found[0].removeprefix("\\")
        if backslash:
            yield Piece("literal", written)
        elif plain:
            yield Piece(cast(Kind, plain), written)
        else:
            ends = _ends(ranged, inside) if closed else None
            if ends is None:
                remedy = f"write a range as {_EXAMPLE[ranged]}, or \\{written} for that very text"
                if ranged == "int" and closed and _ends("float", inside):
                    remedy = f"write <float:{inside}> for numbers that are not whole, or \\{written} for that very text"
                raise PatternError(index, f"{written} is not a range of numbers", remedy)
            yield Piece(cast(Kind, ranged), written, *ends)
        done = found.end()
    yield Piece("literal", text[done:])


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """The pieces with neighbouring literals made one, empty ones left out, and all of them visible."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece.kind != "literal":
            joined.append(piece)
        elif piece.text:
            before = joined.pop().text if joined and joined[-1].kind == "literal" else ""
            joined.append(Piece("literal", before + visible(piece.text)))
    return tuple(joined)


def _ends(kind: str, inside: str) -> tuple[Decimal, Decimal] | None:
    """The ends of ``middle±distance``, exactly; None if it is not written so."""
    found = _RANGE[kind].fullmatch(inside)
    if not found:
        return None
    with localcontext(prec=3000) as context:
        context.traps[Inexact] = True
        middle, distance = Decimal(found[1]), Decimal(found[2])
        return middle - distance, middle + distance
