"""What ``notes check`` adds where GitHub runs it: annotations in the files, and the summary of the step."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from notekit.report import Report
from notekit.report.github import error_commands
from notekit.report.step_summary import LARGEST, markdown


def is_there(environment: Mapping[str, str]) -> bool:
    """Whether this runs in a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def tell(report: Report, root: Path, stream: TextIO, environment: Mapping[str, str]) -> None:
    """Appends to the step's summary, then prints the annotations. A summary that cannot be written is said so."""
    summary = environment.get("GITHUB_STEP_SUMMARY")
    where = "the step's summary and log" if summary and _append(Path(summary), report) else "the step's log"
    for line in error_commands(report, prefix=_prefix(root, environment.get("GITHUB_WORKSPACE")), where=where):
        print(line, file=stream)


def _append(file: Path, report: Report) -> bool:
    """Whether all that is wrong found its place there, beside what other commands of the step wrote."""
    try:
        with file.open("ab") as summary:
            found = markdown(report, LARGEST - summary.tell() - 1)
            summary.write((("\n" if summary.tell() else "") + found).encode())
    except OSError as error:
        print(f"{file}: cannot be written ({error.strerror}); the summary is missing", file=sys.stderr)
        return False
    return bool(found)


def _prefix(root: Path, workspace: str | None) -> str:
    """The project's path in the repository, with ``/`` at its end; empty where it is the repository."""
    if not workspace or not root.is_relative_to(Path(workspace).resolve()):
        return ""
    path = root.relative_to(Path(workspace).resolve()).as_posix()
    return "" if path == "." else path + "/"
