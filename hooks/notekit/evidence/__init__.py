"""Evidence for page walks: what the simulator drew, also done on an emulated machine, and both compared.

The simulator is judged, and so never asked: the machine gets a diagram's tables, registers and access, and tells what
came of the access and of the tables. A difference is a failure of the diagram, but for an emulator's known faults.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache

from notekit import machine, sandbox, store
from notekit.evidence import booting
from notekit.evidence.cases import Case, Outcome, Reason, case_of, registers
from notekit.evidence.comparing import compared
from notekit.model import Diagram, Evidence, Output
from notekit.sandbox import tools

__all__ = ["ABSENT", "see"]

#: The reason of what is unseen because this machine has no emulator, or nothing to assemble with.
ABSENT = "absent"
_WALK = "page-walk"
# QEMU's emulator has AMD's virtualization and none of Intel's.
_WITHOUT_VMX = frozenset({"ept-walk", "shadow-paging", "vm-exit"})
_NEEDED = (machine.NAME, "as", "ld", "objcopy")
_LIBRARY = "libc.so.6"


def see(diagrams: Iterable[Diagram], kept: store.Store) -> Mapping[tuple[str, str], Evidence]:
    """The evidence for diagrams that the simulator could compute, by note and name; none for kinds that show nothing
    of a processor.

    Raises sandbox.Stopped after ``sandbox.kill_all``.
    """
    found: dict[tuple[str, str], Evidence] = {}
    cases: list[tuple[Diagram, Case, str]] = []
    lacking = next((tool for tool in _NEEDED if tools.resolve(tool) is None), None)
    absent = f"{lacking} is not installed" if lacking else sandbox.probe()
    for diagram in diagrams:
        case = _case(diagram)
        if isinstance(case, Case) and not absent:
            cases.append((diagram, case, _key(case)))
        elif case is not None:
            reason = (ABSENT, absent or "") if isinstance(case, Case) else case
            found[diagram.note, diagram.name] = Evidence("unseen", reasons=(reason,))
    new: list[tuple[Diagram, Case, str]] = []
    for diagram, case, key in cases:
        output = kept.get(key)
        if output is None:
            new.append((diagram, case, key))
        else:
            found[diagram.note, diagram.name] = compared(case, _decoded(output[0].stdout), _emulator())
    for numbers in booting.batches([case for _, case, _ in new]):
        batch = [new[number] for number in numbers]
        try:
            outcomes = booting.boot([case for _, case, _ in batch])
        except sandbox.SandboxError as error:
            found |= {(one.note, one.name): Evidence("broken", _emulator(), message=str(error)) for one, _, _ in batch}
            continue
        for (diagram, case, key), outcome in zip(batch, outcomes, strict=True):
            evidence = compared(case, outcome, _emulator())
            found[diagram.note, diagram.name] = evidence
            if evidence.verdict != "differs":
                kept.put(key, (Output(stdout=_encoded(outcome)),), (f"{diagram.note}#{diagram.name}",))
    return found


def _case(diagram: Diagram) -> Case | Reason | None:
    """What the machine is to do, or why it cannot; None where there is nothing that it could."""
    if diagram.kind in _WITHOUT_VMX:
        return "vmx", ""
    return case_of(diagram.spec) if diagram.kind == _WALK else None


@cache
def _emulator() -> str:
    """``QEMU 7.2``."""
    done = sandbox.execute([machine.NAME, "--version"], merge_output=True)
    version = done.stdout.decode("utf-8", "replace").partition("version ")[2].split(" ")[0]
    return f"QEMU {'.'.join(version.split('.')[:2])}"


def _key(case: Case) -> str:
    """Of the case, and of all that its outcome on a machine depends on."""
    made = hashlib.sha256(booting.PROBER.read_bytes()).hexdigest()
    versions = tools.versions((*_NEEDED, _LIBRARY))
    about = ["evidence", versions, sandbox.identity(), machine.identity(), made, registers(case), case.words]
    return hashlib.sha256(json.dumps(about).encode("ascii")).hexdigest()


def _encoded(outcome: Outcome) -> bytes:
    return json.dumps([outcome.vector, outcome.error, outcome.cr2, outcome.byte, outcome.words]).encode("ascii")


def _decoded(text: bytes) -> Outcome:
    vector, error, cr2, byte, words = json.loads(text)
    return Outcome(vector, error, cr2, byte, tuple(words))
