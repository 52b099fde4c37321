"""The keys of a YAML mapping, each of its kind: the words in which the head and ``area.yml`` say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from notekit.parse.plain_yaml import Data, Path
from notekit.parse.report import Report, listed, suggestion


class Keys:
    """A mapping at ``path`` of some YAML, whose problems go to ``report``."""

    def __init__(self, data: Data, path: Path, report: Report) -> None:
        self._data = data
        self._path = path
        self._report = report
        value: Any = data.value
        for step in path:
            value = value[step]
        self._values: Mapping[str, Any] = value if isinstance(value, dict) else {}

    def line(self, *path: str | int) -> int:
        """The line of a key below this mapping; of the mapping itself for no path."""
        return self._data.lines[(*self._path, *path)]

    def problem(self, message: str, remedy: str, *path: str | int) -> None:
        """Reports a problem at the line of a key."""
        self._report(self.line(*path), message, remedy)

    def only(self, known: Iterable[str], owner: str) -> None:
        """Reports each key that is none of those."""
        names = list(known)
        for key in self._values:
            if key not in names:
                remedy = suggestion(key, names, f"{owner} has {listed(names, 'and')}")
                self.problem(f"the key {key} is unknown", remedy, key)

    def has(self, key: str) -> bool:
        """Whether the key is there, whatever it holds."""
        return key in self._values

    def text(self, key: str) -> str | None:
        """The text of a key; None, with a problem unless the key is missing, where there is none."""
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(value, "text", key)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts of a key; empty where the key is missing or wrong."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            self.wrong(value, "a list of texts, such as [a, b]", key)
            return ()
        for position, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                self.wrong(item, "text", key, position)
        return tuple(item for item in value if isinstance(item, str) and item.strip())

    def mappings(self, key: str, example: str) -> tuple[Keys, ...]:
        """The list of mappings of a key; empty where the key is missing or wrong."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            self.wrong(value, f"a list of {example}", key)
            return ()
        found = []
        for position, item in enumerate(value):
            if isinstance(item, dict):
                found.append(Keys(self._data, (*self._path, key, position), self._report))
            else:
                self.wrong(item, example, key, position)
        return tuple(found)

    def mapping(self, key: str, example: str) -> Keys | None:
        """The mapping of a key; None, with a problem unless the key is missing, where there is none."""
        if key not in self._values:
            return None
        if isinstance(self._values[key], dict):
            return Keys(self._data, (*self._path, key), self._report)
        self.wrong(self._values[key], example, key)
        return None

    def number(self, key: str) -> int | None:
        """The whole number of a key; None, with a problem unless the key is missing, where there is none."""
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.wrong(value, "a whole number", key)
        return None

    def wrong(self, value: Any, wanted: str, *path: str | int) -> None:
        """Reports a value of the wrong kind."""
        name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
        what = f"an item of {name}" if path and isinstance(path[-1], int) else name
        remedy = f"write {wanted}"
        if wanted == "text" and isinstance(value, (int, float)):
            remedy = "put it in quotes to make it text"
        self.problem(f"{what} is {kind_of(value)}", remedy, *path)


def kind_of(value: Any) -> str:
    """What a value of YAML is, in words: ``the number 42``, ``a list``, ``empty``."""
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return "empty"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"
