"""The interface in each language."""

from __future__ import annotations

import jinja2
import pytest

from notekit.interface import Address, alternate, check_theme, language_file, sitemap, without_empty_headers
from notekit.outline import UntranslatedError

ENGLISH = """{% macro t(key) %}{{ {
  "search": "Search",
  "top": "Top",
  "blog.draft": "Draft"
}[key] }}{% endmacro %}"""
TEXTS = {"en": {"name": "English"}, "zh": {"name": "中文"}}
URLS = {"index.md": "", "zh/index.md": "zh/", "x.md": "x/", "zh/x.md": "zh/x/", "only.md": "only/"}
ADDRESSES = {path: Address(url, f"https://example.org/{url}") for path, url in URLS.items()}


def check(environment: jinja2.Environment, languages: tuple[str, ...]) -> None:
    """Holds the theme's texts against the languages."""
    check_theme(environment, environment.list_templates(), languages)


def environment(**languages: str) -> jinja2.Environment:
    """A theme with these tables of texts."""
    tables = {f"partials/languages/{name.replace('_', '-')}.html": text for name, text in languages.items()}
    return jinja2.Environment(loader=jinja2.DictLoader({"partials/languages/en.html": ENGLISH, **tables}))


def test_a_theme_that_says_everything_passes() -> None:
    """What no page shows may be missing; our own table goes before the theme's."""
    whole = '{% macro t(key) %}{{ {"search": "搜索", "top": "顶部"}[key] }}{% endmacro %}'
    check(environment(zh=whole), ("en", "zh"))
    check(environment(zh="", own_zh=whole), ("en", "zh"))
    assert language_file(["partials/languages/own-zh.html"], "zh") == "own-zh"
    assert language_file([], "zh") == "zh"


def test_every_text_that_is_missing_is_named() -> None:
    """All of all languages at once, with the file that they go into; a language that the theme has not lacks all."""
    half = '{% macro t(key) %}{{ {"search": "搜索"}[key] }}{% endmacro %}'
    with pytest.raises(UntranslatedError) as raised:
        check(environment(zh=half), ("en", "zh", "xx"))
    assert str(raised.value).split("\n") == [
        "mkdocs.yml:1: the theme has no zh text for top; write them into docs/overrides/partials/languages/own-zh.html",
        "mkdocs.yml:1: the theme has no xx text for search, top; write them into "
        "docs/overrides/partials/languages/own-xx.html",
    ]


def test_an_alternate_says_whether_it_is_the_same_page() -> None:
    """A page without a translation leads to the other language's first page, which is none."""
    there = alternate(TEXTS, "x.md", ADDRESSES, {}, ("en", "zh"))
    assert [(one["name"], one["link"], one["translated"]) for one in there] == [
        ("English", "x/", True), ("中文", "zh/x/", True),
    ]  # fmt: skip
    nowhere = alternate(TEXTS, "only.md", ADDRESSES, {}, ("en", "zh"))
    assert [(one["link"], one["translated"]) for one in nowhere] == [("only/", True), ("zh/", False)]


def test_a_sitemap_has_the_pages_of_its_language() -> None:
    """Each page has the whole addresses of all languages that it is in, its own included."""
    pages = {one["address"]: one["alternates"] for one in sitemap("en", ADDRESSES, {}, ("en", "zh"))}
    assert list(pages) == ["https://example.org/", "https://example.org/x/", "https://example.org/only/"]
    assert pages["https://example.org/x/"] == [("en", "https://example.org/x/"), ("zh", "https://example.org/zh/x/")]
    assert pages["https://example.org/only/"] == [("en", "https://example.org/only/")]


def test_an_empty_corner_of_a_table_is_a_cell() -> None:
    """A header that says nothing is none; others stay."""
    assert without_empty_headers('<th></th><th style="a"></th><th>b</th>') == '<td></td><td style="a"></td><th>b</th>'
