"""``NAME=VALUE`` of the command line, as the fields of a value of the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from vmsim import instructions
from vmsim.value import FieldError, Value

_TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def number(name: str, text: str) -> int:
    """A number: hexadecimal with 0x, octal and binary with 0o and 0b, else decimal."""
    try:
        return int(text, 0)
    except ValueError:
        raise FieldError(name, text, "a number, as 14 or 0xe") from None


def numbers(name: str, texts: Iterable[str]) -> tuple[int, ...]:
    """Several numbers."""
    return tuple(number(name, text) for text in texts)


def parse(kind: type[Value], given: Sequence[str], skip: Sequence[str] = ()) -> dict[str, Any]:
    """The fields of ``kind`` that are given, each read as its default's type; FieldError for one that does not exist.

    A field whose default is a tuple takes items apart by commas.
    """
    known = [name for name in kind._fields if name not in skip]
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in known:
            raise FieldError("NAME=VALUE", text, f"a name of these, and its value: {', '.join(known)}")
        found[name] = _value(name, getattr(kind, name, None), value.strip())
    return found


def _value(name: str, default: object, text: str) -> Any:
    if isinstance(default, bool):
        if text.lower() not in _TRUTH:
            raise FieldError(name, text, "yes, no, 1, 0, true, false")
        return _TRUTH[text.lower()]
    if name == "register" and not text[:1].isdigit():
        return instructions.register(text)
    if isinstance(default, str):
        return text
    if isinstance(default, tuple):
        items = [item.strip() for item in text.split(",") if item.strip()]
        return tuple(items) if all(not item[:1].isdigit() for item in items) else numbers(name, items)
    if isinstance(default, int) or default is None:
        return number(name, text)
    raise FieldError(name, text, "an option of its own: --msr-read-bit, --msr-write-bit, --io-bit")


def plain(value: Any) -> Any:
    """A value of the simulator as plain data."""
    if isinstance(value, Value):
        return {name: plain(getattr(value, name)) for name in value._fields}
    return [plain(item) for item in value] if isinstance(value, tuple) else value
