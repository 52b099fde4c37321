"""The theme's index to one for each language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from notekit import search
from notekit.model import Term

MEANS = {"en": "x", "zh": "x"}
EPT = Term("ept", {"en": "EPT", "zh": "EPT"}, MEANS, {"en": ("extended page tables",), "zh": ("扩展页表",)})
SHADOW = Term("shadow", {"en": "shadow page table", "zh": "影子页表"}, MEANS, {})
CONFIG = {"lang": ["en"], "separator": " "}


@pytest.fixture(autouse=True)
def words(tmp_path: Path) -> None:
    """jieba knows these terms, and keeps its files with the test's."""
    search.teach((SHADOW, EPT), tmp_path)


def doc(location: str, text: str = "", title: str = "") -> dict[str, Any]:
    """A section as the theme's plug-in writes it."""
    return {"location": location, "title": title, "text": text}


def found(text: str, language: str = "en") -> dict[str, Any]:
    """A section of one page, as the language's index has it."""
    location = "a/" if language == "en" else f"{language}/a/"
    index = {"config": CONFIG, "docs": [doc(location, text)]}
    ((made,),) = [search.by_language(index, ("en", "zh"), (EPT, SHADOW))[language]["docs"]]
    return made


def test_each_page_goes_to_its_language() -> None:
    """What lies in another language's folder is that language's, by its place there; all else is the first's."""
    docs = [doc("", "1"), doc("a/#x", "2"), doc("zh/", "3"), doc("zh/a/#x", "4"), doc("zhou/", "5")]
    made = search.by_language({"config": CONFIG, "docs": docs}, ("en", "zh"), ())
    assert [(one["location"], one["text"]) for one in made["en"]["docs"]] == [("", "1"), ("a/#x", "2"), ("zhou/", "5")]
    assert [(one["location"], one["text"]) for one in made["zh"]["docs"]] == [("", "3"), ("a/#x", "4")]
    assert made["zh"]["config"] == CONFIG


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("EXIT_REASON_EPT_VIOLATION", ["REASON_EPT_VIOLATION", "EPT_VIOLATION", "VIOLATION"]),
        ("in <code>kvm_main.c</code>.", ["main.c", "c"]),
        ("由vmx.c里的handle_exit", ["c", "exit"]),
        ("GuestState &amp; vCPU", ["State", "CPU"]),
        ("MSRs and 0x80000008 and plain words. Next", []),
        ("__init__", ["init__"]),
    ],
)
def test_the_parts_of_a_name_are_names(text: str, names: list[str]) -> None:
    """From each part of an identifier on; a plain word, a plural in capitals and a number have no parts."""
    assert found(text)["names"] == names


def test_a_word_within_a_longer_one_is_a_name() -> None:
    """However jieba cut a run of Chinese, each word in it is found."""
    names = found(f"改动页{search.CUT}表后，虚拟机控制结构", "zh")["names"]
    assert {"页表", "虚拟机", "控制", "结构"} <= set(names)


def test_a_term_is_found_by_its_other_names() -> None:
    """A section that uses a term by one name has all of them, in its language; within another word it is none."""
    assert found("With EPT, and EPTs.")["also"] == ["EPT", "extended page tables"]
    assert found("没有EPT时", "zh")["also"] == ["EPT", "扩展页表"]
    assert found("由扩展页表转换", "zh")["also"] == ["EPT", "扩展页表"]
    assert found("EPTP, ADEPT and depth")["also"] == []


def test_a_note_counts_more_than_what_names_it() -> None:
    """Pages of notes are boosted; others are not."""
    index = {"config": CONFIG, "docs": [doc("a/n/#x"), doc("a/")]}
    made = search.by_language(index, ("en",), (), {"a/n/"})["en"]["docs"]
    assert [one["boost"] for one in made] == [search.NOTE_BOOST, 1]
