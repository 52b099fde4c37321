"""What notekit itself says on a page, by language. A language without a table is an error of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from notekit.emit.texts import en, zh

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": MappingProxyType(en.TEXTS), "zh": MappingProxyType(zh.TEXTS)}
)


def text(language: str, key: str, **values: str) -> str:
    """The interface text of that name, with its values filled in.

    Raises KeyError for a language or a key that has no text: a missing translation is an error, not English.
    """
    return TEXTS[language][key].format(**values)
