"""Text made safe for a Markdown page that mkdocs-macros expands. Pure functions over strings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# The six delimiters that mkdocs.yml gives to mkdocs-macros all begin with one of these three.
_DELIMITER = re.compile(r"\[\[(?=[\[%#])")
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|&~^$:=\"']")
_LIST_MARKER = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s|$)")
_BACKTICKS = re.compile(r"`+")


def without_delimiters(text: str) -> str:
    """The text with each opening delimiter of mkdocs-macros written so that it comes out as itself.

    mkdocs-macros runs Jinja, unconfined, over a whole page, code blocks and all. A string literal is the
    one way of quoting that holds everywhere: ``[[[ '[[' ]]]`` expands to ``[[``.
    """
    return _DELIMITER.sub("[[[ '[[' ]]]", text)


def plain(text: str) -> str:
    """Plain text as Markdown that shows just that text (one paragraph's worth; no line ends)."""
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))
    return _LIST_MARKER.sub(lambda found: f"{found[1]}&#{ord(found[2][0])};{found[2][1:]}", escaped)


def fence(lines: tuple[str, ...], header: str) -> list[str]:
    """A fenced block that no line inside can close."""
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    marks = "`" * max(3, longest + 1)
    return [f"{marks} {header}".rstrip(), *lines, marks]


def attributes(
    *,
    classes: tuple[str, ...],
    identifier: str | None = None,
    title: str = "",
    data: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The braces after a fence, as Python-Markdown and superfences read them; ``data`` become ``data-…``."""
    parts = [f".{name}" for name in classes]
    if identifier:
        parts.append(f"#{identifier}")
    if title and not re.search(r'["{}\n]', title):
        parts.append(f'title="{title}"')
    parts += [f'data-{key}="{value}"' for key, value in data.items()]
    return "{" + " ".join(parts) + "}"


def paragraph(text: str, *classes: str, searched: bool = True) -> list[str]:
    """A paragraph with CSS classes, with the empty lines that set it apart. The search leaves it out on demand."""
    marks = [f".{name}" for name in classes] + ([] if searched else ["data-search-exclude=1"])
    return ["", text, "{: " + " ".join(marks) + " }", ""]


def indented(lines: list[str], columns: int) -> list[str]:
    """The lines moved right by that many columns; empty ones stay empty."""
    return [" " * columns + line if line else line for line in lines]
