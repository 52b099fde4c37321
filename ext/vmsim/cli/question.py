"""What a kind of row asks, and how its input is read.

A decider is a function ``decide(build, given) -> answer``: ``build`` is the walker's module (interpreted or compiled),
``given`` the row's ``input``; the answer has at least the keys that are compared. It raises FieldError, and nothing
else, for an input that it cannot read: ``number``, ``choice`` and ``flag`` read one key so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from vmsim.bits import MAX_64
from vmsim.value import FieldError, check_integer

Given = Mapping[str, Any]
Answer = Mapping[str, Any]

# Keys of ``expect`` that tell more than is compared.
NOT_COMPARED = frozenset({"gpa", "gla", "a_d_set", "note"})


def compared(row: Mapping[str, Any]) -> Answer:
    """What must come: all of ``expect`` but what is not compared."""
    return {key: value for key, value in row["expect"].items() if key not in NOT_COMPARED}


@dataclass(frozen=True)
class Question:
    """One kind of row: how it is decided, and what of the whole row is compared with the answer."""

    decide: Callable[[ModuleType, Given], Answer]
    expected: Callable[[Mapping[str, Any]], Answer] = compared


def refuse_unknown(given: Given, known: str) -> None:
    """Raise FieldError for a key that is not among ``known`` (names apart by spaces) and is no ``note``."""
    for key in given:
        if key not in known.split() and key != "note":
            raise FieldError(key, given[key], f"no such key; there are {known}")


def number(given: Given, key: str, lowest: int = 0, highest: int = MAX_64) -> int:
    """The number at ``key``, written as an integer or as a string such as ``0x1f``."""
    value = required(given, key)
    if isinstance(value, str):
        try:
            value = int(value, 16 if value.startswith("0x") else 10)
        except ValueError:
            raise FieldError(key, value, "an integer, or a string such as 0x1f") from None
    check_integer(key, value, lowest, highest)
    assert isinstance(value, int)
    return value


def flag(given: Given, key: str) -> bool:
    """The truth value at ``key``: true, false, 1 or 0."""
    value = required(given, key)
    if not isinstance(value, int) or value not in (0, 1):
        raise FieldError(key, value, "0, 1, true, false")
    return value == 1


def choice(given: Given, key: str, choices: Mapping[str, Any]) -> Any:
    """What the string at ``key`` stands for."""
    value = required(given, key)
    if not isinstance(value, str) or value not in choices:
        raise FieldError(key, value, ", ".join(choices))
    return choices[value]


def required(given: Given, key: str) -> Any:
    """The value at ``key``; FieldError where it is missing."""
    if key not in given:
        raise FieldError(key, None, "a value: it is required")
    return given[key]
