"""The data of a diagram on its page: as a table, and as CSV to copy or to download; neither needs a script."""

from __future__ import annotations

import csv
import html
import io
from urllib.parse import quote

from notekit.diagrams import Drawing, Rows
from notekit.emit.texts import text


def data_of(name: str, drawing: Drawing, language: str) -> list[str]:
    """Lines of HTML without an empty one between them."""
    file, rows = f"{name}.csv", drawing.table
    written = as_csv(drawing.data)
    download = html.escape(text(language, "download", file=file))
    return [
        f'<details class="diagram-data"><summary>{html.escape(text(language, "as_table"))}</summary>',
        "<table>",
        f"<thead>{_row(rows[0], 'col', 'th')}</thead>",
        "<tbody>",
        *(_row(row, "row", "td") for row in rows[1:]),
        "</tbody></table>",
        "</details>",
        f'<details class="diagram-data"><summary>{html.escape(text(language, "as_csv"))}</summary>',
        # A byte-order mark: spreadsheets take the file for a legacy encoding without one.
        f'<p><a download="{html.escape(file)}" href="data:text/csv;charset=utf-8,{quote(chr(0xFEFF) + written)}">'
        f"{download}</a></p>",
        *f'<pre data-search-exclude="1">{_safe(written.rstrip())}</pre>'.split("\n"),
        "</details>",
    ]


def as_csv(rows: Rows) -> str:
    """RFC 4180, but for the ends of lines, which are LF."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _row(cells: tuple[str, ...], scope: str, kind: str) -> str:
    first, *rest = (_safe(cell) for cell in cells)
    opening = "<td>" if kind == "td" else '<th scope="col">'
    shown = "".join(f"{opening}{cell}</{kind}>" for cell in rest)
    return f'<tr><th scope="{scope}">{first}</th>{shown}</tr>'


def _safe(content: str) -> str:
    return html.escape(content, quote=False)
