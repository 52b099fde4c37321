"""A hand-written page with its computed text in it: ``[[[ name(literals) ]]]``, as notes have it, outside of code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping

from notekit.model import Place, Problem
from notekit.names import ArgumentError
from notekit.parse.computed import read_calls
from notekit.parse.prose import hidden_code
from notekit.parse.report import Report

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


def expand(
    markdown: str, functions: Mapping[str, Callable[..., str]], file: str, first: int
) -> tuple[str, tuple[Problem, ...]]:
    """The page with the text of each call, and all that is wrong with its calls. ``first`` is the line of ``file``
    with which the Markdown begins. Raises nothing for what stands in the page."""
    lines = ("",) * (first - 1) + tuple(markdown.split("\n"))
    problems: list[Problem] = []
    report = Report(file, problems)
    signatures = {name: inspect.signature(function) for name, function in functions.items()}
    shown = list(lines)
    for call in reversed(read_calls(_prose(lines), lines, signatures, report)):
        try:
            value = functions[call.name](*call.args, **dict(call.kwargs))
        except ArgumentError as error:
            message, _, remedy = str(error).partition("; ")
            problems.append(Problem(Place(file, call.line), f"[[[ {call.name}(…) ]]]: {message}", remedy))
        else:
            line = shown[call.line - 1]
            shown[call.line - 1] = line[: call.start] + value + line[call.end :]
    return "\n".join(shown[first - 1 :]), tuple(sorted(problems))


def _prose(lines: tuple[str, ...]) -> Mapping[int, str]:
    """The lines outside of fences by number, with code spans hidden."""
    found: dict[int, str] = {}
    closes = ""
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if closes:
            closes = "" if fence and fence[1].startswith(closes) else closes
        elif fence:
            closes = fence[1]
        else:
            found[number] = hidden_code(line)
    return found
