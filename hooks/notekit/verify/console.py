"""The commands of a console block, each held against what the note says that it prints and how it ends."""

from __future__ import annotations

from itertools import takewhile, zip_longest

from notekit.model import Command, CommandOutput, Example, Exceeded, Failure, Output, Place, describe_exit
from notekit.verify.text import Compared, compare, ended, exceeded_text, joined, quoted, remedy_for

__all__ = ["Texts", "verify_console"]

Texts = tuple[tuple[str, ...], ...]

_NOT_REACHED = CommandOutput(b"", None)


def verify_console(example: Example, output: Output) -> tuple[tuple[Failure, ...], Texts, tuple[int, ...]]:
    """The failures, what each command printed, and the ends of the commands up to the first that did not end.

    Once the shell is gone, only the first command that was not reached is a failure; where a limit ended the shell,
    it is the command that ran into it.
    """
    printed = [output for _, output in zip_longest(example.commands, output.commands, fillvalue=_NOT_REACHED)]
    pairs = list(zip(example.commands, printed, strict=True))
    compared = [compare(command.expectation, one.text) for command, one in pairs]
    culprit = _culprit(output, pairs, compared)
    failures: list[Failure] = []
    for index, (command, one) in enumerate(pairs):
        exceeded = output.exceeded if index == culprit else None
        if one.exit is None and exceeded is None:
            if output.exceeded is None:
                failures.append(_not_reached(example, index, one, output.how))
            break
        failure = _failure(example, command, one, compared[index], exceeded, output.how)
        if failure:
            failures.append(failure)
    if output.exceeded and culprit is None:
        failures.append(_of_the_block(example, output.exceeded, output.how))
    exits = takewhile(lambda status: status is not None, (one.exit for one in printed))
    return tuple(failures), tuple(one.shown for one in compared), tuple(status or 0 for status in exits)


def _culprit(output: Output, pairs: list[tuple[Command, CommandOutput]], compared: list[Compared]) -> int | None:
    """The command that exceeded a limit: the one that did not end, else the first that went wrong."""
    if output.exceeded is None:
        return None
    for index, (_, one) in enumerate(pairs):
        if one.exit is None:
            return index
    wrong = (index for index, (command, one) in enumerate(pairs) if compared[index].message or one.exit != command.exit)
    return next(wrong, None)


def _failure(
    example: Example, command: Command, one: CommandOutput, compared: Compared, exceeded: Exceeded | None, how: str
) -> Failure | None:
    end = exceeded_text(exceeded) if exceeded else describe_exit(one.exit)
    stopped = f"exceeded a limit ({end})" if exceeded else ""
    wrong_end = "" if exceeded else ended(one.exit, command.exit)
    what = joined([stopped, compared.message, wrong_end])
    if not what:
        return None
    line = compared.line if compared.message else (wrong_end and command.exit_line) or command.line
    message = f"{what}; {remedy_for(example.note, exceeded)}"
    return Failure(Place(example.place.file, line), message, command.text, compared.diff, end, how)


def _not_reached(example: Example, index: int, one: CommandOutput, how: str) -> Failure:
    """The failure of the first command without an end: the shell ended before it, or under it."""
    command = example.commands[index]
    place = Place(example.place.file, command.line)
    if one.text:
        message = "did not end, and took the shell with it"
    elif index:
        last = example.commands[index - 1]
        message = f"was not reached, because {quoted(last.text)} in line {last.line} ended the shell"
    elif example.session:
        message = f"was not reached, because the shell of the session {example.session} ended in an earlier block"
    else:
        message = "was not reached, because the shell ended before it"
    remedy = "let the shell live on (a subshell, as in (exit 3), may end), or begin another block"
    return Failure(place, f"{message}; {remedy}", command.text, (), describe_exit(one.exit), how)


def _of_the_block(example: Example, exceeded: Exceeded, how: str) -> Failure:
    end = exceeded_text(exceeded)
    message = f"exceeded a limit ({end}), though every command did what the note says"
    return Failure(example.place, f"{message}; {remedy_for(example.note, exceeded)}", "", (), end, how)
