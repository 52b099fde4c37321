"""Chinese text as it is typeset: full-width punctuation, and no spaces of its own beside Latin words and numbers, where
the style sheet sets them apart (`text-autospace`). AutoCorrect looks for the first, a pattern for the second."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import autocorrect_py
import pytest
import yaml

from notekit.emit.texts import TEXTS
from notekit.glossary import FILE
from notekit.parse.plain_yaml import read_yaml
from tests.house.project_files import ROOT, relative

# Its own spaces beside Chinese are what the style sheet makes; spelling it knows for English product names only.
RULES = {
    "space-word": 0, "space-punctuation": 0, "space-bracket": 0, "space-backticks": 0, "space-dash": 0,
    "space-dollar": 0, "fullwidth": 1, "halfwidth-word": 1, "halfwidth-punctuation": 1, "no-space-fullwidth": 1,
    "no-space-fullwidth-quote": 1, "spellcheck": 0,
}  # fmt: skip
HAN = "\u3400-\u9fff"
SPACED = re.compile(rf"[{HAN}] +[A-Za-z0-9`]|[A-Za-z0-9`] +[{HAN}]")
FENCE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1[`~]* *$", re.DOTALL | re.MULTILINE)

SOURCES = [*sorted(ROOT.glob("notes_src/*/*/zh.md")), *sorted(ROOT.glob("docs/zh/**/*.md"))]


def blank(found: re.Match[str]) -> str:
    """As many lines with nothing in them."""
    return "\n" * found[0].count("\n")


def complaints(text: str, name: str) -> Iterator[str]:
    """What is set wrong in a text, as ``name:line: what is there; what would be right``."""
    autocorrect_py.load_config(json.dumps({"rules": RULES}))
    for line in autocorrect_py.lint_for(text, "markdown" if name.endswith(".md") else "text").lines:
        yield f"{name}:{line.line}: {line.old}; {line.new}"
    for number, line in enumerate(text.split("\n"), 1):
        if spaced := SPACED.search(line):
            yield f"{name}:{number}: {spaced[0]}; {spaced[0].replace(' ', '')}"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_chinese_pages_are_typeset(path: Path) -> None:
    """Notes and guides in Chinese have neither half-width punctuation nor spaces that the style sheet makes."""
    text = FENCE.sub(blank, path.read_text(encoding="utf-8"))
    lists_hidden = re.sub(r"^(tags|related): \[.*$", "", text, flags=re.MULTILINE)
    assert list(complaints(lists_hidden, relative(path))) == []


def interface() -> Iterator[tuple[str, str]]:
    """(where, text) of everything else that is shown in Chinese."""
    for key, said in TEXTS["zh"].items():
        yield f"hooks/notekit/emit/texts.py, {key}", said
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    for key, said in config["extra"]["interface"]["zh"].items():
        yield f"mkdocs.yml, {key}", said
    for path in ROOT.glob("notes_src/*/area.yml"):
        yield relative(path), yaml.safe_load(path.read_text(encoding="utf-8"))["title"]["zh"]
    own = ROOT / "docs/overrides/partials/languages/own-zh.html"
    for key, said in re.findall(r'"([\w.]+)": "(.*)"', own.read_text(encoding="utf-8")):
        yield f"{relative(own)}, {key}", said
    for key, term in read_yaml((ROOT / "notes_src" / FILE).read_text(encoding="utf-8").split("\n")).value.items():
        for said in (term["term"]["zh"], term["means"]["zh"], *term.get("also", {}).get("zh", ())):
            yield f"notes_src/{FILE}, {key}", said


def test_the_chinese_interface_is_typeset() -> None:
    """Neither has any text of the interface, of an area, or of the glossary."""
    assert [said for where, text in interface() for said in complaints(text, where)] == []


@pytest.mark.parametrize("text", ["页表,页框", "它是 4 KiB", "用`mmap` 映射", "页表。 遍历", "ＣＲ３"])
def test_what_is_set_wrong_is_found(text: str) -> None:
    """The checks see half-width punctuation, spaces beside Latin and after a full stop, and full-width letters."""
    assert list(complaints(text, "x.md"))
