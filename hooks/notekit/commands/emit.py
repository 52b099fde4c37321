"""``notes emit``: the pages as plain Markdown on disk."""

from __future__ import annotations

import sys
from pathlib import Path

from notekit import pipeline
from notekit.commands.progress import progress
from notekit.files import write_whole
from notekit.names import expanded
from notekit.report import Report
from notekit.report.text import text


def emit(root: Path, folder: Path) -> int:
    """Checks the notes, and writes each page and each file that one links to; the exit status of the command.

    Nothing is written where something is wrong, so that no page is ever there that is not so.
    """
    kept = pipeline.store_of(root)
    with kept, progress(quiet=False, no_color=False) as told:
        checked = pipeline.check(root, kept, progress=told)
    report = Report(checked)
    print(text(report), file=sys.stderr)
    if report.status:
        return report.status
    files = {page.path: expanded(page.markdown).encode() for page in pipeline.pages(checked)}
    files |= pipeline.named_files(checked)
    try:
        for path, content in sorted(files.items()):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_whole(folder / path, content)
    except OSError as error:
        print(f"{error.filename}: cannot be written ({error.strerror}); name a folder that can", file=sys.stderr)
        return 2
    print(f"{len(files)} files in {folder}", file=sys.stderr)
    return 0
