"""The YAML body of a diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notekit.parse.plain_yaml import YamlError, read_yaml
from notekit.parse.report import Report
from notekit.parse.schema import check_data


@dataclass(frozen=True, slots=True)
class Body:
    """A diagram's body: ``spec`` without ``expect``, and the document's line of each key by its path."""

    spec: Mapping[str, Any]
    expect: Any
    key_lines: Mapping[str, int]


def read_diagram(body: Sequence[str], first: int, schema: Mapping[str, Any], report: Report) -> Body | None:
    """Reads a body whose first line is line ``first`` of its document; None, with problems, if it is wrong.

    ``schema`` is that of the whole body, ``expect`` included.
    """
    try:
        data = read_yaml(body, first)
    except YamlError as error:
        report(error.line, error.message, error.remedy)
        return None
    if not isinstance(data.value, dict):
        known = ", ".join(f"{key}: …" for key in schema.get("required", ()))
        report(first - 1, "the diagram has no keys", f"write {known or 'its keys'} below this line")
        return None
    before = len(report.found)
    check_data(data, schema, report)
    if len(report.found) > before:
        return None
    spec = {key: value for key, value in data.value.items() if key != "expect"}
    key_lines = {"/".join(map(str, path)): line for path, line in data.lines.items() if path}
    return Body(spec, data.value.get("expect"), key_lines)
