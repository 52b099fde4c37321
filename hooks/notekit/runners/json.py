"""JSON documents: they must parse, with no key twice, and meet the schema that the note names, if any.

Nothing of the note's is executed, so this needs no sandbox of its own; the document is parsed in the builder.
"""

from __future__ import annotations

import importlib.metadata
import json
import time
from collections.abc import Sequence
from typing import Any

from notekit.model import Example, Output, Unit
from notekit.runners import _program
from notekit.runners._contract import Runner


class JsonRunner(Runner):
    """Parses and validates; complaints are standard error, and then the exit status is 1."""

    name = "json"
    languages = ("json",)
    version = f"json 1, jsonschema {importlib.metadata.version('jsonschema')}"

    def needed(self, unit: Unit) -> tuple[str, ...]:
        """Nothing that is not in this process."""
        return ()

    def environment(self, unit: Unit) -> dict[str, str]:
        """Nothing: it is read in this process."""
        return {}

    def at_home(self, unit: Unit) -> tuple[str, ...]:
        """A program that reads a document, or holds it against a schema."""
        return ("jsonschema",) if unit.examples[0].schema else ("jq",)

    def start(self, unit: Unit) -> Sequence[Output]:
        """Checks the one document of the unit."""
        (example,) = unit.examples
        started = time.monotonic()
        complaints = "".join(f"{line}\n" for line in problems(example))
        name = _program.path_of(example, ".json")
        how = ("jsonschema", "-i", name, example.schema.path) if example.schema else ("jq", ".", name)
        return (
            Output(
                stderr=complaints.encode("utf-8", "backslashreplace"),
                exit=1 if complaints else 0,
                how=_program.typed(how),
                seconds=time.monotonic() - started,
            ),
        )

    def lacking(self, unit: Unit) -> str | None:
        """Nothing: it runs no process."""
        return None


def problems(example: Example) -> list[str]:
    """What is wrong with the document, one line each: ``line 3: …`` or ``/key/0: …``."""
    try:
        document = json.loads(example.code, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return [f"line {error.lineno}, column {error.colno}: {error.msg}"]
    except (ValueError, RecursionError) as error:
        return [str(error)]
    if example.schema is None:
        return []
    return _against(document, example.schema.content)


def _against(document: Any, schema: bytes) -> list[str]:
    import jsonschema  # only where there is a schema: it takes 40 ms to import (measured)

    try:
        rules = json.loads(schema)
        validator = jsonschema.validators.validator_for(rules, jsonschema.Draft202012Validator)
        validator.check_schema(rules)
        found = sorted(validator(rules).iter_errors(document), key=lambda error: [str(one) for one in error.path])
        return [f"/{'/'.join(str(one) for one in error.path)}: {error.message}" for error in found]
    except (ValueError, RecursionError) as error:
        return [f"the schema cannot be read: {error}"]
    except jsonschema.SchemaError as error:
        return [f"the schema is not one: {error.message}"]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"the key {json.dumps(key)} stands twice in one object")
        seen[key] = value
    return seen


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


RUNNER = JsonRunner()
