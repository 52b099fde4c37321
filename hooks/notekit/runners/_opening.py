"""What an example finds when it starts, so that a person can be put in its place."""

from __future__ import annotations

from dataclasses import dataclass

from notekit import sandbox
from notekit.model import Machine, NamedFile


@dataclass(frozen=True, slots=True)
class Opening:
    """The moment before an example runs: the files and limits of its sandbox.

    ``before`` are the commands of a console that ran by then, in order; ``then`` what the example runs next, as a
    person would type it; ``said`` what a person should know beside, such as why there is no program. ``machine`` is
    that of the guest it runs in, None on the host; ``prompts`` are those of ``then`` where they are not all ``$``.
    """

    files: tuple[NamedFile, ...]
    limits: sandbox.Limits
    before: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    said: str = ""
    machine: Machine | None = None
    prompts: tuple[str, ...] = ()
