"""Sequences: who does what, one after the other, in lanes side by side.

From top to bottom: the lanes' names, then a panel for each turn, on its lane; between two panels an arrow leads from
the lane of the first to that of the second. A panel is wider than its lane, so that its text can be read on a phone;
it stands the farther right the farther right its lane is.
"""

from vmsim.value import Value
from vmview.panel import CELL_HEIGHT, bottom, panel
from vmview.scene import Arrow, Box, Cell, Label, Scene, label_area

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.panel import Item, Row

WIDTH = 328
MARGIN = 1
PANEL = 245
FIRST = 10
GAP = 30
# Above the level piece of an arrow stand its words.
TURN = 18


class Turn(Value):
    """A panel on ``lane`` (0 is the leftmost), and the ``words`` at the arrow that leads to it.

    ``name`` says in the text form what the arrow joins; ``accent`` -1 leaves the panel's colour to its role.
    """

    _fields = ("lane", "words", "name", "rows", "role", "accent")
    lane: int
    words: str
    name: str
    rows: "tuple[Row, ...]"
    role: str = "panel"
    accent: int = -1


def sequence(title: str, description: str, lanes: "tuple[tuple[str, str], ...]", turns: "tuple[Turn, ...]") -> Scene:
    """The picture. ``lanes`` are pairs of a note and a name; the first of ``turns`` has no arrow before it."""
    items: list[Item] = [Box(MARGIN, MARGIN, WIDTH - 2 * MARGIN, CELL_HEIGHT + 4)]
    column = (WIDTH - 2 * MARGIN - 4) // len(lanes)
    for number in range(len(lanes)):
        note, name = lanes[number]
        items.append(Cell(MARGIN + 2 + number * column, MARGIN + 2, column, CELL_HEIGHT, note, name))
    centres = tuple(MARGIN + 2 + number * column + column // 2 for number in range(len(lanes)))
    before = None
    for turn in turns:
        y = bottom(items)
        if before is not None:
            items.extend(_between(before, turn, centres, y))
        top = y + (GAP if before else FIRST)
        x = MARGIN + (WIDTH - 2 * MARGIN - PANEL) * turn.lane // (len(lanes) - 1)
        placed = panel(x, top, PANEL, turn.rows, turn.role, turn.accent)
        items.extend(_lifelines(centres, top if before else y, bottom(placed), x, x + PANEL))
        items.extend(placed)
        before = turn
    return Scene(WIDTH, bottom(items) + MARGIN, title, description, tuple(items))


def _between(before: Turn, turn: Turn, centres: "tuple[int, ...]", y: int) -> "list[Item]":
    """The arrow from the turn before, its words, and the lifelines that neither of them covers."""
    to = centres[turn.lane]
    start = centres[before.lane]
    points = ((start, y), (start, y + TURN), (to, y + TURN), (to, y + GAP))
    arrow = Arrow(points if start != to else ((to, y), (to, y + GAP)), before.name, turn.name)
    label = Label(min(start, to) + 6, y + TURN - 5, turn.words, "note")
    right = label_area(label)[2]
    found = _lifelines(centres, y, y + GAP, min(start, to), max(right, start, to))
    return found + [arrow] + ([label] if turn.words else [])


def _lifelines(centres: "tuple[int, ...]", top: int, end: int, left: int, right: int) -> "list[Item]":
    """A piece of each lane's line, but for those from ``left`` to ``right``."""
    return [Box(x, top, 1, end - top, "lane") for x in centres if not left <= x <= right]
