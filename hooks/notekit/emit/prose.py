"""A note's prose as the page has it: computed text left to mkdocs-macros, terms of the glossary linked."""

from __future__ import annotations

from notekit.emit.findings import Findings
from notekit.emit.markdown import plain, without_delimiters
from notekit.emit.paths import GLOSSARY, link, note_path
from notekit.emit.terms import uses
from notekit.model import ComputedCall, Document
from notekit.outline import hand_written_path


def replaced(document: Document, findings: Findings) -> dict[int, list[tuple[int, int, str]]]:
    """By line, in order: (start, end, text) of what the page has in place of computed calls and of terms."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for call in document.calls:
        found.setdefault(call.line, []).append((call.start, call.end, call_text(call)))
    origin = note_path("area/note", document.language)
    page = hand_written_path(GLOSSARY, document.language, findings.default_language)
    for use in uses(document, findings.terms):
        shown = document.lines[use.line - 1][use.start : use.end]
        means = plain(use.term.means[document.language])
        found.setdefault(use.line, []).append((use.start, use.end, link(shown, origin, page, use.term.id, means)))
    return {line: sorted(pieces) for line, pieces in found.items()}


def line(text: str, pieces: list[tuple[int, int, str]]) -> str:
    """A line of prose with its pieces put in, and every delimiter that is not in one of them quoted."""
    parts: list[str] = []
    done = 0
    for start, end, written in pieces:
        before = without_delimiters(text[done:start])
        # A bracket right before the call would make a list of it: `[[[[ f() ]]]` is `[[[ [f()] …`.
        parts.append(before[:-1] + "[[[ '[' ]]]" if before.endswith("[") else before)
        parts.append(written)
        done = end
    # Python-Markdown takes a lone carriage return for the end of a line; the parser and CommonMark do not.
    return "".join([*parts, without_delimiters(text[done:])]).replace("\r", " ")


def call_text(call: ComputedCall) -> str:
    """``[[[ name(arguments) ]]]`` with literal arguments, as Jinja reads them."""
    arguments = [repr(value) for value in call.args]
    arguments += [f"{key}={value!r}" for key, value in call.kwargs]
    return f"[[[ {call.name}({', '.join(arguments)}) ]]]"
