"""The interface in each language: that no text is missing, and the configuration as a page in a language sees it."""

from __future__ import annotations

import html
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from notekit.model import Page
from notekit.outline import UntranslatedError, counterparts, interface_text, language_of, translations

_EMPTY_HEADER = re.compile(r"<th( [^>]*)?></th>")
_KEY = re.compile(r'^\s*"([\w.]+)":', re.MULTILINE)
# Texts of the theme that no page of ours shows, and settings among its texts.
_NOT_SHOWN = re.compile(r"direction$|blog\.|search\.config\.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a page is served: ``url`` relative to the site's root; ``canonical`` whole, if the site's is known."""

    url: str
    canonical: str | None


class Environment(Protocol):
    """What is used of Jinja's environment: the theme's templates."""

    loader: Any

    def get_template(self, name: str, /) -> Any:
        """The template of that name."""


def language_file(templates: Container[str], language: str) -> str:
    """The name of the theme's table of texts: our own, which mends the theme's, where there is one."""
    own = f"own-{language}"
    return own if f"partials/languages/{own}.html" in templates else language


def check_theme(environment: Environment, templates: Container[str], languages: Sequence[str]) -> None:
    """Raises UntranslatedError where the theme would show English in another language. It lists all such texts."""
    source = environment.loader.get_source(environment, "partials/languages/en.html")[0]
    keys = [key for key in _KEY.findall(source) if not _NOT_SHOWN.match(key)]
    lacking = []
    for language in languages:
        name = f"partials/languages/{language_file(templates, language)}.html"
        texts = environment.get_template(name).module if name in templates else None
        missing = [key for key in keys if texts is None or not texts.t(key).strip()]
        if missing:
            lacking.append(
                f"mkdocs.yml:1: the theme has no {language} text for {', '.join(missing)}; "
                f"write them into docs/overrides/partials/languages/own-{language}.html"
            )
    if lacking:
        raise UntranslatedError("\n".join(lacking))


class Overlay:
    """MkDocs' configuration, or a part of it, as templates see it, with some values replaced."""

    def __init__(self, base: Any, values: Mapping[str, Any]) -> None:
        self._base, self._values = base, values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._base, name)

    def __getitem__(self, name: str) -> Any:
        return self._values[name] if name in self._values else self._base[name]


def meta(page: Page) -> dict[str, Any]:
    """The head of a generated page, for the theme: its templates write titles as they are."""
    head = {"title": html.escape(page.title), "description": html.escape(page.description), "tags": list(page.tags)}
    search = {"exclude": True} if page.weight == 0 else {"boost": page.weight}
    return head if page.weight == 1 else {**head, "search": search}


def localized(config: Any, templates: Container[str], language: str, alternate: Sequence[Mapping[str, Any]]) -> Any:
    """The configuration as a page in that language sees it; ``alternate`` leads to its counterparts."""
    interface = config.extra["interface"]
    palette = []
    for scheme in config.theme["palette"]:
        name = interface_text(interface, language, scheme["toggle"]["name"])
        palette.append({**scheme, "toggle": {**scheme["toggle"], "name": name}})
    theme = {"language": language_file(templates, language), "palette": palette}
    return Overlay(
        config,
        {
            "theme": Overlay(config.theme, theme),
            "site_description": interface_text(interface, language, "site_description"),
            "extra": {**config.extra, "alternate": list(alternate)},
        },
    )


def without_empty_headers(page: str) -> str:
    """The HTML of a page in which a table's empty corner is a cell: read aloud, an empty header says nothing."""
    return _EMPTY_HEADER.sub(r"<td\1></td>", page)


def alternate(
    interface: Mapping[str, Mapping[str, str]],
    path: str,
    addresses: Mapping[str, Address],
    pages: Mapping[str, Page],
    languages: Sequence[str],
) -> list[dict[str, Any]]:
    """The theme's ``extra.alternate`` for the page whose source is at ``path``: its counterpart in each language.

    Beside the theme's keys, ``address`` is the whole address, and ``translated`` says whether it is that page at all.
    """
    there = translations(path, pages, addresses, languages)
    return [
        {
            "name": interface_text(interface, language, "name"),
            "lang": language,
            "link": addresses[other].url,
            "address": addresses[other].canonical,
            "translated": language in there,
        }
        for language, other in counterparts(path, pages, addresses, languages).items()
    ]


def sitemap(
    language: str, addresses: Mapping[str, Address], pages: Mapping[str, Page], languages: Sequence[str]
) -> list[dict[str, Any]]:
    """The pages of a language, each with its ``address`` and those of its translations (``alternates``)."""
    return [
        {
            "address": address.canonical,
            "alternates": [
                (one, addresses[other].canonical)
                for one, other in translations(path, pages, addresses, languages).items()
            ],
        }
        for path, address in addresses.items()
        if language_of(path, pages, languages) == language
    ]
