"""What a note has that runs, or is computed: examples, diagrams, and the files they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from notekit.model.bare import BARE, BareMachine
from notekit.model.machine import PLAIN, Machine
from notekit.model.place import Place

RunMode = Literal["yes", "build", "syntax", "no"]
Stream = Literal["stdout", "stderr", "registers", "interrupts"]
#: In the order in which a page shows them. The last two are a bare machine's.
STREAMS: tuple[Stream, ...] = ("stdout", "stderr", "registers", "interrupts")
#: The languages of programs without a system, which alone have these two.
BARE_LANGUAGES = frozenset({"asm", "image"})
Dialect = Literal["console", "root-console", "machine-console", "output"]
Asked = Literal["", "qemu", "qmp", "gdb"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """Lines that should be printed.

    ``lines`` are as the note writes them, escapes and wildcards included; ``match.compile_lines``
    reads them in the ``dialect``. ``line`` is that of the first of them, or of the command or block
    after which they would stand when there are none.
    """

    lines: tuple[str, ...]
    line: int
    stream: Stream = "stdout"
    dialect: Dialect = "output"
    unordered: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block: its text (further lines joined by newlines) and its end.

    ``exit`` is 0 to 255; 128+n stands for the signal n. ``exit_line`` is that of ``[exit N]``, or of
    the command where there is none. ``asked`` is who gets it in place of the shell: QEMU's monitor, its QMP, or gdb.
    """

    text: str
    line: int
    expectation: Expectation
    exit: int = 0
    exit_line: int = 0
    root: bool = False
    asked: Asked = ""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file of the note's folder that an example may use, with its bytes as they were read."""

    path: str
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A block that runs. ``commands`` is for ``console`` only; ``code`` to ``exit`` for programs.

    ``name`` is the id, or ``<document language>-<line>`` where a block has none; it is unique in its
    note. ``code`` is the whole program; ``shown`` what the page shows of it (the region, if one is
    named), beginning at ``shown_place``. ``timeout`` is in seconds, None for the runner's default.
    ``expectations`` has at most one for each stream. ``machine`` is the guest that it asks for, and ``modules`` are the
    kernel modules, sources or folders among ``files``, that are built for it. ``bare`` is the machine of a program
    without a system.
    """

    note: str
    name: str
    id: str | None
    language: str
    place: Place
    document: str
    runner: str
    run: RunMode = "yes"
    because: str | None = None
    fails: bool = False
    commands: tuple[Command, ...] = ()
    code: str = ""
    shown: str = ""
    shown_place: Place | None = None
    file: NamedFile | None = None
    files: tuple[NamedFile, ...] = ()
    session: str | None = None
    args: tuple[str, ...] = ()
    stdin: str = ""
    cflags: tuple[str, ...] = ()
    schema: NamedFile | None = None
    exit: int = 0
    exit_line: int = 0
    needs: tuple[str, ...] = ()
    timeout: float | None = None
    unordered: bool = False
    expectations: tuple[Expectation, ...] = ()
    machine: Machine = PLAIN
    modules: tuple[str, ...] = ()
    bare: BareMachine = BARE


def streams_of(language: str) -> tuple[Stream, ...]:
    """The streams that a program of that language may have."""
    return STREAMS if language in BARE_LANGUAGES else STREAMS[:2]


@dataclass(frozen=True, slots=True)
class Diagram:
    """A picture by the simulator. ``spec`` is the YAML body without ``expect``; both are plain data.

    ``key_lines`` gives the line of each key by its path (``expect/page_fault/error_code``).
    """

    note: str
    name: str
    id: str | None
    kind: str
    place: Place
    document: str
    spec: Mapping[str, Any]
    expect: Any = None
    key_lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unit:
    """What runs together: the examples of one session, in order, or a single example."""

    examples: tuple[Example, ...]
