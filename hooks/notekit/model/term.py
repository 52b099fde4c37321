"""A term of the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of ``glossary.yml``.

    ``id`` is its anchor (``[a-z0-9-]+``); ``term`` and ``means`` have a text for every language. ``also`` has other
    names for the same by language, and lacks a language without any.
    """

    id: str
    term: Mapping[str, str]
    means: Mapping[str, str]
    also: Mapping[str, tuple[str, ...]]

    def names(self, language: str) -> tuple[str, ...]:
        """All names of the term in a language, the one that sentences use first."""
        return (self.term[language], *self.also.get(language, ()))
