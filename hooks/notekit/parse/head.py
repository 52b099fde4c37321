"""The head of a document: YAML between two ``---`` lines, first thing in the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notekit.model import Head, Source
from notekit.parse.keys import Keys
from notekit.parse.plain_yaml import Data, Path, YamlError, read_yaml
from notekit.parse.report import Report, listed, shortened
from notekit.parse.text import is_blank

_KEYS = ("title", "question", "tags", "related", "sources", "original")
# A web address, or a path without a scheme. No other scheme becomes a link, javascript: least of all.
_URL = re.compile(r"(?:https?://|(?![A-Za-z][A-Za-z0-9+.-]*:))[^\s<>]+")
_EXAMPLE = "begin the file with a line ---, title: …, question: … and a second line ---"


@dataclass(frozen=True, slots=True)
class HeadRead:
    """A head and where things are: ``body_first`` is the first line after it.

    ``related`` has the line of each slug, ``original`` that of the key (0: there is none).
    """

    head: Head
    body_first: int
    related: tuple[int, ...]
    original: int


def read_head(lines: Sequence[str], languages: Sequence[str], report: Report) -> tuple[HeadRead | None, int]:
    """The head and the first line after it; None, with problems, where it cannot be used."""
    if not lines or lines[0].rstrip(" \t") != "---":
        first = next((line.rstrip(" \t") for line in lines if not is_blank(line)), "")
        if first == "---":
            report(1, "the head is not the first thing in the file", "take out the empty lines above it")
        else:
            report(1, "the head is missing", _EXAMPLE)
        return None, 1
    end = next((number for number, line in enumerate(lines[1:], start=2) if line.rstrip(" \t") == "---"), 0)
    if not end:
        report.cut_short = True
        report(1, "the head that begins here is not closed", "end it with a line ---")
        return None, len(lines) + 1
    try:
        data = read_yaml(lines[1 : end - 1], 2)
    except YamlError as error:
        report(error.line, error.message, error.remedy)
        return None, end + 1
    if not isinstance(data.value, dict):
        report(
            data.lines[()] if data.value is not None else 1,
            "the head has no keys",
            "write title: … and question: …",
        )
        return None, end + 1
    return _read_keys(Data(data.value, {**data.lines, (): 1}), languages, end + 1, report), end + 1


def _read_keys(data: Data, languages: Sequence[str], body_first: int, report: Report) -> HeadRead | None:
    before = len(report.found)
    root: Path = ()
    keys = Keys(data, root, report)
    keys.only(_KEYS, "a head")
    for key, what in (("title", "the note's name"), ("question", "the question that the note answers")):
        if not keys.has(key):
            keys.problem(f"the key {key} is missing", f"add {key}: … with {what}")
    title, question = keys.text("title"), keys.text("question")
    original = keys.text("original")
    if original is not None and original not in languages:
        keys.problem(f"original is {original}", f"write {listed(languages)}", "original")
    related = keys.texts("related")
    head = Head(
        title=title or "",
        question=question or "",
        tags=keys.texts("tags"),
        related=related,
        sources=tuple(_source(source) for source in keys.mappings("sources", "{text: …, url: …}")),
        original=original,
    )
    if len(report.found) > before:
        return None
    related_lines = tuple(keys.line("related", position) for position in range(len(related)))
    return HeadRead(head, body_first, related_lines, keys.line("original") if original else 0)


def _source(keys: Keys) -> Source:
    keys.only(("text", "url"), "a source")
    if not keys.has("text"):
        keys.problem("a source without text", "add text: … with what a reader would look up")
    url = keys.text("url")
    if url is not None and not _URL.fullmatch(url):
        keys.problem(f"url is {shortened(url)}", "write an address that begins with https://", "url")
    return Source(keys.text("text") or "", url)
