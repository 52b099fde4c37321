"""axe-core over every type of page, in both languages and both colour schemes, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.site.kinds import FOLDERS, KINDS

# All rules that axe has on by default, and the size of targets, which it has not.
RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
# What a narrow window can change: the rest has been looked at in the wide one.
NARROW = {"runOnly": ["target-size", "scrollable-region-focusable", "landmark-unique", "aria-hidden-focus"]}


def barriers(page: Page, options: dict[str, object] = RULES) -> list[str]:
    """What axe finds on a page as it is: rule, element, and what is wrong."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_has_barriers(
    own_address: str, opened: Callable[..., Page], scheme: str, kind: str, folder: str
) -> None:
    """axe finds nothing to complain of, wide or narrow, and nothing scrolls sideways."""
    page = opened(own_address, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{folder}{kind}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert barriers(page, NARROW) == []


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("folder", FOLDERS)
def test_an_open_search_has_no_barriers(
    own_address: str, opened: Callable[..., Page], scheme: str, folder: str, width: int
) -> None:
    """With results shown, neither has the search."""
    page = opened(own_address, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 800})
    page.goto(folder)
    page.keyboard.press("/")
    page.keyboard.insert_text("PDPTE eventfd")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__link")
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    assert barriers(page) == []


def test_a_barrier_is_found(own_address: str, opened: Callable[..., Page]) -> None:
    """A target that is too small, and a text too pale, are among what axe is asked for."""
    page = opened(own_address, reduced_motion="reduce")
    page.goto("404.html")
    page.evaluate(
        """document.querySelector("article").innerHTML =
        "<h1>x</h1><p style='color:#bbb'>pale</p>" + "<button style='all:unset;font-size:8px'>x</button>".repeat(3)"""
    )
    assert {found.split(":")[0] for found in barriers(page)} == {"color-contrast", "target-size"}
