"""JSON Schema for notes: errors of a diagram's body in words and at their lines, and schemas that examples name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from jsonschema.validators import Draft202012Validator

from notekit.parse.keys import kind_of
from notekit.parse.plain_yaml import Data, Path
from notekit.parse.report import Report, listed, shortened, suggestion

_ARTICLES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
# Whatever stands below these is data, not schema.
_DATA_KEYWORDS = ("const", "enum", "default", "examples")


def check_data(data: Data, schema: Mapping[str, Any], report: Report) -> None:
    """Reports each way in which ``data`` does not meet ``schema``, at the line of the key at fault."""
    for error in Draft202012Validator(schema).iter_errors(data.value):
        for path, message, remedy in _said(_deepest(error)):
            report(_line(data, path), message, remedy)


def _line(data: Data, path: Path) -> int:
    while path not in data.lines:
        path = path[:-1]
    return data.lines[path]


def _deepest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Of alternatives that all fail, the error of the one that got furthest into the data."""
    inner = max(map(_deepest, error.context or ()), key=lambda one: len(one.absolute_path), default=error)
    return inner if len(inner.absolute_path) > len(error.absolute_path) else error


def _said(error: jsonschema.ValidationError) -> Iterator[tuple[Path, str, str]]:
    """The path at fault, what is wrong there, what would be right. One error may be about several keys."""
    path: Path = tuple(error.absolute_path)
    name = _name(path)
    limit: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                yield (
                    (*path, key),
                    f"the key {shortened(key)} is unknown",
                    suggestion(key, known, f"known: {listed(known, 'and')}"),
                )
    elif error.validator == "required" and isinstance(error.instance, dict):
        for key in limit:
            if key not in error.instance:
                yield path, f"{name} has no key {key}", f"add {key}: …{_described(schema, key)}"
    else:
        yield path, f"{name} is {_shown(error.instance)}", _wanted(error)


def _wanted(error: jsonschema.ValidationError) -> str:
    limit: Any = error.validator_value
    schema: Any = error.schema
    if error.validator == "type":
        kinds = [limit] if isinstance(limit, str) else limit
        return f"write {listed(_ARTICLES.get(kind, kind) for kind in kinds)}{_bounds(schema)}"
    if error.validator in ("enum", "const"):
        return f"write {listed(_shown(value) for value in (limit if error.validator == 'enum' else [limit]))}"
    if error.validator in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        return f"write a number{_bounds(schema)}"
    if error.validator in ("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"):
        at_least = "at least" if error.validator.startswith("min") else "at most"
        what = {"I": "items", "P": "keys", "L": "characters"}[error.validator[3]]
        return f"write {at_least} {limit} {what}"
    if error.validator == "multipleOf":
        return f"write a multiple of {_shown(limit)}"
    described = schema.get("description") if isinstance(schema, dict) else None
    return f"write {described}" if described else f"the schema demands: {shortened(error.message, 120)}"


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {_shown(low)} to {_shown(high)}"
    if low is not None:
        return f" of at least {_shown(low)}"
    return f" of at most {_shown(high)}" if high is not None else ""


def _described(schema: Mapping[str, Any], key: str) -> str:
    description = schema.get("properties", {}).get(key, {}).get("description")
    return f" ({description})" if description else ""


def _name(path: Path) -> str:
    return (
        "the body"
        if not path
        else "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "empty" if value is None else str(value).lower()
    if isinstance(value, int) and abs(value) > 0xFFFF:
        return f"{value:#x}"
    if isinstance(value, (int, float)):
        return str(value)
    return shortened(value) if isinstance(value, str) and value else kind_of(value)


class SchemaError(ValueError):
    """A JSON Schema that cannot be used: what is wrong, what would be right, and the line (from 1) of its file."""

    def __init__(self, line: int, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.line = line
        self.message = message
        self.remedy = remedy


def check_schema(content: bytes) -> None:
    """Raises SchemaError unless ``content`` is a JSON Schema that refers to nothing outside itself."""
    try:
        schema = json.loads(content)
    except json.JSONDecodeError as error:
        raise SchemaError(error.lineno, f"not JSON: {error.msg}", "mend it") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SchemaError(1, f"not JSON: {shortened(str(error) or 'nested too deeply')}", "mend it") from None
    for reference in _references(schema):
        if not reference.startswith("#"):
            text = content.decode("utf-8", "replace")
            line = text.count("\n", 0, max(0, text.find(json.dumps(reference)))) + 1
            raise SchemaError(
                line,
                f"the schema refers to {shortened(reference)}, outside its file",
                "copy what is meant under $defs and refer to #/$defs/…",
            )
    try:
        Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise SchemaError(1, f"not a JSON Schema: {shortened(error.message, 120)}", "mend it") from None
    except RecursionError:
        raise SchemaError(1, "not a JSON Schema: nested too deeply", "write it flatter") from None


def _references(schema: Any) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
                    yield value
                elif key not in _DATA_KEYWORDS:
                    waiting.append(value)
        elif isinstance(node, list):
            waiting.extend(node)
