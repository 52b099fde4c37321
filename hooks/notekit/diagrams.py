"""Diagrams of notes: the simulator's run, held against what the note expects, and drawn for each language."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import vmview
from notekit import verify
from notekit.model import Diagram, Failure, Place, Result
from vmsim.value import FieldError
from vmview import svg

Rows = tuple[tuple[str, ...], ...]

SCHEMAS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {name: view.SCHEMA for name, view in vmview.types().items()}
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A diagram in one language: the picture as SVG, and the same told as text.

    ``table``: its data, if it has any, for people; rows of texts, the first of which names the columns. ``data``: the
    same for programs.
    """

    svg: str
    text: str
    table: Rows = ()
    data: Rows = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A diagram's result, and its drawings by language (none where it could not be computed)."""

    result: Result
    drawings: Mapping[str, Drawing] = field(default_factory=dict)


def draw(diagram: Diagram, languages: tuple[str, ...]) -> Drawn:
    """Computes the diagram, compares its ``expect``, and draws it. A value that cannot be is a failure at its line."""
    view = vmview.types()[diagram.kind]
    started = time.perf_counter()
    try:
        trace = view.run(diagram.spec)
    except FieldError as error:
        return Drawn(_impossible(diagram, error))
    result = verify.verify_diagram(diagram, view.outcome(trace))
    drawings = {
        language: Drawing(
            svg.render(view.layout(trace, language), prefix=diagram.name),
            view.describe(trace, language),
            *((view.table(trace, language), view.data(trace, language)) if hasattr(view, "table") else ()),
        )
        for language in languages
    }
    return Drawn(replace(result, seconds=time.perf_counter() - started), drawings)


def _impossible(diagram: Diagram, error: FieldError) -> Result:
    parts = error.field.split("/")
    around = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    line = next((diagram.key_lines[one] for one in around if one in diagram.key_lines), diagram.place.line)
    failure = Failure(
        Place(diagram.place.file, line), f"{error.field} cannot be {error.value!r}; allowed: {error.allowed}"
    )
    return Result(diagram.note, diagram.name, diagram.kind, diagram.place, "vmsim", "failed", failures=(failure,))
