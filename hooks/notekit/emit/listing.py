"""What the pages about all notes share: their frame, lists of notes, counts in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notekit.emit.findings import VERIFIED, Entry, Findings
from notekit.emit.markdown import plain, without_delimiters
from notekit.emit.paths import link, note_path, url_of
from notekit.emit.texts import text
from notekit.model import Note, Page
from notekit.outline import hand_written_path


def overview(
    path: str, what: str, lines: Sequence[str], findings: Findings, language: str, *, weight: float = 0
) -> Page:
    """The page in one language. ``path`` is that in the first one; ``what`` names the texts of title and lead."""
    title, lead = text(language, f"{what}_title"), text(language, f"{what}_lead")
    own = hand_written_path(path, language, findings.default_language)
    shown = [f"# {plain(title)}", "", plain(lead), *lines]
    return Page(
        path=own,
        url=url_of(own),
        language=language,
        slug=path,
        title=title,
        description=lead,
        tags=(),
        markdown="\n".join(map(without_delimiters, shown)) + "\n",
        kind="overview",
        weight=weight,
    )


def note_items(notes: Iterable[Note], path: str, findings: Findings, language: str) -> list[str]:
    """A list of notes with their questions, for the page at ``path`` of the first language."""
    own = hand_written_path(path, language, findings.default_language)
    items: list[str] = []
    for note in notes:
        head = note.document(language).head
        items += [f"- **{link(plain(head.title), own, note_path(note.slug, language))}**", ""]
        items += [f"    {plain(head.question)}", ""]
    return items


def in_order(names: Iterable[str], language: str) -> list[str]:
    """Names as a reader looks for them: upper and lower case alike, Chinese by its pronunciation.

    GB 2312, and so GB 18030, has the usual characters in the order of their pinyin.
    """
    return sorted(names, key=lambda name: (name.casefold().encode("gb18030" if language == "zh" else "utf-8"), name))


def counted(entries: Sequence[Entry], language: str) -> str:
    """``9 examples, all verified``; ``9 examples, 7 verified, 2 not``."""
    verified = sum(entry.state in VERIFIED for entry in entries)
    examples = text(language, "example" if len(entries) == 1 else "examples", number=str(len(entries)))
    if verified == len(entries):
        return examples + text(language, "comma") + text(language, "all_verified")
    rest = text(language, "some_verified", verified=str(verified), rest=str(len(entries) - verified))
    return examples + text(language, "comma") + rest
