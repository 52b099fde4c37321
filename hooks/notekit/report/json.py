"""The report for programs, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from notekit.model import Failure, Problem, Result
from notekit.report import Report
from notekit.summary import summary


def as_json(report: Report) -> str:
    """``examples``, ``errors``, ``warnings`` and ``summary`` (the counts of ``summary.summary``, and ``run_no``).

    Paths are relative to the root.
    """
    found = {
        "examples": [_example(result) for result in report.checked.results],
        "errors": [_problem(problem) for problem in report.problems],
        "warnings": [_problem(warning) for warning in report.checked.collection.warnings],
        "summary": {**summary(report.checked), "run_no": len(report.run_no)},
    }
    return json.dumps(found, ensure_ascii=False, indent=2)


def without_commands(document: str) -> str:
    r"""The same JSON without ``##[``, by which GitHub's runner finds a command in any line that it reads.

    Outside of strings JSON has no ``#``, and inside them ``\u0023`` is one.
    """
    return document.replace("##[", "#\\u0023[")


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "message": f"{problem.message}; {problem.remedy}",
    }


def _example(result: Result) -> dict[str, Any]:
    place = result.failures[0].place if result.failures else result.place
    return {
        "note": result.note,
        "id": result.name,
        "file": place.file,
        "line": place.line,
        "runner": result.runner,
        "status": result.status,
        "reason": result.reason or (result.failures[0].message if result.failures else ""),
        "seconds": round(result.seconds, 4),
        "cached": result.cached,
        "versions": dict(result.versions),
        "language": result.language,
        "finished": result.finished,
        "log": result.log,
        "evidence": None if result.evidence is None else asdict(result.evidence),
        "failures": [_failure(failure) for failure in result.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "file": failure.place.file,
        "line": failure.place.line,
        "message": failure.message,
        "command": failure.command,
        "diff": list(failure.diff),
        "end": failure.end,
        "how": failure.how,
    }
