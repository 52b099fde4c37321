"""Lines that fit, and a Scene as text."""

from hypothesis import given
from hypothesis import strategies as st

from vmview import text
from vmview.panel import cell_rows, cell_width
from vmview.scene import Arrow, Box, Cell, Label, Scene, text_width, wrap

WORDS = st.text(alphabet="abc WM01页表，。", max_size=80)


@given(words=WORDS, width=st.integers(60, 300))
def test_wrapped_lines_fit_and_lose_nothing(words, width):
    """Every line fits unless it is one word, and joined again they are the text but for spaces."""
    lines = wrap(words, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(text_width(line) <= width or " " not in line for line in lines)


@given(words=st.text(alphabet="ab页表，。", max_size=60))
def test_a_line_never_begins_with_closing_punctuation(words):
    """A Chinese comma or full stop stays with the character before it."""
    assert not any(line[0] in "，。" for line in wrap(words, 60)[1:])


@given(st.lists(st.tuples(st.sampled_from(("P", "PKEY", "R/W")), st.integers(0, 99), st.just("plain")), min_size=1))
def test_cells_fill_their_lines(cells):
    """Cells keep their order, have the room they need, and each line of them is exactly as wide as asked."""
    cells = tuple((name, str(value), role) for name, value, role in cells)
    placed = cell_rows(5, 7, 200, cells)
    assert [(cell.name, cell.value, cell.role) for cell in placed] == list(cells)
    assert all(cell.width >= cell_width(cell.name, cell.value) for cell in placed)
    for y in {cell.y for cell in placed}:
        line = [cell for cell in placed if cell.y == y]
        assert (line[0].x, sum(cell.width for cell in line)) == (5, 200)


def test_a_scene_as_text():
    """A paragraph a box; what stands on one line stays on one; cells and arrows say what they mean."""
    items = (
        Box(0, 0, 100, 40),
        Label(2, 12, "PTE", "heading"),
        Label(98, 12, "index 7", "text", "end"),
        Cell(2, 20, 30, 28, "P", "1"),
        Arrow(((5, 40), (5, 60)), "PTE", "page"),
        Box(0, 60, 100, 40, "good"),
        Label(2, 72, "0x1000", "strong"),
    )
    assert text.render(Scene(100, 100, "Title", "What it shows", items)) == (
        "Title\nWhat it shows\n\nPTE  index 7\nP=1\n[PTE → page]\n\n0x1000\n"
    )
