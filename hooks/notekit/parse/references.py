"""Which block each id names, over all languages of a note, and the ``example`` blocks that stand for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notekit.parse.block import Block
from notekit.parse.context import Context
from notekit.parse.document import Draft
from notekit.parse.report import shortened, suggestion
from notekit.parse.text import is_blank


@dataclass(frozen=True, slots=True)
class Definitions:
    """The block of each id, with its document. ``complete`` is false where part of a document could not be read."""

    blocks: Mapping[str, tuple[Draft, Block]]
    complete: bool

    def examples(self) -> list[str]:
        """The ids of examples and diagrams."""
        return [name for name, (_, block) in self.blocks.items() if block.is_defined_here]


def read_definitions(drafts: Sequence[Draft], context: Context) -> Definitions:
    """Collects the ids of all documents; reports one that is missing where it is required, or there twice."""
    found: dict[str, tuple[Draft, Block]] = {}
    for draft in drafts:
        for block in draft.blocks:
            if block.id is None and block.is_defined_here and block.sound and len(context.languages) > 1:
                draft.report(
                    block.first,
                    f"{_called(block)} without an id",
                    f"give it one, such as ```{block.language} {{#name}}, for the other language to name it by",
                )
            name = draft.name(block) if block.is_defined_here else block.id
            if name is None:
                continue
            if name in found:
                first, other = found[name]
                draft.report(
                    block.first,
                    f"the id {name} is there a second time, first in {first.file}:{other.first}",
                    "give each block its own id (in the other language an example is named by ```example {of=…})",
                )
            else:
                found[name] = (draft, block)
    complete = not any(draft.cut_short for draft in drafts) and len(drafts) == len(context.languages)
    return Definitions(found, complete)


def check_references(drafts: Sequence[Draft], definitions: Definitions) -> None:
    """Reports ``example`` blocks that stand for nothing, and examples that a language lacks."""
    for draft in drafts:
        shown: dict[str, int] = {}
        for block in draft.blocks:
            if block.kind == "example" and block.sound:
                _check_reference(draft, block, shown, definitions)
        if draft.cut_short:
            continue
        for name, (home, block) in definitions.blocks.items():
            if home is not draft and block.is_defined_here and block.id and name not in shown:
                home.report(
                    block.first,
                    f"{draft.language}.md lacks the {_what(block)} {name}",
                    f"put ```example {{of={name}}} and ``` there, in its place",
                )


def _check_reference(draft: Draft, block: Block, shown: dict[str, int], definitions: Definitions) -> None:
    name = block.options.of
    for number, line in enumerate(block.body, start=block.first + 1):
        if not is_blank(line):
            draft.report(
                number, "a body in an example block", "leave it empty: what it shows stands in the other language"
            )
            break
    if name in shown:
        draft.report(
            block.first, f"the example {name} is shown a second time, first in line {shown[name]}", "show it once"
        )
        return
    shown[name] = block.first
    home, defined = definitions.blocks.get(name, (None, None))
    if home is None or defined is None:
        if definitions.complete:
            report_unknown(draft, block, definitions.examples())
    elif not defined.is_defined_here:
        draft.report(
            block.first, f"{name} in {home.file}:{defined.first} is no example", "name an example or a diagram"
        )
    elif home is draft:
        draft.report(
            block.first,
            f"the example {name} is in this file already, in line {defined.first}",
            "take one of the two out",
        )


def report_unknown(draft: Draft, block: Block, known: Sequence[str]) -> None:
    """Reports an ``of`` that names nothing."""
    otherwise = "name the id of a block of this note"
    draft.report(
        block.first, f"of={shortened(block.options.of)} names nothing", suggestion(block.options.of, known, otherwise)
    )


def _what(block: Block) -> str:
    return "diagram" if block.kind == "diagram" else "example"


def _called(block: Block) -> str:
    return f"{'an' if block.language[0] in 'aeiou' else 'a'} {block.language} block"
