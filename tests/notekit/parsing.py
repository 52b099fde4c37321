"""Tiny collections for tests of the parser: written to a temporary folder and read back."""

from __future__ import annotations

import inspect
from collections.abc import Collection as Container
from collections.abc import Mapping
from pathlib import Path

from notekit.model import Collection, Document, Example, Note
from notekit.parse import read_collection

HEAD = "---\ntitle: T\nquestion: Q?\n---\n"
BODY = HEAD.count("\n") + 1
AREA = "title: {en: Area, zh: 领域, fr: Domaine}\norder: 1\n"
DIAGRAMS = {
    "walk": {
        "type": "object",
        "properties": {
            "address": {"type": "integer", "minimum": 0, "maximum": 0xFFFF},
            "mode": {"enum": ["user", "supervisor"]},
            "entries": {"type": "object", "additionalProperties": {"type": "integer"}},
            "expect": {
                "type": "object",
                "properties": {"fault": {"type": "integer", "description": "the error code"}},
                "required": ["fault"],
                "additionalProperties": False,
            },
        },
        "required": ["address"],
        "additionalProperties": False,
    }
}


def _reach(level: str, unit: str = "") -> str:
    return level + unit


NAMES = {"reach": inspect.signature(_reach), "now": inspect.Signature()}
CAPABILITIES = frozenset({"qemu", "kvm"})


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files by their path below the root, with ``area.yml`` for area ``a`` unless it is given."""
    for name, content in {"a/area.yml": AREA, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def collection(
    root: Path,
    files: Mapping[str, str | bytes],
    *,
    languages: tuple[str, ...] = ("en",),
    only: Container[str] | None = None,
    base: Path | None = None,
) -> Collection:
    """Writes the files and reads the collection."""
    write(root, files)
    return read_again(root, languages=languages, only=only, base=base)


def read_again(
    root: Path,
    *,
    languages: tuple[str, ...] = ("en",),
    only: Container[str] | None = None,
    base: Path | None = None,
) -> Collection:
    """Reads what lies in the folder."""
    return read_collection(
        root,
        languages=languages,
        diagrams=DIAGRAMS,
        names=NAMES,
        capabilities=CAPABILITIES,
        only=only,
        base=base,
    )


def errors(root: Path, files: Mapping[str, str | bytes], *, languages: tuple[str, ...] = ("en",)) -> list[str]:
    """The errors of a collection, as they are printed."""
    return [str(problem) for problem in collection(root, files, languages=languages).errors]


def text_errors(root: Path, text: str, **files: str | bytes) -> list[str]:
    """The errors of a note with this text below a head of four lines, in one language; ``a/n/`` is left out."""
    more = {f"a/n/{name.replace('__', '.')}": content for name, content in files.items()}
    return [line.removeprefix("a/n/") for line in errors(root, {"a/n/en.md": HEAD + text, **more})]


def pair_errors(root: Path, english: str, chinese: str) -> list[str]:
    """The errors of a note with these texts below a head of four lines; ``a/n/`` is left out."""
    files = {"a/n/en.md": HEAD + english, "a/n/zh.md": HEAD + chinese}
    return [line.removeprefix("a/n/") for line in errors(root, files, languages=("en", "zh"))]


def note(root: Path, text: str, **files: str | bytes) -> Note:
    """The note with this text below a head of four lines, in one language. Fails where it has errors."""
    more = {f"a/n/{name.replace('__', '.')}": content for name, content in files.items()}
    read = collection(root, {"a/n/en.md": HEAD + text, **more})
    assert [str(problem) for problem in read.errors] == []
    (found,) = read.notes
    return found


def example(root: Path, text: str, **files: str | bytes) -> Example:
    """The one example of a note with this text."""
    (found,) = note(root, text, **files).examples
    return found


def document(root: Path, text: str) -> Document:
    """The document with this text below a head of four lines."""
    return note(root, text).documents[0]
