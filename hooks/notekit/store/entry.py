"""An entry of the store as bytes: JSON, sealed by a digest of itself.

``{"sha256":"…","entry":{"format":1,"key":"…","outputs":[…]}}`` on one line, written in one way only. The digest is of
the bytes of ``entry``, so that an entry with any bit changed is told from a whole one; the key in it tells an entry
that lies under another's name. What was printed is in base64, since it need not be text.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast, get_args

from notekit.model import BuildOutput, CommandOutput, Exceeded, Limit, Output

__all__ = ["decode", "encode"]

_FORMAT = 1
_TAIL = b"}\n"
_T = TypeVar("_T")


def encode(key: str, outputs: Sequence[Output]) -> bytes:
    """The entry of these outputs under that key."""
    entry = {"format": _FORMAT, "key": key, "outputs": [_from_output(output) for output in outputs]}
    body = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _head(body) + body + _TAIL


def decode(key: str, data: bytes) -> tuple[Output, ...]:
    """The outputs of an entry.

    Raises ValueError for whatever ``encode`` has not written under that key: damaged, cut short, another's, of
    another format.
    """
    body = data[len(_head(b"")) : -len(_TAIL)]
    if data != _head(body) + body + _TAIL:
        raise ValueError("the digest is not that of the entry")
    try:
        entry = json.loads(body)
        if (entry["format"], entry["key"]) != (_FORMAT, key):
            raise ValueError("an entry of another format or key")
        return tuple(_to_output(described) for described in entry["outputs"])
    except (LookupError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not an entry") from error


def _head(body: bytes) -> bytes:
    return b'{"sha256":"%s","entry":' % hashlib.sha256(body).hexdigest().encode("ascii")


def _from_output(output: Output) -> dict[str, Any]:
    return {
        "commands": [[_from_bytes(command.text), command.exit] for command in output.commands],
        "stdout": _from_bytes(output.stdout),
        "stderr": _from_bytes(output.stderr),
        "exit": output.exit,
        "build": output.build and [_from_bytes(output.build.text), output.build.exit],
        "exceeded": output.exceeded and [output.exceeded.limit, output.exceeded.allowed],
        "broken": output.broken,
        "missing": output.missing,
        "how": output.how,
        "seconds": output.seconds,
        "versions": output.versions,
        "finished": output.finished,
    }


def _to_output(described: dict[str, Any]) -> Output:
    return Output(
        commands=tuple(CommandOutput(_to_bytes(text), _whole(status)) for text, status in described["commands"]),
        stdout=_to_bytes(described["stdout"]),
        stderr=_to_bytes(described["stderr"]),
        exit=_whole(described["exit"]),
        build=_optional(described["build"], lambda build: BuildOutput(_to_bytes(build[0]), _whole(build[1]))),
        exceeded=_optional(described["exceeded"], lambda exceeded: Exceeded(_limit(exceeded[0]), _text(exceeded[1]))),
        broken=_optional(described["broken"], _text),
        missing=_optional(described["missing"], _text),
        how=_text(described["how"]),
        seconds=float(described["seconds"]),
        versions=tuple((_text(tool), _text(version)) for tool, version in described["versions"]),
        finished=_text(described["finished"]),
    )


def _from_bytes(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _to_bytes(text: Any) -> bytes:
    return base64.b64decode(_text(text), validate=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _whole(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError("an integer is expected")
    return value


def _limit(value: Any) -> Limit:
    if value not in get_args(Limit):
        raise TypeError("a limit's name is expected")
    return cast(Limit, value)


def _optional(value: Any, read: Callable[[Any], _T]) -> _T | None:
    return None if value is None else read(value)
