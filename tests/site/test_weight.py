"""What a first visit costs: few requests, few bytes, none to elsewhere, and nothing in the console."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

MOST_BYTES = 100_000
MOST_REQUESTS = 10


def notes(site: Path) -> list[str]:
    """The home pages, and the longest note of each language: the heaviest of all."""
    found = {path: path.stat().st_size for path in site.glob("*/*/index.html") if path.parts[-3] != "zh"}
    longest = max(found, key=lambda path: found[path]).parent.relative_to(site).as_posix()
    return ["", "zh/", f"{longest}/", f"zh/{longest}/"]


def loaded(page: Page, url: str) -> list[tuple[str, int]]:
    """(address, compressed bytes of the body) of all that the first visit of a page loads, until nothing more comes."""
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return [(url, compressed_size(url)) for url in urls]


def compressed_size(url: str) -> int:
    """The bytes of an address's content as the server sends it; the browser does not say so of workers."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})) as answer:
        return len(answer.read())


@pytest.mark.parametrize("number", range(4))
def test_a_first_visit_is_light(own_site: Path, own_address: str, opened: Callable[..., Page], number: int) -> None:
    """Home and the longest note of each language: at most 10 requests, 100 kB compressed, all to the site itself."""
    found = loaded(opened(own_address), notes(own_site)[number])
    assert all(url.startswith((own_address, "data:")) for url, _ in found), found
    assert len(found) <= MOST_REQUESTS, found
    assert sum(size for _, size in found) <= MOST_BYTES, found


def test_the_index_comes_with_the_first_query(own_address: str, opened: Callable[..., Page]) -> None:
    """Opening the search loads nothing; the first letter loads Material's worker and the language's index."""
    page = opened(own_address)
    loaded(page, "zh/")
    more: list[str] = []
    page.on("request", lambda request: more.append(request.url.removeprefix(own_address)))
    page.keyboard.press("/")
    page.wait_for_timeout(200)
    assert more == []
    page.keyboard.type("e")
    page.wait_for_selector(".md-search-result__link")
    assert sorted(url.rpartition("/")[2].split(".")[0] for url in more) == ["search", "search_index"]
    assert "zh/search/search_index.json" in more
