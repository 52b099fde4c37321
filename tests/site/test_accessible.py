"""Every type of page, in both languages and both colour schemes, on a phone and on a desk, with and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

NOTE = "memory-virtualization/paging-structures/"
SHORT_NOTE = "kernel/default-kernel-in-grub/"
GUIDES = ["guides/reading/", "guides/writing-notes/", "guides/maintaining/"]
# One page of each type, without its language's folder.
TYPES = ["", NOTE, SHORT_NOTE, *GUIDES, "404.html"]
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Off by default.
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


def barriers(page: Page) -> list[str]:
    """What axe finds on a page as it is: rule, element, and what is wrong."""
    found = Axe().run(page, options=AXE).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]}: {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ]


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("kind", TYPES)
def test_no_page_has_barriers(
    own_address: str, opened: Callable[..., Page], scheme: str, kind: str, language: str
) -> None:
    """axe-core, with the size of targets, finds nothing to complain of, wide or narrow; nothing scrolls sideways."""
    page = opened(own_address, color_scheme=scheme)
    page.goto(f"{language}{kind}")
    page.wait_for_load_state("networkidle")
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert barriers(page) == []


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_an_open_search_has_no_barriers(
    own_address: str, opened: Callable[..., Page], scheme: str, language: str, width: int
) -> None:
    """With results shown, neither has the search."""
    page = opened(own_address, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(f"{language}{NOTE}")
    page.keyboard.press("/")
    page.keyboard.insert_text("PDPTE")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__link")
    # It slides in.
    page.wait_for_timeout(400)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert barriers(page) == []


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_page_is_read_with_the_keyboard_alone(
    own_address: str, opened: Callable[..., Page], language: str
) -> None:
    """Tab goes first to a link past the header; every stop can be seen; the language is switched with Enter."""
    page = opened(own_address)
    page.goto(f"{language}{SHORT_NOTE}")
    page.keyboard.press("Tab")
    skip = page.locator(".md-skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.partition("#")[2]
    page.goto(f"{language}{SHORT_NOTE}")
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const element = document.activeElement
                const {width, height} = element.getBoundingClientRect()
                const shown = getComputedStyle(element)
                return [element.className, width > 0 && height > 0, shown.outlineStyle !== "none", shown.visibility]
            }"""
        )
        assert stop[1] and stop[2] and stop[3] == "visible", stop
        if page.evaluate("document.activeElement.matches('.md-select__link[hreflang]:not([hreflang=' + document.documentElement.lang + '])')"):
            break
    else:
        raise AssertionError("the switcher is not reached")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(f"{own_address}{'' if language else 'zh/'}{SHORT_NOTE}")))


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("kind", TYPES[:4])
def test_a_page_needs_no_script(
    own_address: str, opened: Callable[..., Page], kind: str, language: str
) -> None:
    """Without JavaScript the text, its navigation and the switcher are there; only the search is not."""
    page = opened(own_address, java_script_enabled=False)
    page.goto(f"{language}{kind}")
    expect(page.locator("article h1")).to_be_visible()
    assert len(page.inner_text("article")) > 200
    expect(page.locator(".md-tabs__link").first).to_be_visible()
    page.locator(".md-select").hover()
    other = "en" if language else "zh"
    page.locator(f".md-select__link[hreflang={other}]").click()
    page.wait_for_url(f"{own_address}{'' if language else 'zh/'}{kind}")


def test_the_types_are_all_there(own_site: Path) -> None:
    """The pages that stand for a type exist in both languages."""
    for kind in TYPES:
        for language in ("", "zh/"):
            path = own_site / language / kind
            assert (path if path.suffix else path / "index.html").is_file()
