"""What the reading of every document is held against."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Context:
    """The project's settings and registries.

    ``languages`` are those that each note must have, the default original first; ``diagrams`` has the JSON Schema
    of each diagram type's body; ``names`` the signature of each computed name; ``related`` each note's slug by
    the slug itself and, where it is the only one, by its last part (an empty text where there are several).
    """

    languages: tuple[str, ...]
    diagrams: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, inspect.Signature]
    capabilities: frozenset[str]
    related: Mapping[str, str]
