"""The pages about all examples: by state, runner and capability; and those that are not verified, with the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from notekit.emit.findings import STATES, VERIFIED, Entry, Findings
from notekit.emit.listing import counted, overview
from notekit.emit.markdown import plain
from notekit.emit.paths import EXAMPLES, NOT_VERIFIED, link, note_path
from notekit.emit.raw import code
from notekit.emit.state import reason
from notekit.emit.texts import text
from notekit.model import Page
from notekit.outline import hand_written_path

_Groups = Mapping[str, list[Entry]]


def examples_page(entries: Sequence[Entry], findings: Findings, language: str) -> Page:
    """Totals, then each example under its state, its runner and each capability that it used."""
    own = hand_written_path(EXAMPLES, language, findings.default_language)
    other = hand_written_path(NOT_VERIFIED, language, findings.default_language)
    states = _grouped(entries, lambda entry: (entry.state,))
    by_state: _Groups = {state: states[state] for state in STATES if state in states}
    by_runner = _sorted(_grouped(entries, lambda entry: (f"{entry.language} ({entry.runner})",)))
    by_capability = _sorted(_grouped(entries, lambda entry: entry.capabilities))
    lines = ["", counted(entries, language) + text(language, "stop").strip()]
    if any(entry.state not in VERIFIED for entry in entries):
        lines += ["", link(text(language, "not_verified_title"), own, other)]
    titles: tuple[tuple[str, _Groups, Callable[[str], str]], ...] = (
        ("state", by_state, lambda name: text(language, name)),
        ("runner", by_runner, code),
        ("capability", by_capability, code),
    )
    for what, groups, shown in titles:
        lines += ["", f"## {text(language, f'by_{what}')} {{: #by-{what} }}", ""]
        lines += [plain(text(language, f"about_{what}")), "", *_totals(what, groups, shown, language)]
        for name, group in groups.items():
            lines += ["", f"### {shown(name)} {{: #{what}-{_id(name)} }}", "", *_links(group, own, findings, language)]
    return overview(EXAMPLES, "examples", lines, findings, language)


def _grouped(entries: Iterable[Entry], names: Callable[[Entry], Iterable[str]]) -> _Groups:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in names(entry):
            found.setdefault(name, []).append(entry)
    return found


def _sorted(groups: _Groups) -> _Groups:
    return dict(sorted(groups.items()))


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name).strip("-")


def _totals(what: str, groups: _Groups, shown: Callable[[str], str], language: str) -> list[str]:
    """A table: each group, how many examples it has, and how many of them are verified."""
    head = (text(language, f"the_{what}"), text(language, "the_examples"), text(language, "passed"))
    lines = [f"| {' | '.join(head)} |", "|---|---:|---:|"]
    for name, group in groups.items():
        verified = sum(entry.state in VERIFIED for entry in group)
        lines.append(f"| [{shown(name)}](#{what}-{_id(name)}) | {len(group)} | {verified} |")
    return lines


def _links(group: Iterable[Entry], own: str, findings: Findings, language: str) -> list[str]:
    """A line for each note, with a link to each of its examples."""
    by_note = _grouped(group, lambda entry: (entry.note,))
    return [
        f"- **{plain(findings.titles[slug, language])}**  \n    "
        + text(language, "comma").join(
            link(plain(entry.name), own, note_path(slug, language), entry.name) for entry in of_note
        )
        for slug, of_note in by_note.items()
    ]


def not_verified_page(entries: Sequence[Entry], findings: Findings, language: str) -> Page:
    """Each example that did not run, why, and what would let it run; and diagrams of which nothing is stated."""
    own = hand_written_path(NOT_VERIFIED, language, findings.default_language)
    lines: list[str] = []
    for entry in entries:
        if entry.state in VERIFIED:
            continue
        title = f"{plain(findings.titles[entry.note, language])}{text(language, 'colon')}{plain(entry.name)}"
        lines += ["", f"## {title} {{: #{entry.note.replace('/', '-')}-{entry.name} }}", ""]
        lines += [_why(entry, language), ""]
        lines += [link(text(language, "to_example"), own, note_path(entry.note, language), entry.name)]
    return overview(NOT_VERIFIED, "not_verified", lines or ["", text(language, "none_unverified")], findings, language)


def _why(entry: Entry, language: str) -> str:
    said, colon = text(language, entry.state), text(language, "colon")
    if entry.state == "computed":
        return said + colon + text(language, "nothing_stated")
    why, cure = reason(entry.result, entry.document, language)
    said += colon + why if why else ""
    return said + (f"\n\n{text(language, 'cure')}{colon}{cure}" if cure else "")
