"""The values that flow through notekit. All are frozen; functions between them are pure.

Glossary
    Collection    everything under one root: areas, notes, terms, and the errors met while reading them
    Area          a folder of notes with ``area.yml``
    Note          one folder: its documents (one per language), examples and diagrams
    Document      one language's text of a note, with its regions, sections and computed calls
    Region        the lines of a document that one fenced block takes up
    Section       the lines from one heading of level 2 or 3 to the next
    Example       something that runs and whose output is stated: a console block or a program
    Command       one command of a console block with what it should print
    Expectation   the lines that something should print, as the note writes them
    Term          a word of the field, with what it means, from ``glossary.yml``
    Diagram       a picture that the simulator computes, and its stated outcome
    Unit          what runs, and is cached, together: a program, a block, or a whole session
    Machine       the hardware and the kernel that a note asks a guest to have
    BareMachine   the hardware, and the processor's mode, that a note asks for a program without a system
    Output        what one example printed, how it ended, with which tools, when
    Result        an Output held against its Example: a status, and failures with their lines
    Page          one document with its results in it, or an overview of them, as Markdown
    Problem       ``path:line: what is wrong; what would be right``

Line numbers count from 1. Paths are relative to the collection's root, with ``/``.
"""

from __future__ import annotations

from notekit.model.bare import BARE, BareMachine
from notekit.model.example import (
    BARE_LANGUAGES,
    STREAMS,
    Asked,
    Command,
    Diagram,
    Dialect,
    Example,
    Expectation,
    NamedFile,
    RunMode,
    Stream,
    Unit,
    streams_of,
)
from notekit.model.machine import PLAIN, KernelName, Machine
from notekit.model.note import (
    Area,
    Collection,
    ComputedCall,
    Document,
    Head,
    Note,
    Region,
    RegionKind,
    Section,
    Source,
)
from notekit.model.place import (
    Place,
    Problem,
)
from notekit.model.result import (
    MACHINE_ENDS,
    BuildOutput,
    CommandOutput,
    Evidence,
    Exceeded,
    Failure,
    Limit,
    Output,
    Page,
    PageKind,
    Result,
    Status,
    describe_exit,
    exit_status,
)
from notekit.model.term import Term

__all__ = [
    "BARE",
    "BARE_LANGUAGES",
    "MACHINE_ENDS",
    "PLAIN",
    "STREAMS",
    "Area",
    "Asked",
    "BareMachine",
    "BuildOutput",
    "Collection",
    "Command",
    "CommandOutput",
    "ComputedCall",
    "Diagram",
    "Dialect",
    "Document",
    "Evidence",
    "Example",
    "Exceeded",
    "Expectation",
    "Failure",
    "Head",
    "KernelName",
    "Limit",
    "Machine",
    "NamedFile",
    "Note",
    "Output",
    "Page",
    "PageKind",
    "Place",
    "Problem",
    "Region",
    "RegionKind",
    "Result",
    "RunMode",
    "Section",
    "Source",
    "Status",
    "Stream",
    "Term",
    "Unit",
    "describe_exit",
    "exit_status",
    "streams_of",
]
