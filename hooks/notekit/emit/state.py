"""What stands below an example: its state, and behind it what ran, when, and how to do it at home."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from notekit.emit import raw
from notekit.emit.markdown import plain
from notekit.emit.paths import href
from notekit.emit.texts import text
from notekit.model import STREAMS, Diagram, Evidence, Example, Result

# Debian Policy, 5.6.12: [epoch:]upstream-version[-revision].
_UPSTREAM = re.compile(r"^\d+:(?=\d)|-[^-:]*$")
_OWN_LANGUAGE = "en"  # that of the runners' messages


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an example is shown: the page's language and URL, the packages that it needs, and the name of the block
    before it in its session (empty where it begins one)."""

    language: str
    url: str
    packages: tuple[str, ...] = ()
    before: str = ""


def of_example(example: Example, result: Result, around: Surroundings) -> list[str]:
    """The state of an example, with its buttons, its link and how it ran."""
    language = around.language
    summary = _summary(result, "passed", example.document, language)
    return _bar(example.name, result, summary, _copies(example, result), _rows(example, result, around), language)


def of_diagram(diagram: Diagram, result: Result, around: Surroundings) -> list[str]:
    """The state of a diagram, with its button and its link."""
    language = around.language
    summary = _summary(result, "computed" if diagram.expect is None else "checked", diagram.document, language)
    rows = [("computed_by", text(language, "simulator"))]
    if result.status == "passed" and result.evidence is not None:
        summary += text(language, f"evidence_{result.evidence.verdict}", emulator=result.evidence.emulator)
        rows += [("seen_on", _evidence(result.evidence, language))]
    rows.append(("again", raw.code(f"notes check {diagram.note}")))
    copies = ("text",) if result.status == "passed" else ()
    return _bar(diagram.name, result, summary, copies, rows if copies else [], language)


def _evidence(evidence: Evidence, language: str) -> str:
    """What an emulated machine did of a diagram, or why it did nothing of it."""
    if evidence.verdict == "seen":
        return text(language, "seen", emulator=evidence.emulator)
    said: list[str] = []
    for name, value in evidence.reasons:
        shown = raw.foreign(value, _OWN_LANGUAGE, language) if name == "absent" else plain(value)
        said.append(text(language, f"{evidence.verdict}_{name}", value=shown, emulator=evidence.emulator))
    return text(language, "comma").join(said)


def _summary(result: Result, passed: str, document: str, language: str) -> str:
    """The state in words, with the day of the run or with the reason."""
    if result.status == "passed":
        said = [text(language, passed)]
        if result.finished:
            said.append(text(language, "on", date=result.finished[:10]))
        return text(language, "joint").join(said)
    why = text(language, result.status)
    if result.reason:
        why += text(language, "colon") + "; ".join(part for part in reason(result, document, language) if part)
    return why + (text(language, "stop") + text(language, "recorded") if result.status == "not-verified" else "")


def reason(result: Result, document: str, language: str) -> tuple[str, str]:
    """Why something is not verified, and the cure where a runner knows one (else empty), as HTML: an author's words
    in the document's language, or a runner's."""
    if not result.finished and result.status == "not-verified":
        return raw.foreign(result.reason.rstrip(".。"), document, language), ""
    why, _, cure = result.reason.partition("; ")
    return raw.foreign(why, _OWN_LANGUAGE, language), raw.foreign(cure, _OWN_LANGUAGE, language) if cure else ""


def _bar(
    name: str, result: Result, summary: str, copies: Iterable[str], rows: list[tuple[str, str]], language: str
) -> list[str]:
    """Raw HTML without an empty line, so that it is one block. The buttons come first, and float to the end."""
    buttons = [_button(what, name, language) for what in copies]
    said = f'<span role="status" data-copied="{plain(text(language, "copied"))}" ' + (
        f'data-refused="{plain(text(language, "refused"))}"></span>'
    )
    title = plain(text(language, "link_to_it"))
    state = f'class="example-state example-{result.status}"'
    shown = [f"<p {state}>{summary}</p>"]
    if rows:
        details = "".join(f"<dt>{plain(text(language, key))}</dt><dd>{value}</dd>" for key, value in rows)
        shown = [f"<details {state}>", f"<summary>{summary}</summary>", f"<dl>{details}</dl>", "</details>"]
    return [
        "",
        '<div class="example-bar" data-search-exclude>',
        f'<span class="example-actions">{said}',
        *buttons,
        f'<a class="example-link" href="#{name}" title="{title}">#{name}</a>',
        "</span>",
        *shown,
        "</div>",
        "",
    ]


def _button(what: str, name: str, language: str) -> str:
    label = plain(text(language, f"copy_{what}"))
    return f'<button type="button" data-copy="{what}" data-of="{name}">{label}</button>'


def _copies(example: Example, result: Result) -> Iterator[str]:
    """What of an example can be copied by itself."""
    if example.language == "console":
        yield "commands"
        if any(result.texts):
            yield "output"
        return
    if example.shown.strip():
        yield "source"
    for what, printed in zip(("output", *STREAMS[1:]), result.texts, strict=False):
        if printed:
            yield what


def _rows(example: Example, result: Result, around: Surroundings) -> list[tuple[str, str]]:
    """(name of a text, HTML) for each thing to say of a run and of the next one."""
    language = around.language
    rows: list[tuple[str, str]] = []
    started = result.status not in ("not-verified", "error")
    if result.versions:
        rows.append(("tools", plain(tools_text(result.versions))))
    if started and result.finished:
        rows.append(("time", plain(text(language, "took", seconds=at_most(result.seconds)))))
    if started:
        rows.append(("command", _command(example, result, around)))
    files = {file.path: None for file in (example.file, *example.files, example.schema) if file}
    if files:
        named = (raw.link(raw.code(path), href(around.url, f"{example.note}/{path}")) for path in files)
        rows.append(("files", text(language, "comma").join(named)))
    if around.packages:
        install = raw.code(f"sudo apt-get install {' '.join(around.packages)}")
        rows.append(("install", f"{install} {_button('install', example.name, language)}"))
    elif started:
        rows.append(("install", text(language, "nothing")))
    return rows


def at_most(seconds: float) -> str:
    """``0.2``, ``1``, ``5``: a round number of seconds that it took at most.

    Rounded, so that running an example once more seldom changes its page.
    """
    scale = 10 ** max(-1, math.floor(math.log10(max(seconds, 0.1))))
    return f"{next(step * scale for step in (1, 2, 5, 10) if seconds <= step * scale):g}"


def _command(example: Example, result: Result, around: Surroundings) -> str:
    """How to start it: a program's command line, or in words the shell that a console's commands are typed into."""
    if example.language != "console":
        return raw.code(result.how)
    if example.runner == "guest":
        return text(around.language, "in_guest")
    if around.before:
        return text(around.language, "goes_on", before=raw.link(f"#{around.before}", f"#{around.before}"))
    return text(around.language, "in_bash")


def tools_text(versions: tuple[tuple[str, str], ...]) -> str:
    """``bash 5.2.15, cat/cp/stat 9.1``: tools of one package together, without Debian's epoch and revision.

    The whole versions are in the report of ``notes check --json``.
    """
    tools_of: dict[str, list[str]] = {}
    for tool, version in versions:
        tools_of.setdefault(version, []).append(tool)
    return ", ".join(f"{'/'.join(tools)} {_UPSTREAM.sub('', version)}" for version, tools in tools_of.items())
