"""Plain frozen values: what the simulator takes and gives.

A dataclass would say the same, but MicroPython 1.27, which runs this source in the reader's page, has neither
dataclasses nor ``__annotations__``; so a class names its fields once more, in ``_fields`` (a test holds the two equal).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, TypeGuard, dataclass_transform
else:

    def dataclass_transform(**_options):
        """Do nothing at run time; a type checker reads it."""
        return lambda cls: cls


# An integer in a signature that Cython compiles: given another type, Cython refuses ``int`` itself in words of its own,
# before the function's own check can name the field.
Integer = int


class FieldError(ValueError):
    """A value that cannot be: names the field, the value it has, and what is allowed.

    ``field`` is a path of keys joined by ``/`` where the value came from nested data.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        shown = hexadecimal(value) if is_integer(value) else repr(value)
        super().__init__(f"{field} is {shown}; allowed: {allowed}")
        self.field = field
        self.value = value
        self.allowed = allowed


@dataclass_transform(frozen_default=True)
class Value:
    """Base of all values: compared, hashed and shown by their fields, never changed.

    A field without a default is required; a subclass checks what it was given in ``_check``.
    """

    _fields: "ClassVar[tuple[str, ...]]" = ()

    def __init__(self, *args: "Any", **named: "Any") -> None:
        fields = self._fields
        if named or len(args) != len(fields):
            args = self._complete(args, named)
        store = object.__setattr__
        for name, value in zip(fields, args):
            store(self, name, value)
        self._check()

    def _complete(self, args: "tuple[Any, ...]", named: "dict[str, Any]") -> "tuple[Any, ...]":
        """All fields' values in order, defaults filled in; TypeError where one is missing, unknown or given twice."""
        kind = type(self).__name__
        fields = self._fields
        if len(args) > len(fields):
            raise TypeError(f"{kind} has {len(fields)} fields, not {len(args)}")
        for name in named:
            if name not in fields[len(args) :]:
                raise TypeError(f"{kind}: {name} is given twice" if name in fields else f"{kind} has no field {name}")
        values = list(args)
        for name in fields[len(args) :]:
            if name not in named and not hasattr(self, name):
                raise TypeError(f"{kind}: {name} is missing")
            values.append(named[name] if name in named else getattr(self, name))
        return tuple(values)

    def _check(self) -> None:
        """Raise FieldError where a field's value is not allowed."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name}")

    def _key(self) -> "tuple[Any, ...]":
        return tuple(getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Value) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_show(getattr(self, name))}" for name in self._fields)
        return f"{type(self).__name__}({shown})"


def replace(value: "Any", **changes: "Any") -> "Any":
    """The same value with some fields changed."""
    fields = {name: getattr(value, name) for name in value._fields}
    fields.update(changes)
    return type(value)(**fields)


def is_integer(value: object) -> "TypeGuard[int]":
    """Whether ``value`` is an integer; a bool is none (CPython derives it from int, MicroPython does not)."""
    return isinstance(value, int) and not isinstance(value, bool)


def hexadecimal(value: "Any") -> str:
    """``0x…`` without leading zeros; ``-0x…`` below zero."""
    return f"{value:#x}"


def check_integer(field: str, value: object, lowest: int, highest: int) -> None:
    """Raise FieldError unless ``value`` is an integer from ``lowest`` to ``highest``, both included."""
    if not (is_integer(value) and lowest <= value <= highest):
        raise FieldError(field, value, f"an integer from {hexadecimal(lowest)} to {hexadecimal(highest)}")


def check_choice(field: str, value: object, choices: "tuple[object, ...]") -> None:
    """Raise FieldError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise FieldError(field, value, ", ".join(str(choice) for choice in choices))


def _show(value: object) -> str:
    return hexadecimal(value) if is_integer(value) and value > 9 else repr(value)
