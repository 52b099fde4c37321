"""Rows about translations: page walks, EPT, and which of #PF and EPT violation comes first."""

from __future__ import annotations

from collections.abc import Mapping

from vmsim.cli.question import Question

PAGE_WALK = "page-walk"

QUESTIONS: Mapping[str, Question] = {}
