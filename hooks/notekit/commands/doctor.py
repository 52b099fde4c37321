"""``notes doctor``: what this machine has of all that notes may use, and the one command that brings the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from notekit import doctor as examination
from notekit import pipeline, runners, settings
from notekit.doctor import Finding
from notekit.files import write_whole

_TITLES = {"sandbox": "", "guest": "", "machine": "", "language": "languages", "capability": "needs="}


def doctor(root: Path, *, json_file: str | None) -> int:
    """Tries everything out and prints each thing as it is found; the exit status of the command.

    That is 1 where nothing can run confined; what is missing otherwise leaves its examples not verified.
    """
    stream = sys.stderr if json_file == "-" else sys.stdout
    runners.look_again(root / ".cache", settings.guest_folder(root))
    collection = pipeline.read(root)
    findings: list[Finding] = []
    for finding in examination.examine(example for note in collection.notes for example in note.examples):
        if _TITLES[finding.kind] and (not findings or findings[-1].kind != finding.kind):
            print(f"\n{_TITLES[finding.kind]}", file=stream)
        findings.append(finding)
        print(_line(finding), file=stream, flush=True)
    print(_advice(findings), file=stream)
    if json_file == "-":
        print(as_json(findings))
    elif json_file is not None:
        try:
            write_whole(Path(json_file), as_json(findings) + "\n")
        except OSError as error:
            print(
                f"{json_file}: cannot be written ({error.strerror}); name a file in a folder that can", file=sys.stderr
            )
            return 2
    return 0 if findings[0].works else 1


def as_json(findings: Sequence[Finding]) -> str:
    """The report: ``findings``, and ``packages`` with the ``command`` that brings them (empty: none does)."""
    missing = examination.packages(findings)
    report = {
        "findings": [asdict(finding) for finding in findings],
        "packages": missing,
        "command": examination.install(missing),
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _line(finding: Finding) -> str:
    indent = "" if not _TITLES[finding.kind] else "  "
    state = "works" if finding.works else "missing" if finding.packages else "no"
    said = finding.version if finding.works else finding.reason
    uses = f" ({finding.examples} example{'s' if finding.examples != 1 else ''})" if finding.examples else ""
    return f"{indent}{finding.name:<{12 - len(indent)}}{state:<9}{said}{uses}"


def _advice(findings: Sequence[Finding]) -> str:
    missing = examination.packages(findings)
    command = examination.install(missing)
    if command:
        return f"\nto have all of it: {command}"
    if missing:
        return f"\nto have all of it, install what Debian calls {' '.join(missing)} with the system's package manager"
    return "\nno package is missing"
