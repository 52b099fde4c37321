"""The built site in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

URLS = ["", "zh/", "area/hostile/", "zh/area/hostile/"]


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("url", URLS)
def test_no_page_scrolls_sideways(page: Page, url: str, width: int) -> None:
    """On a phone and on a desk, in both schemes, a page is as wide as its window."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("url", URLS[2:])
def test_nothing_that_an_example_printed_runs(page: Page, url: str) -> None:
    """The script that an example printed is on the page, as text."""
    page.goto(url)
    assert page.evaluate("window.harmed") is None
    assert "<script>window.harmed = 1</script>" in page.inner_text("article")


@pytest.mark.parametrize("url", URLS)
def test_no_request_leaves_the_site(page: Page, address: str, url: str) -> None:
    """All that a page needs comes from the site itself."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    assert requests
    assert [request for request in requests if not request.startswith((address, "data:", "blob:"))] == []


def test_the_switcher_leads_to_the_same_page_in_the_other_language(page: Page, address: str) -> None:
    """From an English note the switcher leads to the Chinese one, and back."""
    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto("area/hostile/")
    page.locator(".md-select").hover()
    page.locator(".md-select__link[hreflang=zh]").click()
    page.wait_for_url(f"{address}zh/area/hostile/")
    page.locator(".md-select").hover()
    page.locator(".md-select__link[hreflang=en]").click()
    page.wait_for_url(f"{address}area/hostile/")


def test_a_note_is_found_by_what_it_prints(page: Page) -> None:
    """The search finds a note by a word of its text."""
    page.set_viewport_size({"width": 1440, "height": 800})
    page.goto("")
    page.keyboard.press("/")
    page.keyboard.type("hexadecimal hostile", delay=5)
    page.wait_for_selector(".md-search-result__link", timeout=20000)
    links = page.locator(".md-search-result__link").evaluate_all("all => all.map(one => one.pathname)")
    assert any(link.endswith("area/hostile/") for link in links)
