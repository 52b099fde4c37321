"""How many examples came to what: in one line, and as numbers."""

from __future__ import annotations

from collections import Counter

from notekit import verify
from notekit.pipeline import Checked

_SAID = (("failed", "failed"), ("not_verified", "not verified"), ("error", "could not be run"))


def summary(checked: Checked) -> dict[str, int]:
    """Counts: ``examples`` (diagrams too) and of them ``passed``, ``failed``, ``not_verified``, ``error`` (the
    runner broke) and ``cached``; ``errors`` and ``warnings`` in the notes' text."""
    counts = Counter(result.status for result in checked.results)
    return {
        "examples": len(checked.results),
        "passed": counts["passed"],
        "failed": counts["failed"],
        "not_verified": counts["not-verified"],
        "error": counts["error"],
        "cached": sum(result.cached for result in checked.results),
        "errors": len(checked.problems),
        "warnings": len(checked.collection.warnings),
    }


def summary_line(checked: Checked) -> str:
    """``12 examples: 10 passed (8 cached), 1 failed, 1 not verified; 2 errors in notes``."""
    counts = summary(checked)
    parts = [f"{counts['passed']} passed" + (f" ({counts['cached']} cached)" if counts["cached"] else "")]
    parts += [f"{counts[key]} {said}" for key, said in _SAID if counts[key]]
    problems = f"; {_count(counts['errors'], 'error')} in notes" if counts["errors"] else ""
    return f"{_count(counts['examples'], 'example')}: {', '.join(parts)}{problems}"


def failures(checked: Checked) -> str:
    """Every problem of the notes' text and every failure, with its place; empty where there is none."""
    return "\n".join([*map(str, checked.problems), verify.report(checked.failed)]).strip()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
