"""How a process is confined: bubblewrap around it, limits watched from outside, all of it killed at its end.

Glossary
    Limits        how much an example may use: seconds, memory, processes, disk, output
    Execution     what a confined process tree did
    Confined      such a tree while it lives: bubblewrap, its reaper, the launcher, the program
    launcher      the shell above the program that waits for the start and tells the end
    Dialogue      what answers a program that works in steps, one command of a console after the other
    Session       how a confined shell at a person's terminal ended
"""

from __future__ import annotations

from notekit.sandbox.execute import Dialogue, execute
from notekit.sandbox.identity import identity
from notekit.sandbox.layout import ENVIRONMENT, HOME, SEARCH_PATH, WORK
from notekit.sandbox.limits import KIB, MIB, Execution, Limits
from notekit.sandbox.probe import explain, probe
from notekit.sandbox.process import Confined, SandboxError
from notekit.sandbox.stopping import Stopped, kill_all, killable, start_again
from notekit.sandbox.terminal import Session, converse

__all__ = [
    "ENVIRONMENT",
    "HOME",
    "KIB",
    "MIB",
    "SEARCH_PATH",
    "WORK",
    "Confined",
    "Dialogue",
    "Execution",
    "Limits",
    "SandboxError",
    "Session",
    "Stopped",
    "converse",
    "execute",
    "explain",
    "identity",
    "kill_all",
    "killable",
    "probe",
    "start_again",
]
