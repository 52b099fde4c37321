"""A picture as plain values: what stands where. Which colours and letters it gets is for ``svg.py`` and ``text.py``.

Glossary
    Scene    a whole picture, its items in reading order
    Box      a rectangle; the items that follow it, up to the next Box, belong to it
    Cell     a small box with a name above a value: a flag, a field of a register
    Label    one line of text
    Arrow    a line of straight pieces with a head at its end; ``tail`` and ``head`` say what it joins
    Curve    a line through points, each with a marker, that stands for data; ``told`` says the data

Lengths are integers, in units of one CSS pixel at the narrowest width that a page has for a picture (328), so that
every build computes the same picture to the last byte. ``role`` says what an item means, never how it looks.
"""

from vmsim.value import Value

# The kinds of text: type size in units, whether monospaced, whether bold.
TEXT_ROLES = {
    "text": (11, False, False),
    "heading": (13, False, True),
    "note": (10, False, False),
    "wrong": (11, False, True),
    "code": (11, True, False),
    "strong": (11, True, True),
}

# Estimated widths in hundredths of the type size, measured in Chromium so that neither DejaVu Sans, the broadest of
# the common fonts, nor Liberation Sans is ever wider; their monospaced faces have 60.
_MONO = 61
_WIDE = 100
_CAPITAL = 72
_NARROW = 40
_BROAD = 95
_DIGIT = 64
_OTHER = 60
_BOLD_PERCENT = 113
# CSS text-autospace puts an eighth of the type size between a Chinese character and a Latin one.
_AUTOSPACE = 13
_NARROW_LETTERS = "ijltfrI.,:;'|!()[]/ "
_BROAD_LETTERS = "mwMWGOQ@%+=<>&→"


class Box(Value):
    """A rectangle. ``role``: "panel", "good" (a page), "bad" (a fault), "frame" (a table as a bar), "mark" (in it),
    "lane" (a piece of the line of someone in a sequence).
    """

    _fields = ("x", "y", "width", "height", "role", "accent")
    x: int
    y: int
    width: int
    height: int
    role: str = "panel"
    accent: int = -1


class Cell(Value):
    """``role``: "plain", "changed" (by this access), "wrong" (why it faults), "unused" (never looked at)."""

    _fields = ("x", "y", "width", "height", "name", "value", "role", "accent")
    x: int
    y: int
    width: int
    height: int
    name: str
    value: str
    role: str = "plain"
    accent: int = -1


class Label(Value):
    """Text whose baseline begins (``anchor`` "start"), has its middle ("middle") or ends ("end") at x, y.

    ``role``: "text", "heading", "note", "code", "strong" (code that matters), "wrong".
    """

    _fields = ("x", "y", "text", "role", "anchor")
    x: int
    y: int
    text: str
    role: str = "text"
    anchor: str = "start"


class Arrow(Value):
    """``points``: two or more (x, y). ``accent``: a colour shared by all that belongs to one level; -1 for none."""

    _fields = ("points", "tail", "head", "accent")
    points: "tuple[tuple[int, int], ...]"
    tail: str
    head: str
    accent: int = -1


class Curve(Value):
    """``points``: (x, y). ``dash`` 0 to 5 (0: a whole line); ``marker`` 0 to 5, or -1 for none.

    ``told`` is what the text form has for it; "" where other items say it.
    """

    _fields = ("points", "told", "dash", "marker", "accent")
    points: "tuple[tuple[int, int], ...]"
    told: str = ""
    dash: int = 0
    marker: int = -1
    accent: int = -1


class Scene(Value):
    """``title`` names the picture and ``description`` says in a sentence what it shows."""

    _fields = ("width", "height", "title", "description", "items")
    width: int
    height: int
    title: str
    description: str
    items: "tuple[Box | Cell | Label | Arrow | Curve, ...]"


def text_width(text: str, role: str = "text") -> int:
    """An upper estimate of the width in units of a line of that role."""
    size, mono, bold = TEXT_ROLES[role]
    hundredths = 0
    wide = text[:1] > "\u2e7f"
    for letter in text:
        if (letter > "\u2e7f") != wide:
            hundredths += _AUTOSPACE
            wide = not wide
        if wide:
            hundredths += _WIDE
        elif mono:
            hundredths += _MONO
        elif letter in _NARROW_LETTERS:
            hundredths += _NARROW
        elif "0" <= letter <= "9":
            hundredths += _DIGIT
        elif letter in _BROAD_LETTERS or letter > "\u00ff":
            hundredths += _BROAD
        else:
            hundredths += _CAPITAL if "A" <= letter <= "Z" else _OTHER
    if bold and not mono:
        hundredths = hundredths * _BOLD_PERCENT // 100
    return -(-hundredths * size // 100)


def label_area(label: Label) -> "tuple[int, int, int, int]":
    """Left, top, right, bottom of what a label covers, by estimate."""
    size = TEXT_ROLES[label.role][0]
    width = text_width(label.text, label.role)
    left = label.x - {"start": 0, "middle": width // 2, "end": width}[label.anchor]
    return (left, label.y - size, left + width, label.y + size // 4)


def cell_labels(cell: Cell) -> "tuple[Label, Label]":
    """The two lines of a cell: its name, and under it its value."""
    middle = cell.x + cell.width // 2
    return (
        Label(middle, cell.y + 11, cell.name, "note", "middle"),
        Label(middle, cell.y + cell.height - 4, cell.value, "strong", "middle"),
    )


def wrap(text: str, width: int, role: str = "text") -> "tuple[str, ...]":
    """``text`` in lines of at most ``width`` units: broken at spaces, and anywhere between CJK characters."""
    lines = []
    line = ""
    for piece in _pieces(text):
        if line and text_width((line + piece).strip(), role) > width:
            lines.append(line.strip())
            line = ""
        line += piece
    return tuple(lines) + ((line.strip(),) if line.strip() else ())


def _pieces(text: str) -> "list[str]":
    """Words with the space after them; a CJK character is a word, and takes the punctuation after it along."""
    pieces: list[str] = []
    for letter in text:
        joins = bool(pieces) and not pieces[-1].endswith(" ")
        closing = letter in "，。；：、）》」"
        after_wide = joins and pieces[-1][-1] > "\u2e7f"
        if joins and (closing or not (letter > "\u2e7f" or after_wide)):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces
