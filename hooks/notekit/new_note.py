"""A new note: files that pass as they are, so that its author begins with something that works."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from notekit.files import write_whole

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: Where the hand-written pages lie in a project; the site serves both from the same place.
_PAGES = "docs"

_EN = {
    "question": "Which question does this note answer?",
    "answer": "The answer, in two sentences.",
    "heading": "Seen at work",
    "prose": "What the reader should notice:",
}
_ZH = {
    "question": "这篇笔记回答什么问题？",
    "answer": "用两句话写出答案。",
    "heading": "实际看一看",
    "prose": "请读者注意：",
}
#: What stands in a new note until it is written. A language that is not here begins with the English text.
_TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _EN, "zh": _ZH})
_EXAMPLE = "```console {#first}\n$ echo 'it runs'\nit runs\n```"
_TRANSLATED = "```example {of=first}\n```"


class RefusedError(Exception):
    """The note cannot be made; its text says why, and what would be right."""


def unfit(root: Path, slug: str, languages: Sequence[str]) -> str | None:
    """What is wrong with the name of a new note, and what would be right; None for one that can be used.

    A folder that is there already may keep its name, whatever it is; new names are of a-z, 0-9 and ``-``, since they
    become addresses.
    """
    area, slash, name = slug.partition("/")
    if not (slash and area and name) or "/" in name:
        return f"{slug!r} names no note; write AREA/NAME, such as git/empty-directories"
    there = any((folder / area / "area.yml").is_file() for folder in (root / "notes_src", root))
    for part in (name,) if there and not area.startswith(".") else (area, name):
        if not _NAME.fullmatch(part):
            return f"{part!r} cannot be part of an address; use a-z and 0-9, with - between words"
    if area in languages:
        return f"the site has its pages in {area} at /{area}/; choose another name for the area"
    if (root / "notes_src").is_dir() and (root / _PAGES / area).exists():
        return f"{_PAGES}/{area} has hand-written pages at the same address; choose another name for the area"
    return None


def create(folder: Path, slug: str, languages: Sequence[str], order: int) -> tuple[str, ...]:
    """Writes a new note below ``folder``, and ``area.yml`` where its area has none; the files' paths below it.

    ``order`` is the place of a new area. The note appears whole or not at all. Raises RefusedError where something
    of that name is there already, OSError where the files cannot be written.
    """
    area, _, name = slug.partition("/")
    note = folder / area / name
    if os.path.lexists(note):
        raise RefusedError(f"{slug} is there already; choose another name, or edit it")
    (folder / area).mkdir(exist_ok=True)
    made = []
    if not os.path.lexists(folder / area / "area.yml"):
        write_whole(folder / area / "area.yml", area_text(area, languages, order))
        made.append(f"{area}/area.yml")
    # Hidden, so that no reader takes it for a note before it is whole.
    scratch = Path(tempfile.mkdtemp(dir=folder / area, prefix=f".{name}."))
    try:
        for language in languages:
            write_whole(scratch / f"{language}.md", note_text(name, language, original=language == languages[0]))
            made.append(f"{slug}/{language}.md")
        scratch.chmod(0o777 & (folder / area).stat().st_mode)
        os.rename(scratch, note)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return tuple(made)


def area_text(area: str, languages: Sequence[str], order: int) -> str:
    """``area.yml`` of a new area, titled after its name."""
    titles = "".join(f"  {language}: {_quoted(_title(area))}\n" for language in languages)
    return f"title:\n{titles}order: {order}\n"


def note_text(name: str, language: str, *, original: bool) -> str:
    """One language's text of a new note; the original holds the example, and the others name it."""
    text = _TEXTS.get(language, _EN)
    head = f"---\ntitle: {_quoted(_title(name))}\nquestion: {_quoted(text['question'])}\n---\n"
    example = _EXAMPLE if original else _TRANSLATED
    return f"{head}\n{text['answer']}\n\n## {text['heading']}\n\n{text['prose']}\n\n{example}\n"


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _quoted(text: str) -> str:
    """As YAML: a name such as ``on`` or ``2024`` would be read as something else than text."""
    return json.dumps(text, ensure_ascii=False)
