"""Raw HTML for a Markdown page, the same at the margin and in a list, where Python-Markdown reads it as inline."""

from __future__ import annotations

import re

from notekit.emit.markdown import plain

_KEPT = re.compile(r" (?= )|[\t\n]")


def verbatim(text: str) -> str:
    """Text with all its white space, for ``code`` and ``pre``; it stays on one line of the page."""
    parts = (plain(part) if index % 2 == 0 else part for index, part in enumerate(re.split(r"(\s+)", text)))
    return _KEPT.sub(lambda found: f"&#{ord(found[0])};", "".join(parts))


def code(text: str) -> str:
    """``<code>`` with that text."""
    return f"<code>{verbatim(text)}</code>"


def link(shown: str, address: str) -> str:
    """A link; ``shown`` is HTML already."""
    return f'<a href="{plain(address)}">{shown}</a>'


def foreign(text: str, language: str, page_language: str) -> str:
    """Plain text in a language that need not be the page's."""
    return plain(text) if language == page_language else f'<span lang="{language}">{plain(text)}</span>'
