"""``area.yml``: the title of an area in each language, and its place among the areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notekit.parse.keys import Keys
from notekit.parse.plain_yaml import YamlError, read_yaml
from notekit.parse.report import Report
from notekit.parse.text import NotUtf8Error, read_lines


@dataclass(frozen=True, slots=True)
class AreaFile:
    """What ``area.yml`` says: ``title`` by language, and ``order`` (areas are sorted by it)."""

    title: dict[str, str]
    order: int


def read_area(data: bytes, languages: Sequence[str], report: Report) -> AreaFile | None:
    """Reads an ``area.yml``; None, with problems, where it cannot be used. Titles in other languages are left out."""
    example = f"title: {{{', '.join(f'{language}: …' for language in languages)}}} and order: 1"
    try:
        yaml = read_yaml(read_lines(data))
    except NotUtf8Error as error:
        report(error.line, f"the byte {error.byte:#04x} is not UTF-8", "save the file as UTF-8")
        return None
    except YamlError as error:
        report(error.line, error.message, error.remedy)
        return None
    if not isinstance(yaml.value, dict):
        report(1, "the area has no keys", f"write {example}")
        return None
    before = len(report.found)
    keys = Keys(yaml, (), report)
    keys.only(("title", "order"), "an area")
    for key in ("title", "order"):
        if not keys.has(key):
            keys.problem(f"the key {key} is missing", f"write {example}")
    order = keys.number("order")
    titles = keys.mapping("title", "a text for each language, such as {en: …, zh: …}")
    title = {}
    if titles:
        for language in languages:
            title[language] = titles.text(language) or ""
            if not titles.has(language):
                keys.problem(f"title has no text in {language}", f"add {language}: …", "title")
    return AreaFile(title, order or 0) if len(report.found) == before else None
