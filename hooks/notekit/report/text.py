"""The report for people: what failed and why, then one line that counts. No character of it acts on a terminal."""

from __future__ import annotations

import re

from notekit import verify
from notekit.match import visible
from notekit.report import Report
from notekit.summary import summary_line

_BOLD, _RED, _GREEN, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def text(report: Report, *, quiet: bool = False) -> str:
    """Lines that begin with ``path:line:``, and indented ones below; empty if nothing is wrong and ``quiet`` is set."""
    checked = report.checked
    lines = [visible(str(problem)) for problem in report.problems]
    failed = verify.report(checked.failed)
    if failed:
        lines.append(failed)
    if not quiet:
        lines += [visible(f"{warning} (warning)") for warning in checked.collection.warnings]
        lines += [
            visible(f"{result.place}: {result.name} not verified: {result.reason}")
            for result in checked.results
            if result.status == "not-verified"
        ]
        lines += [summary_line(checked), run_no_line(report)]
    return "\n".join(lines)


def run_no_line(report: Report) -> str:
    """``2 blocks say run=no``."""
    number = len(report.run_no)
    return "1 block says run=no" if number == 1 else f"{number} blocks say run=no"


def coloured(text: str) -> str:
    """The same text with its places in bold and its diffs in red and green, by ECMA-48 sequences."""
    return "\n".join(map(_coloured_line, text.split("\n")))


def _coloured_line(line: str) -> str:
    if line.startswith(("    -", "    +")):
        return f"    {_RED if line[4] == '-' else _GREEN}{line[4:]}{_PLAIN}"
    return re.sub(r"^\S.*?:\d+(?=: )", lambda place: f"{_BOLD}{place[0]}{_PLAIN}", line)
