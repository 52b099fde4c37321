"""Computed text: the functions that ``[[[ name(…) ]]]`` in prose may call, with literal arguments.

Each is pure, takes numbers and strings, and gives the text that the page shows. The parser holds a call
against ``SIGNATURES``; ``problems`` calls it, so that a value that cannot be is an error with its line too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jinja2

from notekit.cache_names import cache_left, cache_lookups, cache_results
from notekit.exit_names import cr3_rows, exit_of, exit_rows
from notekit.model import ComputedCall, Document, Place, Problem
from notekit.plot_names import cache_reach, per_access
from notekit.processor_names import entries_read, exceptions_of, paging_rows, pair_of, vmxon_rows
from vmsim import bits
from vmsim.value import FieldError

_LEVELS = {"pt": 1, "pd": 2, "pdpt": 3, "pml4": 4, "pml5": 5}
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


class ArgumentError(ValueError):
    """A computed name was called with a value that it has no answer for; says which and what is allowed."""


def hexadecimal(number: int) -> str:
    """``hexadecimal(4096)``: 0x1000."""
    return f"{_whole('number', number):#x}"


def binary_size(number: int) -> str:
    """``binary_size(2097152)``: 2 MiB. The largest unit in which the bytes are a whole number."""
    size, unit = _whole("number", number), 0
    while size and size % 1024 == 0 and unit + 1 < len(_UNITS):
        size, unit = size // 1024, unit + 1
    return f"{size} {_UNITS[unit]}"


def field(linear_address: int, level: str) -> str:
    """``field(0x7f1234567abc, "pml4")``: 254, the index that the address selects at that level.

    Levels are pml5, pml4, pdpt, pd and pt. Intel SDM volume 3, "4-Level Paging and 5-Level Paging".
    """
    return str(bits.index(_whole("linear_address", linear_address), _level(level)))


def reach(level: str) -> str:
    """``reach("pd")``: 2 MiB, what one entry of a table of that level controls."""
    return binary_size(bits.reach(_level(level)))


def _level(level: str) -> int:
    if level not in _LEVELS:
        raise ArgumentError(f"level is {level!r}; it is one of {', '.join(_LEVELS)}")
    return _LEVELS[level]


def _whole(name: str, number: int) -> int:
    if type(number) is not int or not 0 <= number <= bits.MAX_64:
        raise ArgumentError(f"{name} is {number!r}; it is a whole number from 0 to {bits.MAX_64:#x}")
    return number


_ALL: tuple[Callable[..., str], ...] = (
    hexadecimal, binary_size, field, reach, exit_of, exit_rows, cr3_rows, entries_read, vmxon_rows, pair_of,
    exceptions_of, paging_rows, cache_lookups, cache_left, cache_results, cache_reach, per_access,
)  # fmt: skip
FUNCTIONS: Mapping[str, Callable[..., str]] = MappingProxyType({function.__name__: function for function in _ALL})
SIGNATURES: Mapping[str, inspect.Signature] = MappingProxyType(
    {name: inspect.signature(function) for name, function in FUNCTIONS.items()}
)


def value(call: ComputedCall) -> str:
    """What the call comes to. Raises ArgumentError for a value that its function has no answer for."""
    return FUNCTIONS[call.name](*call.args, **dict(call.kwargs))


def expanded(markdown: str) -> str:
    """A page's Markdown with its computed text in it, and what was quoted as it should be shown.

    What mkdocs-macros does in a build, for those who build otherwise. Raises jinja2.TemplateError for a text that
    ``emit`` has not made.
    """
    environment = jinja2.Environment(
        block_start_string="[[%",
        block_end_string="%]]",
        variable_start_string="[[[",
        variable_end_string="]]]",
        comment_start_string="[[#",
        comment_end_string="#]]",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.from_string(markdown, dict(FUNCTIONS)).render()


def problems(document: Document) -> list[Problem]:
    """The calls of a document that have no value, each with its line."""
    found: list[Problem] = []
    for call in document.calls:
        try:
            value(call)
        except (ArgumentError, FieldError) as error:
            message, _, remedy = str(error).partition("; ")
            found.append(Problem(Place(document.file, call.line), f"[[[ {call.name}(…) ]]]: {message}", remedy))
    return found
