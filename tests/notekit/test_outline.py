"""The site's structure in each language."""

from __future__ import annotations

import pytest

from notekit.model import Area, Collection, Page
from notekit.outline import Branch, Leaf, UntranslatedError, counterparts, language_of, outline

COLLECTION = Collection(("en", "zh"), (Area("mem", {"en": "Memory", "zh": "内存"}, 1), Area("empty", {}, 2)))
PAGES = tuple(Page(f"mem/a/{language}.md", "", language, "mem/a", "A", "", (), "") for language in ("en", "zh"))
BY_PATH = {page.path: page for page in PAGES}
INTERFACE = {"en": {"Guides": "Guides"}, "zh": {"Guides": "指南"}}


def test_areas_stand_between_the_first_page_and_the_others() -> None:
    """Each language has its own titles and pages; an area without notes is left out."""
    nav = ["index.md", {"Guides": ["guides/a.md"]}]
    assert outline(COLLECTION, PAGES, nav, INTERFACE, "zh") == (
        Leaf("zh/index.md"),
        Branch("内存", (Leaf("mem/a/zh.md"),)),
        Branch("指南", (Leaf("zh/guides/a.md"),)),
    )


def test_a_title_without_a_translation_is_an_error() -> None:
    """The message names the language and the title."""
    with pytest.raises(UntranslatedError, match=r"extra\.interface\.zh has no text for 'More'"):
        outline(COLLECTION, PAGES, ["index.md", {"More": ["x.md"]}], INTERFACE, "zh")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("mem/a/zh.md", {"en": "mem/a/en.md", "zh": "mem/a/zh.md"}),
        ("guides/a.md", {"en": "guides/a.md", "zh": "zh/guides/a.md"}),
        ("zh/guides/a.md", {"en": "guides/a.md", "zh": "zh/guides/a.md"}),
        ("decisions/1.md", {"en": "decisions/1.md", "zh": "zh/index.md"}),
    ],
)
def test_a_page_leads_to_its_counterpart_or_to_the_first_page(path: str, expected: dict[str, str]) -> None:
    """A page that exists in one language only leads to the other language's home."""
    known = ["mem/a/en.md", "mem/a/zh.md", "guides/a.md", "zh/guides/a.md", "decisions/1.md", "index.md", "zh/index.md"]
    assert counterparts(path, BY_PATH, known, ("en", "zh")) == expected


def test_the_language_of_a_page_is_its_notes_or_its_folders() -> None:
    """A folder named like a language holds that language's pages; all else is the first language."""
    assert [language_of(path, BY_PATH, ("en", "zh")) for path in ("mem/a/zh.md", "zh/x.md", "guides/zh.md")] == [
        "zh", "zh", "en",
    ]  # fmt: skip
