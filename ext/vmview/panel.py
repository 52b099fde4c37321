"""Panels: a box with rows under one another, the part of which most diagrams are made.

A row is one of
    ("heading", left, right)   two texts at the ends of a line; ``right`` may be empty
    ("text", text)             words, wrapped
    ("wrong", text)            words about what is wrong, wrapped
    ("code", text)             code or numbers, wrapped at spaces
    ("strong", text)           the same, the one that matters
    ("field", name, text)      the name of a value, and the value as code
    ("cells", cells)           Cells by (name, value, role); as many to a line as fit
    ("columns", columns)       Cells of equal width by (words above, name, value, role, accent)
"""

from vmview.scene import Box, Cell, Label, text_width, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from vmview.scene import Arrow, Curve

    Item = Box | Cell | Label | Arrow | Curve
    Row = tuple[Any, ...]

PADDING = 7
LINE = 15
CELL_HEIGHT = 28
FIELD_NAME = 46
_CELL_PADDING = 2


def panel(
    x: int, y: int, width: int, rows: "tuple[Row, ...]", role: str = "panel", accent: int = -1
) -> "tuple[Item, ...]":
    """A Box with its top left corner at x, y, as high as its rows need, and then what stands in it."""
    inside: list[Item] = []
    left, inner = x + PADDING, width - 2 * PADDING
    bottom = y + PADDING - 2
    for row in rows:
        if row[0] == "cells":
            cells = cell_rows(left, bottom + 4, inner, row[1])
            inside.extend(cells)
            bottom = cells[-1].y + CELL_HEIGHT + 2
        elif row[0] == "columns":
            inside.extend(_columns(left, bottom + 2, inner, row[1]))
            bottom += LINE + CELL_HEIGHT + 2
        elif row[0] == "heading":
            bottom += LINE + 1
            inside.append(Label(left, bottom - 3, row[1], "heading"))
            if row[2]:
                inside.append(Label(x + width - PADDING, bottom - 3, row[2], "text", "end"))
        elif row[0] == "field":
            inside.append(Label(left, bottom + LINE - 3, row[1], "note"))
            for line in wrap(row[2], inner - FIELD_NAME, "code"):
                bottom += LINE
                inside.append(Label(left + FIELD_NAME, bottom - 3, line, "code"))
        else:
            for line in wrap(row[1], inner, row[0]):
                bottom += LINE
                inside.append(Label(left, bottom - 3, line, row[0]))
    return (Box(x, y, width, bottom + PADDING - 2 - y, role, accent),) + tuple(inside)


def cell_rows(x: int, y: int, width: int, cells: "tuple[tuple[str, str, str], ...]") -> "tuple[Cell, ...]":
    """Cells side by side from x, y, in as few lines as they need, each line stretched to ``width``."""
    needed = sum(cell_width(name, value) for name, value, _role in cells)
    share = -(-needed // -(-needed // width))
    lines: list[list[tuple[str, str, str]]] = [[]]
    used = 0
    for cell in cells:
        wide = cell_width(cell[0], cell[1])
        if lines[-1] and (used + wide > width or used >= share):
            lines.append([])
            used = 0
        lines[-1].append(cell)
        used += wide
    placed: list[Cell] = []
    for line in lines:
        left, used = x, 0
        needed = sum(cell_width(name, value) for name, value, _role in line)
        for name, value, role in line:
            used += cell_width(name, value)
            right = x + width * used // needed
            placed.append(Cell(left, y, right - left, CELL_HEIGHT, name, value, role))
            left = right
        y += CELL_HEIGHT
    return tuple(placed)


def cell_width(name: str, value: str) -> int:
    """What a cell needs for its name and its value."""
    return max(text_width(name, "note"), text_width(value, "strong")) + 2 * _CELL_PADDING


def bottom(items: "Sequence[Item]") -> int:
    """The lowest edge of boxes and cells, in units."""
    return max(item.y + item.height for item in items if isinstance(item, (Box, Cell)))


def _columns(x: int, y: int, width: int, columns: "tuple[tuple[str, str, str, str, int], ...]") -> "list[Item]":
    """The words above all cells first, then the cells."""
    above: list[Item] = []
    cells: list[Item] = []
    for number in range(len(columns)):
        words, name, value, role, accent = columns[number]
        left = x + width * number // len(columns)
        wide = x + width * (number + 1) // len(columns) - left - 2
        above.append(Label(left + wide // 2, y + LINE - 4, words, "note", "middle"))
        cells.append(Cell(left, y + LINE, wide, CELL_HEIGHT, name, value, role, accent))
    return above + cells
