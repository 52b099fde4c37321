"""Computed text: ``[[[ name(literals) ]]]`` in prose."""

from __future__ import annotations

import ast
import inspect
import math
import re
import warnings
from collections.abc import Mapping
from typing import Any

from notekit.model import ComputedCall
from notekit.parse.report import Report, listed, shortened, suggestion

_OPEN = re.compile(r"\[{3,}")
_LONGEST = 1000


class _BadCallError(ValueError):
    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_calls(
    prose: Mapping[int, str], lines: tuple[str, ...], names: Mapping[str, inspect.Signature], report: Report
) -> tuple[ComputedCall, ...]:
    """The calls in prose, in the order of the text; whatever else begins with ``[[[`` there is a problem.

    ``prose`` has code spans hidden; ``lines`` are the lines as written, from which a call's own text is taken.
    """
    found: list[ComputedCall] = []
    for number, shown in prose.items():
        position = 0
        while opening := _OPEN.search(shown, position):
            start = opening.end() - 3
            end = shown.find("]]]", opening.end())
            if end < 0:
                report(
                    number,
                    "[[[ is not closed",
                    "end the call with ]]] on this line, or write the brackets as code: `[[[`",
                )
                break
            position = end + 3
            text = lines[number - 1][opening.end() : end]
            try:
                name, args, kwargs = _call(text, names)
            except _BadCallError as error:
                report(number, error.message, error.remedy)
            else:
                found.append(ComputedCall(number, start, position, name, args, kwargs))
    return tuple(found)


def _call(
    text: str, names: Mapping[str, inspect.Signature]
) -> tuple[str, tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    """The name and the arguments of what stands between the brackets. Raises _BadCallError."""
    text = text.strip()
    shown = shortened(text)
    call = _parsed(text)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise _BadCallError(
            f"[[[ {shown} ]]] is no call of a computed name",
            f"write one of {listed(sorted(names))} with its arguments in parentheses",
        )
    name = call.func.id
    if name not in names:
        raise _BadCallError(
            f"the computed name {shortened(name)} is unknown",
            suggestion(name, names, f"known: {listed(sorted(names), 'and')}"),
        )
    args = tuple(_literal(argument, name, text) for argument in call.args)
    kwargs = tuple((_keyword(keyword, name), _literal(keyword.value, name, text)) for keyword in call.keywords)
    if len(dict(kwargs)) < len(kwargs):
        raise _BadCallError(f"{name} with an argument twice", "give each argument once")
    try:
        names[name].bind(*args, **dict(kwargs))
    except TypeError as error:
        raise _BadCallError(f"{name}: {error}", f"call it as {name}{_parameters(names[name])}") from None
    return name, args, kwargs


def _parsed(text: str) -> ast.expr | None:
    if len(text) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _keyword(keyword: ast.keyword, name: str) -> str:
    if keyword.arg is None:
        raise _BadCallError(f"{name} with **", "write each argument out")
    return keyword.arg


def _literal(node: ast.expr, name: str, text: str) -> str | int | float | bool | None:
    """A number, a text, True, False or None: what Jinja and Python write alike."""
    inner, sign = node, 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner, sign = node.operand, -1
    value = inner.value if isinstance(inner, ast.Constant) else ...
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return sign * value
    if sign == 1 and (value is None or isinstance(value, bool) or (isinstance(value, str) and _is_text(value))):
        return value
    shown = shortened(ast.get_source_segment(text, node) or "")
    raise _BadCallError(
        f"an argument of {name} is no literal: {shown}", "write a number, a text in quotes, True, False or None"
    )


def _is_text(value: str) -> bool:
    """Whether a text has no half of a surrogate pair, which no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _parameters(signature: inspect.Signature) -> str:
    return "(" + ", ".join(signature.parameters) + ")"
