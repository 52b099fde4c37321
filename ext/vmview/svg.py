"""A Scene as static SVG: no script, no font of its own, the colours of the page it stands in.

The colours are the CSS variables of Material for MkDocs, which change with its light and dark scheme; where they are
not defined, fallbacks that read well on white and on black. The one part that differs between two pictures of a page
is ``prefix``, of which the ids are made.
"""

from vmview.scene import Arrow, Box, Cell, Curve, Label, cell_labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.scene import Scene

# Widest, in CSS pixels: a picture made for 328 is not blown up beyond this on a wide page.
MAX_WIDTH = 410

# By level: the page's offset, PT, PD, PDPT, PML4, PML5.
_ACCENTS = (
    "var(--md-default-fg-color--light,#808080)",
    "var(--md-code-hl-constant-color,#7a6be0)",
    "var(--md-code-hl-string-color,#23935b)",
    "var(--md-code-hl-function-color,#b14fc2)",
    "var(--md-code-hl-keyword-color,#4a7bd4)",
    "var(--md-code-hl-special-color,#d8477a)",
)
# The dashes of curves, which are told apart without colour too; the shapes of their markers, around 0, 0.
_DASHES = ("7 3", "2 2", "8 3 2 3", "12 4", "4 2 1 2 1 2")
_MARKERS = (
    ((-3, -3), (3, -3), (3, 3), (-3, 3)),
    ((0, -4), (4, 0), (0, 4), (-4, 0)),
    ((0, -4), (4, 3), (-4, 3)),
    ((-4, -3), (4, -3), (0, 4)),
    ((-1, -4), (1, -4), (1, -1), (4, -1), (4, 1), (1, 1), (1, 4), (-1, 4), (-1, 1), (-4, 1), (-4, -1), (-1, -1)),
    ((-4, -4), (4, -4), (1, 0), (4, 4), (-4, 4), (-1, 0)),
)
_INK = "var(--md-default-fg-color,currentColor)"
_WRONG = "var(--md-code-hl-number-color,#d8453a)"
_GOOD = "var(--md-code-hl-string-color,#23935b)"
_STYLE = (
    # Twice the class: the theme's own rule for pictures in text (.md-typeset svg) would win over one.
    "svg.vmview.vmview{display:block;width:100%;height:auto;max-width:" + str(MAX_WIDTH) + "px;margin:1em auto}"
    ".vmview text{font:11px var(--md-text-font-family,system-ui,sans-serif);fill:" + _INK + "}"
    ".vmview .heading{font-size:13px;font-weight:700}"
    ".vmview .note{font-size:10px;fill-opacity:.85}"
    ".vmview .code,.vmview .strong{font-family:var(--md-code-font-family,ui-monospace,Menlo,Consolas,monospace)}"
    ".vmview .strong{font-weight:700}"
    ".vmview text.wrong{font-weight:700;fill:" + _WRONG + "}"
    ".vmview rect{stroke:" + _INK + ";stroke-opacity:.35;fill:none}"
    ".vmview .panel,.vmview .good,.vmview .bad{fill:var(--md-code-bg-color,#8881)}"
    ".vmview .good{stroke:" + _GOOD + ";stroke-opacity:1;stroke-width:1.5}"
    ".vmview .bad,.vmview rect.wrong{stroke:" + _WRONG + ";stroke-opacity:1;stroke-width:1.5}"
    ".vmview .changed{stroke:" + _GOOD + ";stroke-opacity:1;stroke-width:1.5}"
    ".vmview .unused{stroke-dasharray:2 2}"
    ".vmview rect.lane{stroke:none;fill:" + _INK + ";fill-opacity:.25}"
    ".vmview .unused+text,.vmview .unused+text+text{fill-opacity:.6}"
    ".vmview path{fill:none;stroke:" + _INK + ";stroke-width:1.25}"
    ".vmview .tip{stroke:none;fill:" + _INK + "}"
    ".vmview .curve{stroke-width:1.75;stroke-linejoin:round}"
) + "".join(
    f".vmview .a{level}{{stroke:{_ACCENTS[level]};stroke-opacity:1}}"
    f".vmview .tip.a{level},.vmview .mark.a{level}{{fill:{_ACCENTS[level]};stroke:none}}"
    for level in range(len(_ACCENTS))
)
_STYLE += "".join(f".vmview .d{number + 1}{{stroke-dasharray:{_DASHES[number]}}}" for number in range(len(_DASHES)))


def render(scene: "Scene", prefix: str) -> str:
    """The picture as one ``svg`` element on one line. ``prefix`` is unique on its page: letters, digits, hyphens."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="vmview" viewBox="0 0 {scene.width} {scene.height}"'
        f' role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
        f'<title id="{prefix}-title">{escape(scene.title)}</title>'
        f'<desc id="{prefix}-desc">{escape(scene.description)}</desc>'
        f"<style>{_STYLE}</style>"
    ]
    for item in scene.items:
        if isinstance(item, Box):
            parts.append(_rectangle(item, item.role, 0 if item.role in ("mark", "lane") else 4))
        elif isinstance(item, Cell):
            parts.append(_cell(item))
        elif isinstance(item, Label):
            parts.append(_label(item))
        elif isinstance(item, Curve):
            parts.append(_curve(item))
        else:
            parts.append(_arrow(item))
    return "".join(parts) + "</svg>"


def escape(text: str) -> str:
    """``text`` for element content and attribute values; braces too, so that no template language sees its own."""
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("{", "&#123;")):
        text = text.replace(letter, entity)
    return text


def _accent(accent: int) -> str:
    return f" a{accent}" if accent >= 0 else ""


def _rectangle(item: "Box | Cell", role: str, radius: int) -> str:
    return (
        f'<rect class="{role}{_accent(item.accent)}" x="{item.x}" y="{item.y}"'
        f' width="{item.width}" height="{item.height}" rx="{radius}"/>'
    )


def _cell(cell: Cell) -> str:
    name, value = cell_labels(cell)
    return _rectangle(cell, cell.role, 1) + _label(name) + _label(value)


def _label(label: Label) -> str:
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    role = "" if label.role == "text" else f' class="{label.role}"'
    return f'<text{role} x="{label.x}" y="{label.y}"{anchor}>{escape(label.text)}</text>'


def _curve(curve: Curve) -> str:
    """The line in its dashes, then all its markers as one path."""
    accent = _accent(curve.accent)
    dash = f" d{curve.dash}" if curve.dash else ""
    line = "M" + "L".join(f"{x} {y}" for x, y in curve.points)
    drawn = f'<path class="curve{dash}{accent}" d="{line}"/>'
    if curve.marker < 0:
        return drawn
    marks = "".join(
        "M" + "L".join(f"{x + dx} {y + dy}" for dx, dy in _MARKERS[curve.marker]) + "Z" for x, y in curve.points
    )
    return drawn + f'<path class="tip{accent}" d="{marks}"/>'


def _arrow(arrow: Arrow) -> str:
    """A line through the points, and a head in the direction of its last piece (which is level or upright)."""
    line = "M" + "L".join(f"{x} {y}" for x, y in arrow.points)
    x, y = arrow.points[-1]
    before_x, before_y = arrow.points[-2]
    if x == before_x:
        back = -6 if y > before_y else 6
        tip = f"M{x} {y}L{x - 3} {y + back}L{x + 3} {y + back}Z"
    else:
        back = -6 if x > before_x else 6
        tip = f"M{x} {y}L{x + back} {y - 3}L{x + back} {y + 3}Z"
    accent = _accent(arrow.accent)
    return f'<path class="line{accent}" d="{line}"/><path class="tip{accent}" d="{tip}"/>'
