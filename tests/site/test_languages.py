"""Two languages: the switcher, the addresses of translations, the 404 page, sections that are behind."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.site.project import Project, make_project
from tests.site.server import serving

FILLER = "Text that takes up room.\n\n" * 40
ENGLISH = f"Answer.\n\n{FILLER}## First section\n\n{FILLER}## Second section\n\n{FILLER}### A part of it\n\n{FILLER}"
CHINESE = f"回答。\n\n{FILLER}## 第一节\n\n{FILLER}## 第二节\n\n{FILLER}### 其中一部分\n\n{FILLER}"
SPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
INSTANT = """INHERIT: base.yml
extra:
  languages: [en, zh]
nav:
  - index.md
site_url: {address}
theme:
  features: [navigation.instant, navigation.tabs]
"""


SCROLLED = """() => {
  const wanted = document.querySelector("h3#a-part-of-it").offsetTop + 300
  const stays = Math.abs(scrollY - wanted) < 2
  scrollTo(0, wanted)
  return stays
}"""


@pytest.fixture(scope="session", params=["plain", "instant"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Project]]:
    """Two long notes, without and with instant navigation: the site's address and its project."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    project = make_project(tmp_path_factory.mktemp("languages") / "project")
    for name in ("one", "two"):
        project.note(f"area/{name}", ENGLISH, CHINESE)
    project.write({"docs/decisions/only.md": "# Only in English\n\n[one](../area/one/en.md)\n"})
    if request.param == "instant":
        project.write({"mkdocs.yml": INSTANT.format(address=f"http://127.0.0.1:{port}/")})
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    with serving(project.root / "site", port) as address:
        yield address, project


def switch(page: Page, language: str) -> None:
    """Chooses a language in the header."""
    page.locator(".md-select").hover()
    page.locator(f".md-select__link[hreflang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_the_switcher_stays_in_the_section(site: tuple[str, Project], opened: Callable[..., Page]) -> None:
    """From the section of the address to the same section in the other language, and back."""
    page = opened(site[0])
    page.goto("area/one/#second-section")
    switch(page, "zh")
    assert page.url == f"{site[0]}zh/area/one/#second-section"
    expect(page.locator("h2#second-section")).to_be_in_viewport()
    expect(page.locator("h2#second-section")).to_contain_text("第二节")
    switch(page, "en")
    assert page.url == f"{site[0]}area/one/#second-section"


def test_the_switcher_keeps_what_is_being_read(site: tuple[str, Project], opened: Callable[..., Page]) -> None:
    """Far below the section of the address, it is the section that was scrolled to; at the top, the page."""
    page = opened(site[0])
    page.goto("zh/area/one/#first-section")
    # The theme may still be scrolling to the section of the address.
    page.wait_for_function(SCROLLED, polling=200)
    switch(page, "en")
    assert page.url == f"{site[0]}area/one/#a-part-of-it"
    page.goto("area/two/")
    switch(page, "zh")
    assert page.url == f"{site[0]}zh/area/two/"


def test_the_switcher_follows_from_page_to_page(site: tuple[str, Project], opened: Callable[..., Page]) -> None:
    """After a link within the site, also without a new page being loaded, it leads to the page that is there."""
    page = opened(site[0])
    page.goto("area/one/")
    page.evaluate("window.kept = true")
    page.locator(".md-sidebar--primary").get_by_role("link", name="Note two").click()
    page.wait_for_url(f"{site[0]}area/two/")
    expect(page.locator("h1")).to_contain_text("Note two")
    instant = "instant" in (site[1].root / "mkdocs.yml").read_text()
    assert page.evaluate("window.kept === true") is instant
    switch(page, "zh")
    assert page.url.partition("#")[0] == f"{site[0]}zh/area/two/"
    expect(page.locator("[data-md-component=search-query]")).to_have_attribute("placeholder", "搜索")


def test_a_page_without_translation_leads_to_the_first_page(
    site: tuple[str, Project], opened: Callable[..., Page]
) -> None:
    """The switcher leads to the other language's first page, which is named as no alternate."""
    page = opened(site[0])
    page.goto("decisions/only/")
    assert page.locator("link[hreflang=zh]").count() == 0
    switch(page, "zh")
    assert page.url == f"{site[0]}zh/"


def test_a_page_names_its_translations_and_its_language(own_site: Path) -> None:
    """Each note has `lang`, and a whole address for each language and for readers of any other (x-default)."""
    for folder, language in (("", "en"), ("zh/", "zh")):
        page = (own_site / f"{folder}qemu/negative-errno/index.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}"' in page
        for name, place in (("en", ""), ("zh", "zh/"), ("x-default", "")):
            assert f'href="https://example.org/{place}qemu/negative-errno/" hreflang="{name}"' in page
        assert '<a href="' in page and 'hreflang="zh" lang="zh" class="md-select__link"' in page


def test_each_language_has_a_sitemap_with_alternates(own_site: Path) -> None:
    """A sitemap has the pages of its language, each with the addresses of all its translations."""
    for folder, other in (("", "zh/"), ("zh/", "")):
        tree = ElementTree.parse(own_site / folder / "sitemap.xml")
        pages = {
            page.findtext("s:loc", "", SPACES): [link.get("href") for link in page.findall("x:link", SPACES)]
            for page in tree.findall("s:url", SPACES)
        }
        own, others = (f"https://example.org/{one}qemu/negative-errno/" for one in (folder, other))
        assert sorted(pages[own]) == sorted([own, others])
        assert others not in pages
        assert all(page.removeprefix("https://example.org/").startswith("zh/") == bool(folder) for page in pages)


@pytest.mark.parametrize(
    ("url", "language", "said", "home"),
    [
        ("no/such/page/", "en", "This page does not exist", ""),
        ("zh/no/such/page/", "zh", "没有这个页面", "zh/"),
        ("zh/404.html", "zh", "没有这个页面", "zh/"),
    ],
)
def test_a_missing_page_speaks_the_language_of_its_address(
    own_address: str, opened: Callable[..., Page], url: str, language: str, said: str, home: str
) -> None:
    """Served for any address, the 404 page is in the language that the address is in, links and search included."""
    page = opened(own_address, missing=f"{own_address}{url}")
    page.goto(url)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_text(said)
    assert page.url == f"{own_address}{url}"
    expect(page.locator("article section:visible")).to_have_count(1)
    page.locator("article a:visible").click()
    page.wait_for_url(f"{own_address}{home}")


def test_a_stale_section_says_so_and_leads_to_its_original(project: Project) -> None:
    """A quiet notice below the heading links to the original's section; the other sections have none."""
    project.note("area/one", "## Sizes\n\nOne.\n\n## Ends\n\nTwo.\n", "## 大小\n\n一。\n\n## 结尾\n\n二。\n")
    assert project.run("notekit", "translated", "area/one").returncode == 0
    english = project.root / "notes_src/area/one/en.md"
    english.write_text(english.read_text().replace("Two.", "Two or three."))
    result = project.build()
    assert result.returncode == 0, result.stdout + result.stderr
    page = project.page("zh/area/one")
    assert page.count('class="stale"') == 1
    notice = page.partition('class="stale"')[2].partition("</p>")[0]
    assert '<a href="../../../area/one/#ends" lang="en">Ends</a>' in notice and "原文在翻译之后有改动" in notice
    assert page.index('id="ends"') < page.index('class="stale"')
    check = project.run("notekit", "check").stdout
    assert "notes_src/area/one/zh.md:11: the section 结尾 renders an earlier state of en.md" in check


def test_an_interface_text_that_a_language_lacks_breaks_the_build(project: Project) -> None:
    """Ours and the theme's: nothing is shown in English on another language's page without a word."""
    project.note("area/one", "Text.\n", "文字。\n")
    project.write({"docs/overrides/partials/languages/own-zh.html": "{% macro t(key) %}{% endmacro %}"})
    result = project.build()
    assert result.returncode == 1
    assert "mkdocs.yml:1: the theme has no zh text for language, action.edit" in result.stdout + result.stderr
