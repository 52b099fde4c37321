"""The data of a diagram on its page: a table and CSV, as HTML that needs no script."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

from notekit.diagrams import Drawing, draw
from notekit.emit.data import as_csv, data_of
from notekit.emit.texts import text
from notekit.model import Diagram, Place

TABLE = (("set", "a, b", '<x> & "y"'), ("64 KiB", "0.5", "1"))
DATA = (("set", "a, b", '<x> & "y"'), ("65536", "0.500000", "1.000000"))
LINES = data_of("reach", Drawing("", "", TABLE, DATA), "en")
HTML = "\n".join(LINES)


def elements() -> ElementTree.Element:
    return ElementTree.fromstring(f"<figure>{HTML}</figure>")


def test_the_table_has_a_header_for_each_row_and_column() -> None:
    """The first row and the first column are headers, and what is in the cells is text."""
    columns = [cell.text for cell in elements().iter("th") if cell.get("scope") == "col"]
    rows = [[cell.text for cell in row] for row in elements().find(".//tbody") or ()]
    assert columns == list(TABLE[0]) and rows == [list(TABLE[1])]
    assert [cell.text for cell in elements().iter("th") if cell.get("scope") == "row"] == ["64 KiB"]


def test_the_link_holds_the_csv_itself() -> None:
    """It is a data URL with the name of the file to save, so neither a script nor another request is needed."""
    link = elements().find(".//a")
    assert link is not None and link.get("download") == "reach.csv"
    kind, _, held = (link.get("href") or "").partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    assert list(csv.reader(io.StringIO(unquote(held).removeprefix("\ufeff")))) == [list(row) for row in DATA]


def test_the_csv_can_be_read_and_copied_too() -> None:
    """The same text stands in the page, where the search does not look."""
    shown = elements().find(".//pre")
    assert shown is not None and shown.text == as_csv(DATA).rstrip() and shown.get("data-search-exclude") == "1"


def test_no_line_is_empty() -> None:
    """Markdown would end the block of HTML there."""
    assert all(line.strip() for line in LINES)


def test_a_plot_has_data_and_a_walk_has_none() -> None:
    """What a type does not have the page does not show."""
    place = Place("a/n/en.md", 1)
    sets = {"from": "4 KiB", "to": "16 KiB"}
    one = Diagram("a/n", "p", "p", "plot", place, "en", {"lines": [{}], "working_sets": sets})
    other = Diagram("a/n", "w", "w", "page-walk", place, "en", {"linear_address": 0})
    drawn = draw(one, ("en", "zh")).drawings
    assert [row[0] for row in drawn["en"].table] == ["working set", "4 KiB", "16 KiB"]
    assert drawn["zh"].table[0][0] == "工作集"
    assert draw(other, ("en",)).drawings["en"].table == ()
    assert text("zh", "as_csv") != text("en", "as_csv")
