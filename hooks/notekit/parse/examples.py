"""Blocks to examples and diagrams, with the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notekit import match
from notekit.model import BARE, PLAIN, Command, Diagram, Dialect, Example, Expectation, NamedFile, Place
from notekit.parse.block import Block
from notekit.parse.console import read_console
from notekit.parse.context import Context
from notekit.parse.diagram import read_diagram
from notekit.parse.document import Draft
from notekit.parse.dump import dump
from notekit.parse.file_regions import Shown, read_regions, shown_lines
from notekit.parse.files import FileError, Folder
from notekit.parse.report import Report, shortened, suggestion
from notekit.parse.schema import SchemaError, check_schema
from notekit.parse.text import NotUtf8Error, is_blank, read_lines

_DIALECTS: Mapping[str, Dialect] = {"guest": "root-console", "machine": "machine-console"}


@dataclass(frozen=True, slots=True)
class _Program:
    """A program's text: all of it, what is shown of it, from where; and its file, if it has one."""

    code: str
    shown: str
    place: Place
    file: NamedFile | None = None


def read_example(
    slug: str, draft: Draft, block: Block, expectations: tuple[Expectation, ...], folder: Folder
) -> Example | None:
    """The example of a block; ``expectations`` are those of its output blocks. None, with problems, if it is wrong."""
    report, options = draft.report, block.options
    before = len(report.found)
    commands: tuple[Command, ...] = ()
    program: _Program | None = None
    if block.kind == "console":
        dialect: Dialect = _DIALECTS.get(options.runner, "console")
        commands = read_console(block.body, block.first + 1, dialect, options.unordered, report)
        program = _loaded(draft, block, folder)
        expectations = tuple(command.expectation for command in commands)
    else:
        program = _program(draft, block, folder)
    for expectation in expectations:
        check_expectation(expectation, report)
    files = _files(block, folder, report)
    schema = _schema(block, folder, report)
    if len(report.found) > before:
        return None
    return Example(
        note=slug,
        name=draft.name(block),
        id=block.id,
        language=block.language,
        place=Place(draft.file, block.first),
        document=draft.language,
        runner=options.runner,
        run=options.run,
        because=options.because,
        fails=options.fails,
        commands=commands,
        code=program.code if program else "",
        shown=program.shown if program else "",
        shown_place=program.place if program else None,
        file=program.file if program else None,
        files=files,
        session=options.session,
        args=options.args,
        stdin=options.stdin,
        cflags=options.cflags,
        schema=schema,
        exit=options.exit,
        exit_line=block.first,
        needs=options.needs,
        timeout=options.timeout,
        unordered=options.unordered,
        expectations=() if block.kind == "console" else expectations,
        machine=options.guest or PLAIN,
        modules=options.modules,
        bare=options.machine or BARE,
    )


def read_diagram_block(slug: str, draft: Draft, block: Block, context: Context) -> Diagram | None:
    """The diagram of a block; None, with problems, if it is wrong."""
    body = read_diagram(block.body, block.first + 1, context.diagrams[block.language], draft.report)
    if body is None:
        return None
    return Diagram(
        note=slug,
        name=draft.name(block),
        id=block.id,
        kind=block.language,
        place=Place(draft.file, block.first),
        document=draft.language,
        spec=body.spec,
        expect=body.expect,
        key_lines=body.key_lines,
    )


def check_expectation(expectation: Expectation, report: Report) -> None:
    """Reports an expected line that cannot be read, ``...`` in any order, and what would verify nothing."""
    try:
        patterns = match.compile_lines(expectation)
    except match.PatternError as error:
        report(expectation.line + error.line_index, error.message, error.remedy)
        return
    if match.verifies_nothing(patterns):
        report(
            expectation.line,
            "nothing is expected here but ... and <any>, which verifies nothing",
            "state at least a part of one line",
        )
    for offset, pattern in enumerate(patterns):
        if pattern.any_lines and expectation.unordered:
            report(
                expectation.line + offset,
                "... where lines may come in any order",
                r"take out unordered or this line (\... is the line ... itself)",
            )
            return


def _program(draft: Draft, block: Block, folder: Folder) -> _Program | None:
    report = draft.report
    if block.options.file is None:
        if all(is_blank(line) for line in block.body):
            remedy = (
                "write the program, or name its file with file=…" if block.kind == "program" else "write the JSON text"
            )
            report(block.first, "the block is empty", remedy)
            return None
        text = "".join(f"{line}\n" for line in block.body)
        return _Program(text, text, Place(draft.file, block.first + 1))
    for number, line in enumerate(block.body, start=block.first + 1):
        if not is_blank(line):
            report(number, "a body, though the program is in a file", "take it out, or take file= out")
            return None
    return _program_of_file(draft, block, folder)


def _named_file(draft: Draft, block: Block, folder: Folder) -> NamedFile | None:
    try:
        return folder.file(block.options.file or "")
    except FileError as error:
        draft.report(block.first, f"file: {error.message}", error.remedy)
        return None


def _loaded(draft: Draft, block: Block, folder: Folder) -> _Program | None:
    """What the machine of a console has in its memory, where the block names a file."""
    file = _named_file(draft, block, folder) if block.options.file else None
    return _Program("", "", Place(draft.file, block.first), file) if file else None


def _program_of_file(draft: Draft, block: Block, folder: Folder) -> _Program | None:
    report, name = draft.report, block.options.file or ""
    file = _named_file(draft, block, folder)
    if file is None:
        return None
    if block.language == "image":
        return _Program("", dump(file.content), Place(draft.file, block.first), file)
    of_file = report.of(f"{draft.file.rpartition('/')[0]}/{file.path}")
    try:
        lines = read_lines(file.content)
    except NotUtf8Error as error:
        of_file(error.line, f"the byte {error.byte:#04x} is not UTF-8", "save the program as UTF-8")
        return None
    before = len(report.found)
    regions = read_regions(lines, of_file)
    shown = Shown("", 1)
    region = block.options.region
    if region is None:
        shown = shown_lines(lines, 1, len(lines))
    elif region in regions:
        shown = shown_lines(lines, *regions[region])
    else:
        remedy = suggestion(region, regions, f"put comments [start:{region}] and [end:{region}] into it")
        report(block.first, f"{shortened(name)} has no region {shortened(region)}", remedy)
    if len(report.found) > before:
        return None
    return _Program(file.content.decode(), shown.text, Place(of_file.file, shown.first), file)


def _files(block: Block, folder: Folder, report: Report) -> tuple[NamedFile, ...]:
    found: dict[str, NamedFile] = {}
    named = [("with", name) for name in block.options.with_] + [("modules", name) for name in block.options.modules]
    for attribute, name in named:
        try:
            found.update((file.path, file) for file in folder.files(name))
        except FileError as error:
            report(block.first, f"{attribute}: {error.message}", error.remedy)
    return tuple(found[path] for path in sorted(found))


def _schema(block: Block, folder: Folder, report: Report) -> NamedFile | None:
    name = block.options.schema
    if name is None:
        return None
    try:
        file = folder.file(name)
        check_schema(file.content)
    except FileError as error:
        report(block.first, f"schema: {error.message}", error.remedy)
        return None
    except SchemaError as error:
        report(block.first, f"schema: {shortened(name)}:{error.line}: {error.message}", error.remedy)
        return None
    return file
