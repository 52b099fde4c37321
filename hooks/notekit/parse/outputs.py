"""``output`` blocks: what the programs before them print."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from notekit.model import BARE_LANGUAGES, STREAMS, Expectation
from notekit.parse.block import Block
from notekit.parse.document import Draft
from notekit.parse.references import Definitions, report_unknown
from notekit.parse.report import listed


def read_outputs(draft: Draft, definitions: Definitions) -> Mapping[str, tuple[Expectation, ...]]:
    """What each program of a document should print, by its id; reports output that belongs to none."""
    found: dict[str, list[Expectation]] = {}
    lines: dict[tuple[str, str], int] = {}
    for block in draft.blocks:
        if block.kind != "output" or not block.sound:
            continue
        name, stream = block.options.of, block.options.stream
        if not _belongs(draft, block, definitions):
            continue
        if (name, stream) in lines:
            draft.report(
                block.first,
                f"a second output block for {stream} of {name}, first in line {lines[name, stream]}",
                f"state each stream once (the others are {listed(STREAMS[1:], 'and')})",
            )
            continue
        lines[name, stream] = block.first
        expectation = Expectation(
            lines=block.body,
            line=block.first + 1 if block.body else block.first,
            stream=stream,
            dialect="output",
            unordered=block.options.unordered,
        )
        found.setdefault(name, []).append(expectation)
    return {name: tuple(expectations) for name, expectations in found.items()}


def _belongs(draft: Draft, block: Block, definitions: Definitions) -> bool:
    """Whether the block's program is one, and stands before it in its section."""
    name = block.options.of
    home, program = definitions.blocks.get(name, (None, None))
    if home is None or program is None:
        if definitions.complete:
            report_unknown(draft, block, [known for known in definitions.examples() if _is_program(definitions, known)])
        return False
    wrong: tuple[str, str] | None = None
    if program.kind != "program":
        inside = program.kind == "console"
        wrong = (
            f"{name} is no program but a block of {program.language or 'text'}",
            "write the output into that block" if inside else "name a bash, sh, fish, c, python, asm or image block",
        )
    elif home is not draft:
        wrong = (f"the program {name} stands in {home.file}", "state its output there")
    elif program.first > block.first:
        wrong = (
            f"the output of {name} stands before the program, which begins in line {program.first}",
            "move it below",
        )
    elif _section(draft, program.first) != _section(draft, block.first):
        wrong = (
            f"the output of {name} stands in another section than the program, which begins in line {program.first}",
            "move it into that section",
        )
    elif block.options.stream in STREAMS[2:] and program.language not in BARE_LANGUAGES:
        wrong = (
            f"{name} is a {program.language} program, and has no stream {block.options.stream}",
            "state it of an asm or image block",
        )
    elif program.sound and program.options.run in ("build", "syntax") and block.options.stream != "stderr":
        wrong = (
            f"{name} has run={program.options.run}: it does not run, and prints nothing",
            "state stream=stderr for what the compiler says",
        )
    if wrong:
        draft.report(block.first, *wrong)
    return wrong is None


def _is_program(definitions: Definitions, name: str) -> bool:
    return definitions.blocks[name][1].kind == "program"


def _section(draft: Draft, line: int) -> int:
    return bisect_right(draft.sections, line, key=lambda section: section.first)
