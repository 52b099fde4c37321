"""A Scene as text: every word and value of the picture in reading order, and what each arrow joins."""

from vmview.scene import Arrow, Box, Cell, Curve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vmview.scene import Scene


def render(scene: "Scene") -> str:
    """Lines of text, paragraphs apart: the title, the description, then box after box.

    What stands on one line of the picture stands on one line here; a cell is ``name=value``, an arrow ``[a → b]``.
    """
    paragraphs: list[list[str]] = [[scene.title, scene.description], []]
    baseline = None
    for item in scene.items:
        if isinstance(item, Box) and item.role in ("frame", "mark", "lane"):
            continue
        if isinstance(item, Box):
            paragraphs.append([])
            baseline = None
            continue
        if isinstance(item, Curve):
            if item.told:
                paragraphs[-1].append(item.told)
            baseline = None
            continue
        if isinstance(item, Arrow):
            words, at = f"[{item.tail} → {item.head}]", None
        elif isinstance(item, Cell):
            words, at = f"{item.name}={item.value}", item.y
        else:
            words, at = item.text, item.y
        lines = paragraphs[-1]
        if at is not None and at == baseline:
            lines[-1] += "  " + words
        else:
            lines.append(words)
        baseline = at
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"
