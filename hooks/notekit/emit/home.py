"""The names that a hand-written page may compute: the numbers of the build, its areas, an example of a note.

Each gives Markdown for the page and language that it was made for. Dates come from results, never from the clock, so
that the same results give the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from notekit.emit import blocks, raw
from notekit.emit.areas import area_card
from notekit.emit.findings import VERIFIED, Entry, Findings, entries
from notekit.emit.markdown import plain
from notekit.emit.paths import EXAMPLES, NOT_VERIFIED, href, url_of
from notekit.emit.state import Surroundings, tools_text
from notekit.emit.texts import text
from notekit.emit.written import expand
from notekit.model import Collection, Failure, Problem
from notekit.names import ArgumentError
from notekit.outline import hand_written_path


@dataclass(frozen=True, slots=True)
class Home:
    """The functions of one hand-written page, by name in ``functions``."""

    collection: Collection
    findings: Findings
    path: str
    language: str

    def functions(self) -> Mapping[str, Callable[..., str]]:
        """By the name that a page calls."""
        named = (self.count, self.numbers, self.areas, self.tools, self.last_run, self.example)
        return {function.__name__: function for function in named}

    def filled(self, markdown: str, source: str) -> tuple[str, tuple[Problem, ...]]:
        """The page's Markdown with its computed text, and the problems of its calls, which it then begins with.

        ``source`` is the whole file, whose head comes before the Markdown.
        """
        first = source.count("\n") - markdown.count("\n") + 1
        shown, problems = expand(markdown, self.functions(), f"docs/{self.path}", first)
        failures = tuple(Failure(problem.place, f"{problem.message}; {problem.remedy}") for problem in problems)
        return "\n".join([*blocks.failure_block(failures, self.language), shown]), problems

    def count(self, what: str) -> str:
        """``count("verified")``: how many ``areas``, ``notes``, ``examples``, ``verified`` or ``not-verified``."""
        found = self._entries()
        verified = sum(entry.state in VERIFIED for entry in found)
        numbers = {
            "areas": sum(bool(area.notes) for area in self.collection.areas),
            "notes": len(self.collection.notes),
            "examples": len(found),
            "verified": verified,
            "not-verified": len(found) - verified,
        }
        if what not in numbers:
            raise ArgumentError(f"what is {what!r}; it is one of {', '.join(numbers)}")
        return str(numbers[what])

    def numbers(self) -> str:
        """``numbers()``: notes, examples, verified, not verified and the day of the newest result, as a list."""
        shown = [
            self._number(self.count("notes"), "number_notes", ""),
            self._number(self.count("examples"), "number_examples", EXAMPLES),
            self._number(self.count("verified"), "number_verified", EXAMPLES),
            self._number(self.count("not-verified"), "number_not_verified", NOT_VERIFIED),
            self._number(self.last_run(), "number_last_run", ""),
        ]
        return "\n".join(['<dl class="numbers">', *(one for one in shown if one), "</dl>"])

    def areas(self) -> str:
        """``areas()``: a card for each area, with its notes."""
        lines = ['<div class="grid cards" markdown>', ""]
        for area in self.collection.areas:
            if area.notes:
                of_area = [entry for entry in self._entries() if entry.note.startswith(f"{area.slug}/")]
                lines += area_card(area, of_area, self.path, self.findings, self.language)
        return "\n".join([*lines, "</div>"])

    def tools(self) -> str:
        """``tools()``: the capabilities that examples used, each with the versions of its tool."""
        used = {name for entry in self._entries() for name in entry.capabilities}
        tools = {self.findings.tools[name] for name in used if name in self.findings.tools}
        ran = {pair for entry in self._entries() for pair in entry.result.versions if pair[0] in tools}
        return plain(tools_text(tuple(sorted(ran))))

    def last_run(self) -> str:
        """``last_run()``: 2026-01-02, the day of the newest result that the pages show; empty where nothing ran."""
        dates = (entry.result.finished[:10] for entry in self._entries() if entry.result.status == "passed")
        return max(dates, default="")

    def example(self, note: str, name: str) -> str:
        """``example("git/merge", "payments")``: an example of a note, as its page shows it."""
        found = next((one for one in self.collection.notes if one.slug == note), None)
        if found is None:
            raise ArgumentError(f"note is {note!r}; name one as area/slug")
        example = next((one for one in found.examples if one.name == name), None)
        if example is None:
            raise ArgumentError(f"name is {name!r}; it is one of {', '.join(one.name for one in found.examples)}")
        key = (note, name)
        around = Surroundings(self.language, url_of(self.path), self.findings.packages.get(key, ()))
        return "\n".join(blocks.example_blocks(example, self.findings.results[key], around))

    def _entries(self) -> tuple[Entry, ...]:
        return entries(self.collection, self.findings)

    def _number(self, number: str, what: str, leads_to: str) -> str:
        if not number:
            return ""
        if leads_to:
            target = url_of(hand_written_path(leads_to, self.language, self.findings.default_language))
            number = raw.link(number, href(url_of(self.path), target) + "/")
        return f"<div><dt>{plain(text(self.language, what))}</dt><dd>{number}</dd></div>"
