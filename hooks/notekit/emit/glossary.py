"""The glossary's page in a language: each term, its other names, and what it means."""

from __future__ import annotations

from notekit.emit.findings import Findings
from notekit.emit.listing import in_order, overview
from notekit.emit.markdown import plain
from notekit.emit.paths import GLOSSARY
from notekit.emit.texts import text
from notekit.model import Page

# It has nearly every word that is searched for; a reader looks for the notes first, and for the meaning after them.
_WEIGHT = 0.01


def glossary_page(findings: Findings, language: str) -> Page:
    """All terms, as a definition list whose terms are anchors."""
    by_name = {term.term[language]: term for term in findings.terms}
    lines: list[str] = []
    for name in in_order(by_name, language):
        term = by_name[name]
        lines += ["", f"{plain(name)} {{: #{term.id} }}", f":   {plain(term.means[language])}"]
        others = text(language, "comma").join(term.also.get(language, ()))
        if others:
            also = f"{text(language, 'also')}{text(language, 'colon')}{plain(others)}"
            lines += ["", f"    {also}", "    {: .also }"]
    return overview(GLOSSARY, "glossary", lines, findings, language, weight=_WEIGHT)
