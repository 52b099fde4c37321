r"""What stands behind the ``` of a block: its language, and attributes in braces.

``console {#id key=value key="several words" flag}``; inside quotes ``\"``, ``\\`` and ``\n`` are escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from notekit.parse.report import Report, shortened

_LANGUAGE = re.compile(r"[ \t]*([^\s{]*)[ \t]*")
_SPACE = re.compile(r"[ \t]*")
_ID = re.compile(r"#([^\s{}\"=]*)")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BARE = re.compile(r"[^\s{}\"']+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n"}
_MEANT_ID = re.compile(r"(?:^|[{\s])#([a-z0-9-]+)")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_RIGHT_ID = re.compile(r"[a-z0-9-]+")

FLAG = "\0"


@dataclass(frozen=True, slots=True)
class Info:
    """A block's language, id, and other attributes by name; a flag's value is ``FLAG``."""

    language: str
    id: str | None
    values: Mapping[str, str]


class _BadInfoError(ValueError):
    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_info(text: str, line: int, report: Report) -> Info:
    """Reads the text behind an opening fence. Where it cannot be read whole, a problem, and what could be read."""
    found = _LANGUAGE.match(text)
    assert found is not None
    rest = text[found.end() :].rstrip(" \t\r")
    control = _CONTROL.search(rest)
    try:
        if control:
            raise _BadInfoError(f"the control character U+{ord(control[0]):04X}", "take it out")
        if rest and not rest.startswith("{"):
            raise _BadInfoError(
                f"{shortened(rest)!r} behind the language {found[1]}",
                "put attributes in braces, such as {#id key=value}",
            )
        id, values = _attributes(rest) if rest else (None, {})
    except _BadInfoError as error:
        report(line, error.message, error.remedy)
        meant = _MEANT_ID.search(rest)
        return Info(found[1], meant[1] if meant else None, {})
    return Info(found[1], id, MappingProxyType(values))


def _attributes(text: str) -> tuple[str | None, dict[str, str]]:
    """The id and the values of ``{…}``."""
    id: str | None = None
    values: dict[str, str] = {}
    position = 1
    while True:
        space = _SPACE.match(text, position)
        assert space is not None
        position = space.end()
        if text.startswith("}", position):
            break
        if position >= len(text):
            raise _BadInfoError("the attributes' braces are not closed", "end them with }")
        if position == space.start() and position > 1:
            raise _BadInfoError(f"no space before {shortened(text[position:], 20)!r}", "put a space between attributes")
        if text.startswith("#", position):
            if id is not None:
                raise _BadInfoError("a second id", "give the block one id")
            id, position = _read_id(text, position)
        else:
            name, value, position = _read_pair(text, position)
            if name in values:
                raise _BadInfoError(f"the attribute {name} stands here twice", "keep one of the two")
            values[name] = value
    if text[position + 1 :].strip(" \t"):
        raise _BadInfoError(
            f"{shortened(text[position + 1 :].strip())!r} behind the braces", "put all attributes inside the braces"
        )
    return id, values


def _read_id(text: str, position: int) -> tuple[str, int]:
    found = _ID.match(text, position)
    assert found is not None
    if not _RIGHT_ID.fullmatch(found[1]):
        raise _BadInfoError(f"the id {shortened(found[0])!r}", "write # and small letters a to z, digits and hyphens")
    return found[1], found.end()


def _read_pair(text: str, position: int) -> tuple[str, str, int]:
    key = _KEY.match(text, position)
    if not key:
        raise _BadInfoError(
            f"{shortened(text[position:].split()[0])!r} among the attributes",
            'write #id, key=value, key="several words" or a flag',
        )
    if not text.startswith("=", key.end()):
        return key[0], FLAG, key.end()
    start = key.end() + 1
    if text.startswith('"', start):
        quoted = _QUOTED.match(text, start)
        if not quoted:
            raise _BadInfoError(f"the quotes of {key[0]} are not closed", 'end the value with "')
        return key[0], _unescaped(key[0], quoted[1]), quoted.end()
    if text.startswith("'", start):
        raise _BadInfoError(f"{key[0]} has single quotes", 'put the value in double quotes: "…"')
    bare = _BARE.match(text, start)
    if not bare:
        raise _BadInfoError(f"{key[0]} has no value", f"write {key[0]}=value, with no space around =")
    return key[0], bare[0], bare.end()


def _unescaped(key: str, text: str) -> str:
    for escape in _ESCAPE.finditer(text):
        if escape[1] not in _ESCAPES:
            raise _BadInfoError(
                f"the escape \\{escape[1]} in {key}", r"write \" for a quote, \n for a line end, \\ for a backslash"
            )
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], text)
