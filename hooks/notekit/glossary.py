"""``glossary.yml``: the terms of the field, in each language, with what they mean. Text in, values and problems out.

A term feeds the tooltips, the glossary page and the search, which cuts Chinese text into the words it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from notekit.model import Term
from notekit.parse.keys import Keys
from notekit.parse.plain_yaml import Data, YamlError, read_yaml
from notekit.parse.report import Report, shortened
from notekit.parse.text import NotUtf8Error, read_lines

FILE = "glossary.yml"

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEXTS = "a text for each language, such as {en: …, zh: …}"
_LISTS = "a list for each language, such as {zh: […]}"


def read_glossary(data: bytes, languages: Sequence[str], report: Report) -> tuple[Term, ...]:
    """The terms in the order of the file, those with a problem left out; every problem goes to ``report``.

    A name means one thing: reports a second term that has it in the same language, upper and lower case aside.
    """
    try:
        yaml = read_yaml(read_lines(data))
    except NotUtf8Error as error:
        report(error.line, f"the byte {error.byte:#04x} is not UTF-8", "save the file as UTF-8")
        return ()
    except YamlError as error:
        report(error.line, error.message, error.remedy)
        return ()
    if yaml.value is None:
        return ()
    if not isinstance(yaml.value, dict):
        report(1, "the glossary has no terms", "write them as id: {term: {…}, means: {…}}")
        return ()
    terms = tuple(term for name in yaml.value if (term := _term(name, yaml, languages, report)))
    _report_doubles(terms, languages, yaml, report)
    return terms


def _term(name: str, yaml: Data, languages: Sequence[str], report: Report) -> Term | None:
    before = len(report.found)
    line = yaml.lines[name,]
    if not _ID.fullmatch(name):
        report(line, f"{shortened(name)} is no id of a term", "write small letters, digits and - between them")
    if not isinstance(yaml.value[name], dict):
        report(line, f"the term {shortened(name)} has no keys", "write term: and means: below it")
        return None
    keys = Keys(yaml, (name,), report)
    keys.only(("term", "also", "means"), "a term")
    term, means = _texts(keys, "term", languages), _texts(keys, "means", languages)
    found = keys.mapping("also", _LISTS)
    also = {language: found.texts(language) for language in languages if found.has(language)} if found else {}
    return Term(name, term, means, also) if len(report.found) == before else None


def _texts(keys: Keys, key: str, languages: Sequence[str]) -> dict[str, str]:
    """A key's text in each language; what other languages say is left out."""
    if not keys.has(key):
        keys.problem(f"the key {key} is missing", f"add {key}: {{{', '.join(f'{one}: …' for one in languages)}}}")
        return {}
    found = keys.mapping(key, _TEXTS)
    if found is None:
        return {}
    for language in languages:
        if not found.has(language):
            keys.problem(f"{key} has no text in {language}", f"add {language}: …", key)
    return {language: found.text(language) or "" for language in languages}


def _report_doubles(terms: Sequence[Term], languages: Sequence[str], yaml: Data, report: Report) -> None:
    for language in languages:
        owner: dict[str, str] = {}
        for term, name, path in _named(terms, language):
            first = owner.setdefault(name.casefold(), term.id)
            if first != term.id:
                remedy = f"keep it at one of the two; {first} has it too"
                report(yaml.lines[path], f"{shortened(name)} already names a term in {language}", remedy)


def _named(terms: Sequence[Term], language: str) -> Iterator[tuple[Term, str, tuple[str | int, ...]]]:
    """(term, name, where the file has it) for each name in a language."""
    for term in terms:
        yield term, term.term[language], (term.id, "term", language)
        for position, name in enumerate(term.also.get(language, ())):
            yield term, name, (term.id, "also", language, position)
