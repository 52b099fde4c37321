"""The data of a plot in a browser: a table and a file, for whoever cannot see the picture or wants to count on."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.site.kinds import FOLDERS
from tests.site.test_accessible import barriers

NOTE = "memory-virtualization/paging-structure-caches/"


@pytest.mark.parametrize("folder", FOLDERS)
def test_table_and_csv_need_no_script(
    own_address: str, opened: Callable[..., Page], folder: str, tmp_path: Path
) -> None:
    """Without script the table opens, and the link saves the same rows as CSV."""
    page = opened(own_address, java_script_enabled=False, accept_downloads=True)
    page.goto(f"{folder}{NOTE}")
    table, file = page.locator("figure#saved details.diagram-data").all()
    table.locator("summary").click()
    expect(table.locator("table")).to_be_visible()
    file.locator("summary").click()
    with page.expect_download() as started:
        file.locator("a[download]").click()
    assert started.value.suggested_filename == "saved.csv"
    started.value.save_as(tmp_path / "saved.csv")
    rows = list(csv.reader((tmp_path / "saved.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == table.locator("thead th").all_inner_texts()
    assert [int(row[0]) for row in rows[1:]] == [1 << n for n in range(20, 37, 2)]
    assert len(rows) - 1 == table.locator("tbody tr").count()


@pytest.mark.parametrize("width", [1440, 360])
def test_an_open_table_has_no_barriers(own_address: str, opened: Callable[..., Page], scheme: str, width: int) -> None:
    """With table and CSV open, axe finds nothing, and the page does not scroll sideways."""
    viewport = {"width": width, "height": 800}
    page = opened(own_address, color_scheme=scheme, reduced_motion="reduce", viewport=viewport)
    page.goto("memory-virtualization/ept-two-dimensional-walk/")
    page.evaluate("document.querySelectorAll('figure details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []
