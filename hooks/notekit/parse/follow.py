"""Where Python-Markdown stands in a text, line by line, as far as indented code depends on it.

Python-Markdown splits a text at blank lines into blocks. A block indented by 4 for each container that is open
(list item, admonition, details, tab, footnote, definition) belongs to the innermost of them; one that is indented
further is code. Headings, rules, HTML and comments split a block, so that code can follow them at once.

Glossary
    level      a line's indentation in steps of 4 columns
    depth      how many containers are open: the highest level that is not code. Never more than
               Python-Markdown has open, sometimes less: a rare text is refused, none is shown unread
    base       the level of the block's first line
    starts     the line begins a block for certain, so that it may open a container
    may_start  the line perhaps begins a block, so that it must not be indented further than the depth
"""

from __future__ import annotations

import re

from notekit.parse import markup
from notekit.parse.report import Report
from notekit.parse.text import TAB, columns, is_blank, leading

_ITEM = re.compile(r"(?:[*+-]|\d+\.) +")
# What a list item may begin with that can end at its line.
_ITEM_OF_BLOCKS = re.compile(r"[#<>!?=*+_-]")
_FOOTNOTE = re.compile(r"\[\^[^\]]*\]:")
_DEFINITION = re.compile(r": {1,3}\S")
_SPLITS_BLOCK = re.compile(r"#|(?:=+|-+) *$|(?:(?:-+ {0,2}){3,}|(?:_+ {0,2}){3,}|(?:\*+ {0,2}){3,}) *$|\[[^\]]*\]:")
_QUOTES = re.compile(r"^(?:[ \t]{0,3}> ?)+")
_MAX_QUOTES = 20


class Follower:
    """Takes the lines in their order and reports those that begin code which is no region."""

    def __init__(self, report: Report, *, nesting: int = 0, footnotes: set[str] | None = None) -> None:
        self._report = report
        self._nesting = nesting
        self._footnotes: set[str] = set() if footnotes is None else footnotes
        self._depth = self._base = self._blank = 0
        self._starts = self._may_start = True
        self._in_list = self._in_footnote = self._in_code = False
        self._last = ""
        self._quote: Follower | None = None
        self._quote_is_sure = False

    def fence(self, number: int, line: str) -> None:
        """A region begins at this line."""
        self._end_footnote(columns(line))
        level, odd = divmod(columns(line), TAB)
        if self._in_footnote:
            self._report(number, "a code block in a footnote", "put it into the text")
        elif odd or (level > self._depth and self._may_start):
            self._report(number, f"the code block is indented by {columns(line)}", self._right_indentation())
        self.passed(line)

    def comment(self, number: int, line: str, lines: int) -> None:
        """A comment of so many lines begins at this line. The page has empty lines in their place."""
        if self._in_footnote and self._blank > 1:
            self._depth = 0
        self._blank += lines
        level = columns(line) // TAB
        if level > self._depth and self._may_start:
            self._report(number, f"the comment is indented by {columns(line)}", self._right_indentation())
        self._depth = min(self._depth, level)
        self._base = min(self._base, self._depth)
        if self._starts:
            self._in_list = False
        self._after_split("comment")

    def passed(self, line: str) -> None:
        """A block that begins at this line and that something else has looked at: a region, or one with a problem."""
        self._blank = 0
        level = columns(line) // TAB
        self._depth = min(self._depth, level)
        if self._starts:
            self._base = self._depth
        if self._starts or not level:
            self._in_list = False
        self._in_code = False
        self._after_split("fence")

    def line(self, number: int, line: str) -> None:
        """Any other line."""
        if is_blank(line):
            self._starts = self._may_start = True
            self._blank += 1
            self._quote = None
            return
        indent = columns(line)
        self._end_footnote(indent)
        if self._may_start and indent // TAB > self._depth:
            if not self._in_code:
                self.indented(number, line)
            self._in_code = True
            return
        self._in_code = False
        self._settle(number, line, indent // TAB)
        content = line[len(leading(line)) :].expandtabs(TAB)
        self._follow(number, line, indent, content)
        if "\r" in line:
            # Python-Markdown takes a carriage return for a line end, so anything may have ended here.
            self._depth = 0

    def indented(self, number: int, line: str) -> None:
        """Reports a line that begins indented code."""
        self._report(
            number,
            f"text indented by {columns(_QUOTES.sub('', line))} is shown as code, and nothing runs it",
            f"write code between ``` lines, and {self._right_text()}",
        )

    def _right_text(self) -> str:
        return f"indent text by at most {self._depth * TAB} here" if self._depth else "begin text at the margin"

    def _right_indentation(self) -> str:
        if not self._depth:
            return "begin it at the margin (a list before it needs an empty line above it)"
        return f"indent it by {self._depth * TAB}, or begin it at the margin"

    def _end_footnote(self, indent: int) -> None:
        """Two blank lines end a footnote for Python-Markdown, as does a block at the margin."""
        if self._in_footnote and (self._blank > 1 or (self._blank and indent < TAB)):
            self._in_footnote = False
            self._depth = 0
        self._blank = 0

    def _settle(self, number: int, line: str, level: int) -> None:
        """Closes the containers that a line is not indented enough for."""
        if self._starts:
            self._depth = self._base = level
            self._in_list = False
        elif level < self._base:
            if level and self._may_start:
                self.indented(number, line)
            self._base = level
            self._depth = min(self._depth, level)
            self._in_list = False

    def _follow(self, number: int, line: str, indent: int, content: str) -> None:
        level = indent // TAB
        if content[0] == ">" or self._quote:
            self._follow_quote(number, line, content)
        elif content[0] == "<" or (self._last == "html" and not self._starts):
            self._depth = min(self._depth, level)
            self._in_list = False
            self._after_split("html")
        elif self._opens(number, indent, content):
            self._depth = level + 1
        elif _SPLITS_BLOCK.match(content):
            self._depth = min(self._depth, self._base, level)
            self._in_list = False
            self._after_split("heading")
        else:
            if (self._may_start or self._last == "definition") and not self._starts:
                self._depth = min(self._depth, level)
            if self._starts or self._last == "text":
                self._last = "table" if "|" in content else "text" if content[0] != ":" else "colon"
            self._starts = False
            self._may_start = content[0] == ":" or bool(_ITEM.match(content)) or _opens_container(content)

    def _follow_quote(self, number: int, line: str, content: str) -> None:
        """A quotation is a text in itself; it takes in what is left of its block."""
        if not self._quote:
            self._quote = Follower(self._report, nesting=self._nesting + 1, footnotes=self._footnotes)
            self._quote_is_sure = self._starts
        quoted = content[0] == ">"
        self._quote_is_sure &= quoted
        self._quote._may_start = True
        if not self._quote_is_sure:
            self._quote._depth = 0
        if self._nesting < _MAX_QUOTES:
            self._quote.line(number, content[1:].removeprefix(" ") if quoted else line)
        self._depth = min(self._depth, self._base)
        self._after_split("quote")

    def _opens(self, number: int, indent: int, content: str) -> bool:
        """Whether the line opens a container; it is noted that it did."""
        level = indent // TAB
        footnote = _FOOTNOTE.match(content)
        if footnote:
            self._note_footnote(number, indent, footnote[0])
        if _opens_container(content) and indent == TAB * self._base:
            self._in_list = False
            self._opened("container", starts=True, may_start=True)
            return True
        item = _ITEM.match(content)
        if item and (self._starts or (self._in_list and level <= self._depth)):
            self._in_list = True
            self._opened("item", may_start=bool(_ITEM_OF_BLOCKS.match(content, item.end())))
            return True
        if footnote and level == 0 and self._starts:
            self._opened("footnote", may_start=not content[footnote.end() :].strip())
            return True
        if _DEFINITION.match(content) and self._last in ("text", "definition") and level == self._base == 0:
            self._opened("definition")
            return True
        return False

    def _note_footnote(self, number: int, indent: int, label: str) -> None:
        if indent >= TAB:
            self._report(
                number, f"the footnote {label[:-1]} is defined inside something else", "define it at the margin"
            )
        if label in self._footnotes:
            self._report(
                number, f"the footnote {label[:-1]} is defined a second time", "give each footnote its own label"
            )
        self._footnotes.add(label)
        self._in_footnote = True

    def _opened(self, what: str, *, starts: bool = False, may_start: bool = False) -> None:
        self._last, self._starts, self._may_start = what, starts, may_start

    def _after_split(self, what: str) -> None:
        self._last, self._starts, self._may_start = what, False, True


def _opens_container(content: str) -> bool:
    return content[0] in "!?=" and any(
        pattern.match(content) for pattern in (markup.ADMONITION, markup.DETAILS, markup.TAB)
    )
