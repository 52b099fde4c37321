"""Reading without a mouse, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.site.kinds import CODE, FOLDERS, KINDS

# Where the focus is: the class of its element, whether it (or the label that stands for it) can be seen and is marked.
FOCUS = """() => {
  const element = document.activeElement
  const shown = element.matches(".md-option") ? document.querySelector(`.md-option + label:not([hidden])`) : element
  const {width, height} = shown.getBoundingClientRect()
  const style = getComputedStyle(shown)
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none"
  return [element.className, width > 0 && height > 0 && style.visibility === "visible", marked]
}"""


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_first_stop_leads_past_the_header(own_address: str, opened: Callable[..., Page], folder: str) -> None:
    """Tab and Enter go to the text; the link shows itself once it has the focus."""
    page = opened(own_address)
    page.goto(f"{folder}{CODE}")
    page.keyboard.press("Tab")
    skip = page.locator(".md-skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    expect(skip).to_have_text("跳到正文" if folder else "Skip to content")
    page.keyboard.press("Enter")
    expect(page.locator("article :target")).to_be_in_viewport()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_language_is_switched_with_the_keyboard(own_address: str, opened: Callable[..., Page], folder: str) -> None:
    """Every stop on the way can be seen and is marked; Enter on the other language leads there."""
    page = opened(own_address, reduced_motion="reduce")
    page.goto(f"{folder}{CODE}")
    other = "en" if folder else "zh"
    for _ in range(20):
        page.keyboard.press("Tab")
        name, seen, marked = page.evaluate(FOCUS)
        assert seen and marked, name
        if page.evaluate(f"document.activeElement.matches('.md-select__link[hreflang={other}]')"):
            break
    else:
        raise AssertionError("the switcher is not among the first stops")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(f"{own_address}{'' if folder else 'zh/'}{CODE}")))


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_needs_no_script(own_address: str, opened: Callable[..., Page], kind: str, folder: str) -> None:
    """Without JavaScript the text, the tabs and the switcher are there; the search is not needed for any of them."""
    page = opened(own_address, java_script_enabled=False)
    page.goto(f"{folder}{kind}")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1440, "height": 800})
    expect(page.locator("article h1").first).to_be_visible()
    expect(page.locator(".md-tabs__link").first).to_be_visible()
    page.locator(".md-select").hover()
    page.locator(f".md-select__link[hreflang={'en' if folder else 'zh'}]").click()
    home = kind.removesuffix("404.html")
    page.wait_for_url(f"{own_address}{'' if folder else 'zh/'}{home}")


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_leaves_the_site(own_address: str, opened: Callable[..., Page], kind: str) -> None:
    """All that any type of page needs comes from the site itself, the search included."""
    page = opened(own_address)
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(f"zh/{kind}")
    page.keyboard.press("/")
    page.keyboard.type("页")
    page.keyboard.press("End")
    page.wait_for_selector(".md-search-result__link")
    assert [url for url in urls if not url.startswith((own_address, "data:", "blob:"))] == []
