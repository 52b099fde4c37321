"""Rows about exits: controls, reasons and codes, exception pairs, INVPCID and INVVPID, KVM's handlers."""

from __future__ import annotations

from collections.abc import Mapping

from vmsim.cli.question import Question

QUESTIONS: Mapping[str, Question] = {}
