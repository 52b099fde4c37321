"""The summary of a step on GitHub's page of a run: a table in Markdown, then each failure in full."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from notekit.match import visible
from notekit.report import Report, name, troubles
from notekit.report.text import run_no_line
from notekit.summary import summary_line

#: In bytes. A step whose summary is larger gets none at all.
LARGEST = 1024 * 1024
# A message in the table, in characters; the whole of it stands below.
_LONGEST_CELL = 300
# In bytes: room for the line that says what was cut.
_RESERVE = 300


def markdown(report: Report, room: int = LARGEST) -> str:
    """At most ``room`` bytes in UTF-8, with a line that says what was left out; empty where not even that has room.

    Nothing that an example printed is Markdown or HTML there.
    """
    rows = list(_rows(report))
    whole = [_block(trouble.name, trouble.text) for trouble in troubles(report)]
    head = f"### Notes: {summary_line(report.checked)}\n\n{run_no_line(report)}\n"
    table = "\n| | where | what | why |\n|---|---|---|---|\n" if rows else ""
    room -= _RESERVE
    begun = head + table
    if _size(begun) > room:
        return _cut(len(rows), len(whole)) if room >= 0 else ""
    kept_rows = _fitting(rows, room - _size(begun))
    begun += "".join(kept_rows)
    kept_whole = _fitting(whole, room - _size(begun))
    left_out = (len(rows) - len(kept_rows), len(whole) - len(kept_whole))
    return begun + "".join(kept_whole) + (_cut(*left_out) if any(left_out) else "")


def _rows(report: Report) -> Iterable[str]:
    for trouble in troubles(report):
        yield _row(trouble.kind, str(trouble.place), trouble.name, trouble.message)
    for result in report.checked.results:
        if result.status == "not-verified":
            yield _row("not verified", str(result.place), name(result), result.reason)
    for warning in report.checked.collection.warnings:
        message = f"{warning.message}; {warning.remedy}"
        yield _row("warning", str(warning.place), warning.place.file, message)


def _row(*cells: str) -> str:
    kind, *others = cells
    return f"| {kind} | " + " | ".join(_cell(visible(cell)) for cell in others) + " |\n"


def _cell(text: str) -> str:
    """Every sign that Markdown could take for its own is escaped; ``<code>`` keeps GitHub's names and links away."""
    short = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
    return "<code>" + re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", short.replace("\t", " ")) + "</code>"


def _block(title: str, text: str) -> str:
    """The text as it is: in ``<pre>`` no Markdown is read up to ``</pre>``, which cannot occur in it.

    The empty line before it matters: what begins with ``<details>`` ends at the first one (CommonMark, HTML blocks).
    """
    summary = f"<summary>{html.escape(title)}</summary>"
    return f"\n<details>{summary}\n\n<pre>\n{html.escape(text)}\n</pre>\n\n</details>\n"


def _fitting(pieces: list[str], room: int) -> list[str]:
    """The first pieces, as many as have room."""
    kept = []
    for piece in pieces:
        room -= _size(piece)
        if room < 0:
            break
        kept.append(piece)
    return kept


def _cut(rows: int, whole: int) -> str:
    parts = [f"{count} {what}" for count, what in ((rows, "rows of the table"), (whole, "failures in full")) if count]
    left_out = " and ".join(parts) or "The summary"
    return f"\n{left_out} left out: GitHub shows at most 1 MiB; the step's log has everything.\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
