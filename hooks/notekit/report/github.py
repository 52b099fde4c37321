"""Annotations for GitHub's pages, as its runner reads them from what a step prints: workflow commands.

The runner takes any line for a command that begins with ``::name`` after its leading spaces, or holds ``##[name]``
anywhere (actions/runner, ActionCommand.TryParseV2 and TryParse). So indenting what an example printed is no protection:
it has to stand where the runner was told not to listen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from notekit.report import Report, Trouble, troubles

#: GitHub shows this many annotations of a step, and drops the others without a word.
SHOWN = 10
# The runner cuts a longer message off at 4,096 characters (actions/runner, ExecutionContext).
_LONGEST = 4000
_TITLES = {"error": "Error in {}", "could not be run": "{} could not be run", "failed": "{} failed"}


def error_commands(report: Report, *, prefix: str = "", where: str = "the step's log") -> tuple[str, ...]:
    """A workflow command for each thing that is wrong; of more than ten, the worst nine, and how many more there are.

    ``prefix`` is the path of the project in its repository (empty, or with ``/`` at its end); ``where`` says where the
    others can be read.
    """
    found = troubles(report)
    if len(found) <= SHOWN:
        return tuple(_annotation(trouble, prefix) for trouble in found)
    shown = [_annotation(trouble, prefix) for trouble in found[: SHOWN - 1]]
    more = len(found) - len(shown)
    return (*shown, _command("error", f"{more} more are in {where}", title=f"{more} more"))


def _annotation(trouble: Trouble, prefix: str) -> str:
    text = trouble.text if len(trouble.text) <= _LONGEST else trouble.text[:_LONGEST] + "\n…"
    title = _TITLES[trouble.kind].format(trouble.name)
    return _command("error", text, file=prefix + trouble.place.file, line=str(trouble.place.line), title=title)


def _command(name: str, message: str, **properties: str) -> str:
    listed = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in properties.items())
    return f"::{name} {listed}::{_escaped(message)}"


def _escaped(value: str, also: str = "") -> str:
    """Percent signs first, since they begin what stands for the others."""
    for character in "%\r\n" + also:
        value = value.replace(character, f"%{ord(character):02X}")
    return value


@contextmanager
def no_commands(stream: TextIO) -> Iterator[None]:
    """Whatever is printed there meanwhile is text to GitHub's runner, and nothing in it a command.

    The word that ends this cannot be guessed: 128 random bits, made after the examples ran.
    """
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", file=stream)
    try:
        yield
    finally:
        print(f"::{word}::", file=stream, flush=True)
