"""``vmsim explain``: an error code, an exit, a trace line, an oops or an entry, taken apart in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from vmsim.cli.explanation import Explanation, Settings
from vmsim.cli.faulting_walk import faulting_walk
from vmsim.cli.image import FILE
from vmsim.cli.readers import read, readers
from vmsim.value import FieldError

EXAMPLES = """\b
vmsim explain '#PF 0x7'
vmsim explain EPT_VIOLATION 0x182
vmsim explain PTE 0x8000000012345067 --maxphyaddr 40
dmesg | vmsim explain
"""


@click.command(name="explain", epilog=EXAMPLES, context_settings={"ignore_unknown_options": True})
@click.argument("text", nargs=-1)
@click.option("--maxphyaddr", type=click.IntRange(32, 52), default=52, show_default=True, help="Physical-address bits.")
@click.option("--nxe/--no-nxe", default=True, help="Whether EFER.NXE is 1 (it is by default).")
@click.option("--image", type=FILE, help="Memory: the walk for the address of the fault (CR2) is told, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanations as JSON.")
def command(text: tuple[str, ...], maxphyaddr: int, nxe: bool, image: Path | None, as_json: bool) -> None:
    """Take TEXT apart, in words and with the source of each rule.

    TEXT is a #PF error code, an exit reason with its qualification, a kvm_exit trace line, the page-fault lines of an
    oops, control registers, or a paging entry. Without TEXT, or with -, lines are read from standard input, and those
    that say nothing are passed over.
    """
    given = " ".join(text)
    from_input = given in ("", "-")
    if from_input and sys.stdin.isatty():
        refuse(f"nothing to explain; {takes()}")
    lines = sys.stdin.read().splitlines() if from_input else given.splitlines()
    found: list[Explanation] = []
    wrong: list[str] = []
    settings = Settings(maxphyaddr, nxe)
    for line in filter(None, map(str.strip, lines)):
        try:
            explanation = read(line, settings)
        except FieldError as error:
            wrong.append(str(error))
            continue
        if explanation is not None:
            found.append(explanation)
    if image is not None and found:
        try:
            found.append(faulting_walk("\n".join(lines), image, settings))
        except FieldError as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{error.filename} cannot be read ({error.strerror})")
    if not found and not wrong:
        shown = given if not from_input else f"{len(lines)} lines of standard input"
        refuse(f"cannot read {shown!r}; {takes()}")
    if as_json:
        click.echo(json.dumps([explanation.as_json() for explanation in found], indent=2))
    else:
        click.echo("\n\n".join(explanation.text() for explanation in found))
    for problem in wrong:
        click.echo(f"vmsim explain: {problem}", err=True)
    if wrong:
        sys.exit(2)


def refuse(message: str) -> NoReturn:
    """Say on standard error what is wrong, and end with status 2."""
    click.echo(f"vmsim explain: {message}", err=True)
    sys.exit(2)


def takes() -> str:
    """What can be read, in one line."""
    return "it takes " + "; ".join(reader.TAKES for reader in readers())
