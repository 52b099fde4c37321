"""What a diagram's ``expect`` says, held against what the simulator found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from notekit.match import visible
from notekit.model import Diagram, Evidence, Failure, Place, Result
from notekit.verify.diff import shorten

__all__ = ["verify_diagram", "with_evidence"]

# A text that would be read as something else, were it not quoted.
_LIKE_A_VALUE = re.compile(r"|[+-]?[0-9._]+|0[xX][0-9a-fA-F]+|true|false|null", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Missing:
    """The value of a key that the simulator did not give; ``among`` are the keys that it gave there."""

    among: tuple[str, ...]


def verify_diagram(diagram: Diagram, outcome: Mapping[str, Any]) -> Result:
    """Compares every key that ``expect`` gives, however deep; what else the outcome holds does not matter.

    Numbers are equal by value, booleans only to booleans, lists in length and order. A failure stands at the line
    of its key, or of the nearest key around it.
    """
    failures = tuple(_failures(diagram, ("expect",), diagram.expect, outcome)) if diagram.expect is not None else ()
    return Result(
        note=diagram.note,
        name=diagram.name,
        language=diagram.kind,
        place=diagram.place,
        runner="vmsim",
        status="failed" if failures else "passed",
        failures=failures,
    )


def with_evidence(result: Result, evidence: Evidence | None) -> Result:
    """The result with what a machine did of it: a failure where that is something else than was drawn."""
    if evidence is None:
        return result
    result = replace(result, evidence=evidence)
    if evidence.verdict == "broken":
        return replace(result, status="error", reason=evidence.message)
    if evidence.verdict != "differs":
        return result
    message = (
        f"{evidence.emulator} does otherwise: {evidence.message}; correct the simulator, or record the emulator's fault"
    )
    failure = Failure(result.place, visible(message))
    return replace(result, status="failed", failures=(*result.failures, failure))


def _failures(diagram: Diagram, path: tuple[str, ...], expected: Any, found: Any) -> Iterator[Failure]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        missing = _Missing(tuple(map(str, found)))
        for key, value in expected.items():
            yield from _failures(diagram, (*path, str(key)), value, found.get(key, missing))
    elif _is_list(expected) and _is_list(found) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _failures(diagram, (*path, str(index)), *pair)
    elif isinstance(found, _Missing) or not _equal(expected, found):
        yield _failure(diagram, path, expected, found)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if _is_list(expected) and _is_list(found):
        return False
    return bool(expected == found)


def _failure(diagram: Diagram, path: tuple[str, ...], expected: Any, found: Any) -> Failure:
    name = "/".join(path)
    place = Place(diagram.place.file, _line(diagram, path))
    said = _shown(expected)
    if isinstance(found, _Missing):
        among = f"it found {', '.join(found.among)}" if found.among else "it found nothing there"
        message = f"{name}: expected {said}, but the simulator found no {path[-1]}; {among}"
        return Failure(place, visible(message), diff=(f"-{path[-1]}: {said}",))
    got = _shown(found)
    message = f"{name}: expected {said}, but the simulator found {got}; correct the diagram or what it expects"
    return Failure(place, visible(message), diff=(f"-{path[-1]}: {said}", f"+{path[-1]}: {got}"))


def _line(diagram: Diagram, path: tuple[str, ...]) -> int:
    around = ("/".join(path[:length]) for length in range(len(path), 0, -1))
    return next((diagram.key_lines[one] for one in around if one in diagram.key_lines), diagram.place.line)


def _shown(value: Any) -> str:
    """A value on one line as YAML would have it, integers in hexadecimal too."""
    if isinstance(value, Mapping):
        return shorten("{" + ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) + "}")
    if _is_list(value):
        return shorten("[" + ", ".join(map(_shown, value)) + "]")
    if value is None or isinstance(value, bool):
        return str(value).lower() if value is not None else "null"
    if isinstance(value, int):
        return f"{value} ({value:#x})"
    text = visible(shorten(str(value)))
    return f'"{text}"' if isinstance(value, str) and _LIKE_A_VALUE.fullmatch(value) else text
