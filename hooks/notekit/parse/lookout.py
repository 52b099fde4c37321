"""The second look: code that the page would show and that is no region.

Notes are read by markdown-it-py and the site is rendered by Python-Markdown with pymdown-extensions; the two do not
agree on where code begins. Here the text is followed line by line by Python-Markdown's rules, and what it would
show as code is a problem unless it is a region. Where its rules are tangled this errs on the strict side. A test
renders generated documents with Python-Markdown and holds what comes out against this.

Glossary
    unseen     a fence for one reader or another that markdown-it-py did not see as one
    indented   text that begins so far to the right that it is code
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from notekit.parse.follow import Follower
from notekit.parse.markup import Fence, Markup
from notekit.parse.report import Report
from notekit.parse.text import columns

_MARK = re.compile(r"(`{3,}|~{3,})(.*)")
_BEFORE_MARK = re.compile(r"(?:[\s>\x00-\x1f]|[-+*:]\s|\d+[.)]\s)*")
_INLINE_CODE = re.compile(r"(`{3,})[^`{\"'=]+\1(?!`)")
_HTML_CODE = re.compile(r"<(pre|xmp|listing|plaintext)(?=[\s/>]|$)", re.IGNORECASE)
# The attribute in a tag, or at the start of a line that goes on with one.
_HTML_MARKDOWN = re.compile(
    r"""<[a-z][\w-]*(?:\s+[\w:-]+(?:=(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*\s+markdown(?=[\s=>/]|$)|^\s*markdown(?:=|\s*>)""",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_SNIPPET = re.compile(r"[ \t]*-+8<-+")
_AFTER_RETURN = re.compile(r"\r(?: {4}|\t|[ \t>]*(?:```|~~~|<pre))")

_WRITE_FENCE = "begin it with ``` on a line of its own, at the margin or indented by 4 for each list item around it"


def regions_of(markup: Markup, lines: Sequence[str], report: Report) -> tuple[Fence, ...]:
    """The fences that can become regions; every other one is a problem, as is one that is not closed."""
    usable = []
    misread = _first_misread(lines, markup) if not all(fence.closed for fence in markup.fences) else 0
    for fence in markup.fences:
        line = lines[fence.first - 1]
        if fence.quoted:
            report(fence.first, "a code block in a quotation", "take it out of the quotation")
        elif fence.mark[0] == "~":
            report(fence.first, "a code block between ~~~", "write ``` before and after it")
        elif not line.lstrip(" \t").startswith("```"):
            report(fence.first, "a code block that begins behind a list mark", _WRITE_FENCE)
        elif not fence.closed:
            if 0 < misread < fence.first:
                continue
            report.cut_short = True
            report(
                fence.first,
                f"the code block that begins here is not closed: {_why_open(lines, fence)}",
                f"end it with {fence.mark} on a line of its own, indented as this line is",
            )
        else:
            usable.append(fence)
    return tuple(usable)


def _first_misread(lines: Sequence[str], markup: Markup) -> int:
    """The first fence that was not seen for a backtick behind it, 0 for none: what closed it then opens another."""
    inside = {line for fence in markup.fences for line in range(fence.first, fence.last + 1)}
    for number, line in enumerate(lines, start=1):
        found = _unseen(line)
        if found and "`" in found[2] and number not in inside:
            return number
    return 0


def _why_open(lines: Sequence[str], fence: Fence) -> str:
    if fence.last < len(lines):
        return f"line {fence.last + 1} is indented less than the block"
    return "the file ends first"


def look_for_code(
    lines: Sequence[str],
    body_first: int,
    indented: Mapping[int, int],
    regions: Mapping[int, int],
    refused: Mapping[int, int],
    comments: Mapping[int, int],
    report: Report,
) -> None:
    """Reports each line at which the page would begin a code block that is no region.

    The mappings give for the first line of something its last one: ``indented`` code blocks, ``regions``, fences
    that are ``refused`` already, and ``comments``.
    """
    follower = Follower(report)
    closings = _closings(lines)
    number = body_first
    while number <= len(lines):
        line = lines[number - 1]
        last = indented.get(number, number)
        if number in regions:
            follower.fence(number, line)
            last = regions[number]
        elif number in refused:
            follower.passed(line)
            last = refused[number]
        elif number in comments:
            last = comments[number]
            follower.comment(number, line, last - number + 1)
        elif _unseen(line):
            mark = _report_unseen(number, line, report)
            same = closings.get(mark, [])
            last = next(iter(same[bisect_right(same, number) :]), number)
            follower.passed(line)
        elif number in indented and not any(_unseen(lines[at - 1]) for at in range(number, last + 1)):
            follower.indented(number, line)
            follower.passed(line)
        else:
            follower.line(number, line)
            last = number
        number = last + 1


def _unseen(line: str) -> re.Match[str] | None:
    """The mark of a fence anywhere that markdown-it-py or superfences might look for one."""
    before = _BEFORE_MARK.match(line)
    found = _MARK.match(line, before.end() if before else 0)
    return None if found and _INLINE_CODE.match(found[0]) else found


def _report_unseen(number: int, line: str, report: Report) -> str:
    """Says what is wrong with a fence that was not seen; its mark."""
    found = _unseen(line)
    assert found is not None
    before = line[: found.start()]
    if found[1][0] == "~":
        report(number, "a code block between ~~~", "write ``` before and after it")
    elif "`" in found[2]:
        report.cut_short = True
        report(number, "a backtick behind the ``` that begin a code block", "write what stands there without backticks")
    elif ">" in before:
        report(number, "a code block in a quotation", "take it out of the quotation")
    elif before.strip():
        report(number, "a code block that begins behind a list mark", _WRITE_FENCE)
    else:
        report(
            number,
            f"a code block that the page would show, but that is not read where it stands, indented by {columns(line)}",
            _WRITE_FENCE,
        )
    return found[1]


def _closings(lines: Sequence[str]) -> Mapping[str, list[int]]:
    """The lines that consist of a mark alone, by that mark: what superfences takes for a closing fence."""
    found: dict[str, list[int]] = {}
    for number, line in enumerate(lines, start=1):
        mark = line.strip(" \t>\r")
        if mark.startswith(("```", "~~~")):
            found.setdefault(mark, []).append(number)
    return found


def look_at_prose(prose: Mapping[int, str], report: Report) -> None:
    """Reports what in prose would become a code block, or end a line, behind the parser's back."""
    for number, line in prose.items():
        code = _HTML_CODE.search(line)
        if code:
            report(number, f"a code block in HTML (<{code[1].lower()}>)", "write ``` before and after the code")
        if _HTML_MARKDOWN.search(line):
            report(number, "HTML with the attribute markdown", "write it without HTML, or without the attribute")
        if "<!--" in line and "-->" not in line[line.rindex("<!--") + 4 :]:
            report(number, "a comment of several lines that begins within a line", "begin it on a line of its own")
        if _SNIPPET.match(line):
            report(
                number,
                "a snippet, which would bring in text unread",
                "write the text here, or name the file in a block",
            )
        control = _CONTROL.search(line)
        if control:
            report(number, f"a control character (U+{ord(control[0]):04X}) in the text", "take it out")
        if _AFTER_RETURN.search(line):
            report(number, "code behind a carriage return that ends no line", "end lines with LF or CRLF")
