"""``vmsim replay``: rows of expected results, decided from their input alone and compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from vmsim import _build
from vmsim.cli import rows


@click.command(name="replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--interpreted", is_flag=True, help="Ask the interpreted build instead of the compiled one.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(file: Path, interpreted: bool, as_json: bool) -> None:
    """Decide each row of FILE (JSON lines) from its input alone and print those that differ.

    The last line counts them. Exit status 1 if any row differs, cannot be read, or is of an unknown kind.
    """
    build = _build.interpreted() if interpreted else _build.compiled()
    count = 0
    wrong = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        count += 1
        mismatch = rows.compare(build, line)
        if mismatch is None:
            continue
        wrong.append({"line": number, **mismatch.as_json()})
        if not as_json:
            click.echo(f"{file}:{number}: {mismatch}")
    if as_json:
        click.echo(json.dumps({"rows": count, "mismatches": len(wrong), "differing": wrong}, indent=2))
    else:
        click.echo(f"{count} rows, {len(wrong)} mismatches")
    sys.exit(1 if wrong else 0)
