"""Rows of ``vmsim replay``: one line read, its question decided, the answer compared with what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from vmsim.cli import decide_vmx, decide_walk
from vmsim.cli.question import Question
from vmsim.value import FieldError

# Every kind of row that can be decided. A row without a kind is a page walk.
QUESTIONS: Mapping[str, Question] = {**decide_walk.QUESTIONS, **decide_vmx.QUESTIONS}


@dataclass(frozen=True)
class Mismatch:
    """A row that differs: by key what was ``expected`` and what ``came``; or, as ``problem``, why it has no answer."""

    id: str
    kind: str
    expected: Mapping[str, Any]
    came: Mapping[str, Any]
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"{self.id} ({self.kind}): {self.problem}"
        differing = (
            f"{key}: expected {json.dumps(self.expected[key])}, came {json.dumps(self.came.get(key))}"
            for key in self.expected
        )
        return f"{self.id} ({self.kind}): {'; '.join(differing)}"

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        found = {"id": self.id, "kind": self.kind}
        if self.problem:
            return found | {"problem": self.problem}
        return found | {"expected": dict(self.expected), "came": dict(self.came)}


def compare(build: ModuleType, line: bytes) -> Mismatch | None:
    """None where the row's answer, as ``build`` decides it, is the expected one."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Mismatch("?", "?", {}, {}, f"this is no JSON in UTF-8 ({error})")
    if not isinstance(row, dict):
        return Mismatch("?", "?", {}, {}, "a row is a JSON object")
    name, kind = str(row.get("id", "?")), str(row.get("kind", decide_walk.PAGE_WALK))
    question = QUESTIONS.get(kind)
    if question is None:
        return Mismatch(name, kind, {}, {}, f"unknown kind; known: {', '.join(sorted(QUESTIONS))}")
    given = row.get("input") if "kind" in row else row
    if not isinstance(given, dict) or not isinstance(row.get("expect"), dict):
        return Mismatch(name, kind, {}, {}, "a row has the objects input and expect")
    try:
        answer = question.decide(build, given)
        expected = question.expected(row)
    except FieldError as error:
        return Mismatch(name, kind, {}, {}, str(error))
    wrong = {key: value for key, value in expected.items() if not same(value, answer.get(key))}
    return Mismatch(name, kind, wrong, {key: answer.get(key) for key in wrong}) if wrong else None


def same(expected: object, came: object) -> bool:
    """Whether two JSON values are equal; a hexadecimal string is its number, and a truth value is no number."""
    expected, came = _plain(expected), _plain(came)
    if isinstance(expected, dict) and isinstance(came, dict):
        return expected.keys() == came.keys() and all(same(expected[key], came[key]) for key in expected)
    if isinstance(expected, list) and isinstance(came, list):
        return len(expected) == len(came) and all(map(same, expected, came))
    return isinstance(expected, bool) == isinstance(came, bool) and expected == came


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return int(value, 16)
        except ValueError:
            return value
    return value
