"""The search: the theme's one index, taken apart by language, with the names that its words alone do not find.

The theme cuts Chinese text into words with jieba and marks each cut with a zero-width space. jieba knows only everyday
words; ``teach`` adds those of the glossary. ``docs/assets/search.js`` cuts what a reader types into the same words, and
takes the marks out of what is shown.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import jieba

from notekit.files import write_whole
from notekit.model import Term

INDEX = "search/search_index.json"
CUT = "\u200b"
NOTE_BOOST = 4

# Longer Chinese names are made of these words, and are found by them; as single words they would hide them.
_LONGEST_WORD = 3
_HAN = re.compile(r"[\u3400-\u9fff]+")
_TAG = re.compile(r"<[^>]*>")
# EXIT_REASON_EPT_VIOLATION, kvm_main.c, GuestState: a name that is made of several. Chinese may stand right beside it.
_NAME = re.compile(r"[A-Za-z_][\w.]*\w", re.ASCII)
_PART = re.compile(r"(?<=[_.])(?=[^\W_])|(?<=[a-z0-9])(?=[A-Z])", re.ASCII)


def teach(terms: Sequence[Term], cache: Path) -> None:
    """Adds the glossary's short Chinese names to jieba's words; what jieba made of its own dictionary is in ``cache``.

    jieba's dictionary is one for the whole process, and the theme's search plugin uses that one.
    """
    jieba.setLogLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(cache)
    for term in terms:
        for language in term.term:
            for name in term.names(language):
                for word in _HAN.findall(name):
                    if 1 < len(word) <= _LONGEST_WORD:
                        jieba.add_word(word)


def take_apart(site: Path, languages: Sequence[str], terms: Sequence[Term], notes: Container[str]) -> None:
    """Writes the index of each language into its folder of a built site, from the theme's one index; see
    ``by_language``."""
    index = json.loads((site / INDEX).read_text(encoding="utf-8"))
    for language, own in by_language(index, languages, terms, notes).items():
        path = site / ("" if language == languages[0] else language) / INDEX
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(own, ensure_ascii=False, separators=(",", ":")), lasting=False)


def by_language(
    index: Mapping[str, Any], languages: Sequence[str], terms: Sequence[Term], notes: Container[str] = ()
) -> dict[str, dict[str, Any]]:
    """The index of each language, from the theme's index of all pages (``config`` and ``docs``).

    The first language has all but what lies in another's folder; another's locations are relative to its folder. Each
    section gains ``names``, the parts of names made of several (``EPT_VIOLATION`` of ``EXIT_REASON_EPT_VIOLATION``) and
    Chinese words within longer ones; and ``also``, the names of the terms that it uses by another. Pages whose location
    is in ``notes`` go before others that say the same: a reader looks for the note, not for the list that names it.
    """
    docs: dict[str, list[dict[str, Any]]] = {language: [] for language in languages}
    for doc in index["docs"]:
        folder, slash, rest = doc["location"].partition("/")
        other = slash and folder in languages[1:]
        language, location = (folder, rest) if other else (languages[0], doc["location"])
        text = _plain(f"{doc['title']} {doc['text']}")
        also = [*dict.fromkeys(_also(text, language, terms))]
        # What a section is named for, it is about.
        also += 2 * [*dict.fromkeys(_also(_plain(doc["title"]), language, terms))]
        found = {"names": [*dict.fromkeys(_names(text))], "also": also}
        boost = NOTE_BOOST if doc["location"].partition("#")[0] in notes else 1
        docs[language].append({"boost": boost, **doc, "location": location, **found})
    return {language: {"config": _config(index["config"], language), "docs": docs[language]} for language in languages}


def _config(config: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Chinese needs nothing of lunr's own languages: its words are marked in the index."""
    return {**config, "lang": ["en" if language == "zh" else language]}


def _plain(text: str) -> str:
    """What a reader sees of the theme's mark-up, without the marks of cuts."""
    return html.unescape(_TAG.sub(" ", text)).replace(CUT, "")


def _names(text: str) -> Iterator[str]:
    yield from chain.from_iterable(map(_parts, dict.fromkeys(_NAME.findall(text))))
    for run in dict.fromkeys(_HAN.findall(text)):
        yield from (word for word in jieba.cut(run, cut_all=True) if len(word) > 1)


@cache
def _parts(name: str) -> tuple[str, ...]:
    # A site of 100 pages has 77000 words, and most of them on many pages.
    return tuple(name[part.start() :] for part in _PART.finditer(name))


def _also(text: str, language: str, terms: Sequence[Term]) -> Iterator[str]:
    for term in terms:
        names = term.names(language)
        if any(_uses(text, name) for name in names):
            yield from names


def _uses(text: str, name: str) -> bool:
    """Whether the text has the name: within other characters if it is Chinese, as a word otherwise, which may begin a
    sentence."""
    if _HAN.search(name):
        return name in text
    if name[1:] not in text:
        return False
    first = f"[{name[0]}{name[0].upper()}]" if name[0].islower() else re.escape(name[0])
    return bool(re.search(rf"(?<!\w){first}{re.escape(name[1:])}s?(?!\w)", text, re.ASCII))
