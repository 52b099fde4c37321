"""YAML as plain data, with the line of each key. No tags, no aliases, no key twice: what JSON could say too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from notekit.parse.report import shortened

Path = tuple[str | int, ...]

_MAX_DEPTH = 40
# PyYAML reads about 100 KiB a second.
_LARGEST = 64 << 10
# YAML 1.1 ends lines at these too, notes do not; each is hidden behind a non-character while YAML reads.
_FALSE_LINE_ENDS = {0x0D: "\ufdd0", 0x85: "\ufdd1", 0x2028: "\ufdd2", 0x2029: "\ufdd3"}
_RESTORED = {ord(shown): chr(code) for code, shown in _FALSE_LINE_ENDS.items()}
_PREFIX = "tag:yaml.org,2002:"
_PLAIN = ("null", "bool", "int", "float", "str")


class YamlError(ValueError):
    """Text that is not the YAML that notes are written in, at a line of its file."""

    def __init__(self, line: int, message: str, remedy: str) -> None:
        super().__init__(f"{line}: {message}; {remedy}")
        self.line = line
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Data:
    """What a YAML text says: dicts, lists, strings, numbers, booleans and None.

    ``lines`` has for each key, item and the whole (``()``) the line of its file, by its path.
    """

    value: Any
    lines: Mapping[Path, int]


def read_yaml(lines: Sequence[str], first: int = 1) -> Data:
    """Reads one YAML document, which begins at line ``first`` of its file; nothing at all is None. Raises YamlError."""
    if sum(map(len, lines)) > _LARGEST:
        raise YamlError(first, f"more than {_LARGEST >> 10} KiB of YAML", "write less")
    reader = _Reader(lines, first)
    try:
        return reader.data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise YamlError(
            reader.line(mark), f"not YAML: {what}", "mend it, with quotes around text that holds : # or brackets"
        ) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(
            reader.line_at(error.position),
            f"not YAML: the character U+{error.character:04X} may not stand in it",
            "take it out",
        ) from None


class _Reader:
    """Follows PyYAML's events, which come without recursion and in constant memory."""

    def __init__(self, lines: Sequence[str], first: int) -> None:
        self._first = first
        self._starts = [0]
        for line in lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._text = "\n".join(lines).translate(_FALSE_LINE_ENDS)
        self._lines: dict[Path, int] = {}

    def line_at(self, index: int) -> int:
        """The line of the character at an index of the text."""
        return bisect_right(self._starts, index) + self._first - 1

    def line(self, mark: Any) -> int:
        """The line of a place in the text; PyYAML's own line numbers count U+2028 and others."""
        return self.line_at(mark.index) if mark else self._first

    def data(self) -> Data:
        # The reader looks at the whole text for characters that are not allowed, and raises ReaderError.
        loader = yaml.SafeLoader(self._text)
        events = self._events(loader)
        first = next(events, None)
        value = None if first is None else self._value(loader, first, events, ())
        # What is left is the end, or a second document, which is refused where it begins.
        next(events, None)
        self._lines[()] = self._first if first is None else self.line(first.start_mark)
        return Data(value, self._lines)

    def _events(self, loader: Any) -> Iterator[Any]:
        """The events that carry data."""
        documents = 0
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError(self.line(event.start_mark), "a second YAML document begins here", "write one only")
            elif not isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)):
                self._refuse_extras(event)
                yield event

    def _refuse_extras(self, event: Any) -> None:
        line = self.line(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(
                line,
                f"the anchor or alias {event.anchor!r}",
                "write the value out, with quotes if its text begins with & or *",
            )
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in ("!", f"{_PREFIX}str"):
            shown = tag.replace(_PREFIX, "!!")
            raise YamlError(line, f"the tag {shown}", "write the value alone: notes hold plain data")

    def _value(self, loader: Any, event: Any, events: Iterator[Any], path: Path) -> Any:
        if len(path) > _MAX_DEPTH:
            raise YamlError(self.line(event.start_mark), f"nested more than {_MAX_DEPTH} deep", "write it flatter")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(loader, events, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(loader, events, path)
        return self._scalar(loader, event)

    def _list(self, loader: Any, events: Iterator[Any], path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            here = (*path, len(found))
            self._lines[here] = self.line(event.start_mark)
            found.append(self._value(loader, event, events, here))
        return found

    def _mapping(self, loader: Any, events: Iterator[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = self.line(event.start_mark)
            # A key is its text, as in JSON: yes and 0x1000 are keys as they are written.
            key = self._text_of(event) if isinstance(event, yaml.ScalarEvent) else ""
            if not key:
                raise YamlError(line, "a key that is no word", "write a word before the colon")
            if key in found:
                first = self._lines[(*path, key)]
                raise YamlError(
                    line,
                    f"the key {shortened(key)} stands here a second time, first in line {first}",
                    "keep one of the two",
                )
            self._lines[(*path, key)] = line
            found[key] = self._value(loader, next(events), events, (*path, key))
        return found

    def _text_of(self, event: Any) -> str:
        r"""A scalar's text. ``"\ud83d\ude00"`` is one character, as in JSON; half of such a pair is none."""
        try:
            return str(event.value.translate(_RESTORED)).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            line = self.line(event.start_mark)
            raise YamlError(line, "half of a surrogate pair in a text", "write the character itself") from None

    def _scalar(self, loader: Any, event: Any) -> Any:
        """A plain scalar by YAML's own rules; what they make a date, a merge key and the like stays text."""
        tag = event.tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        kind = tag.removeprefix(_PREFIX)
        if kind not in _PLAIN or kind == "str" or tag == "!":
            return self._text_of(event)
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        try:
            return getattr(loader, f"construct_yaml_{kind}")(node)
        except ValueError:
            raise YamlError(self.line(event.start_mark), "a number that is too long", "write a shorter one") from None
