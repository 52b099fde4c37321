"""The key under which a unit's outputs are kept: a digest of all that can change them, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from notekit.model import Command, Example, NamedFile, Unit

__all__ = ["unit_key"]

# Counts up when what goes into a key is put together differently.
_RECIPE = 2


def unit_key(unit: Unit, tools: Sequence[tuple[str, str]], environment: Mapping[str, str], runner_version: str) -> str:
    """64 hexadecimal digits: the SHA-256 of a unit's code, files, options, tools and environment, as canonical JSON.

    ``environment`` is all that its runner confines it with: variables, limits, the sandbox (``Runner.environment``).

    Neither what the note expects (lines, ends, ``fails``) nor where it says so (path, line, session's name) is in
    it. The order of the tools does not matter, that of the examples does. A program's id is in it, since it
    is the name of the file that runs, which a program can print; a block without one must therefore run under a
    name that does not depend on where it stands.
    """
    described = {
        "recipe": _RECIPE,
        "runner": runner_version,
        "tools": sorted(set(tools)),
        "environment": sorted(environment.items()),
        "examples": [_example(example) for example in unit.examples],
    }
    text = json.dumps(described, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _example(example: Example) -> dict[str, Any]:
    described: dict[str, Any] = {
        "runner": example.runner,
        "language": example.language,
        "run": example.run,
        "files": sorted(_file(file) for file in example.files),
        "needs": sorted(example.needs),
        "timeout": None if example.timeout is None else float(example.timeout),
    }
    loaded = {"file": _file(example.file)} if example.language == "console" and example.file else {}
    if example.language == "console":
        return described | {"commands": [_command(command) for command in example.commands]} | loaded
    return described | {
        "id": example.id,
        "code": example.code,
        "file": example.file and _file(example.file),
        "args": example.args,
        "stdin": example.stdin,
        "cflags": example.cflags,
        "schema": example.schema and _file(example.schema),
    }


def _command(command: Command) -> tuple[str | bool, ...]:
    return (command.text, command.root, command.asked) if command.asked else (command.text, command.root)


def _file(file: NamedFile) -> tuple[str, str, bool]:
    return file.path, hashlib.sha256(file.content).hexdigest(), file.executable
