"""An entry of the store as bytes: sealed JSON, ``{"format":3,"key":"…","about":[…],"outputs":[…]}``.

The seal tells an entry with any bit changed from a whole one; the key in it tells an entry that lies under another's
name. What was printed is in base64, since it need not be text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args

from notekit.model import STREAMS, BuildOutput, CommandOutput, Exceeded, Limit, Output, Stream
from notekit.sealed import seal, unseal

__all__ = ["Entry", "OtherFormatError", "decode", "encode"]

_FORMAT = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry holds: the outputs of a unit, and which examples (``area/slug#name``) they were kept for."""

    about: tuple[str, ...]
    outputs: tuple[Output, ...]


class OtherFormatError(ValueError):
    """An entry that is whole, and was not written by this version."""


def encode(key: str, outputs: Sequence[Output], about: Sequence[str] = ()) -> bytes:
    """The entry of these outputs under that key."""
    described = [_from_output(output) for output in outputs]
    return seal({"format": _FORMAT, "key": key, "about": list(about), "outputs": described})


def decode(key: str, data: bytes) -> Entry:
    """What an entry holds.

    Raises OtherFormatError for one that another version of this package wrote, and ValueError for whatever else
    ``encode`` has not written under that key: damaged, cut short, another's.
    """
    entry = unseal(data)
    try:
        if entry["format"] != _FORMAT:
            raise OtherFormatError("an entry of another format")
        if entry["key"] != key:
            raise ValueError("an entry of another key")
        about = tuple(_text(name) for name in entry["about"])
        return Entry(about, tuple(_to_output(described) for described in entry["outputs"]))
    except (LookupError, TypeError, OverflowError) as error:
        raise ValueError("not an entry") from error


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
        "streams": [[stream, _from_bytes(data)] for stream, data in output.streams],
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
        streams=tuple((_stream(name), _to_bytes(data)) for name, data in described["streams"]),
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


def _stream(value: Any) -> Stream:
    if value not in STREAMS:
        raise TypeError("a stream's name is expected")
    return cast(Stream, value)


def _optional(value: Any, read: Callable[[Any], _T]) -> _T | None:
    return None if value is None else read(value)
