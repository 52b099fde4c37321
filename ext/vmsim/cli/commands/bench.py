"""``vmsim bench``: how many references a second the simulator takes, beside two C programs on the same tables."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from vmsim import _build
from vmsim.cli.bench_programs import BenchError
from vmsim.cli.bench_rows import Row, measure
from vmsim.cli.number import NUMBER
from vmsim.stream_patterns import PATTERNS, pattern
from vmsim.stream_tables import NATIVE, NESTED
from vmsim.value import FieldError, check_integer

_HEAD = ("pattern", "mode", "compiled", "interpreted", "C plain", "C best", "of plain", "of best", "equal")
_WIDTHS = (-21, -7, 9, 11, 8, 8, 8, 8, 5)


@click.command(name="bench")
@click.option("--count", type=NUMBER, default=1 << 22, help="References of each pattern; default 4194304.")
@click.option("--rounds", type=NUMBER, default=5, help="How often each is measured; the quickest counts; default 5.")
@click.option("--pattern", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated; default: all.")
@click.option("--mode", "modes", multiple=True, type=click.Choice([NATIVE, NESTED]), help="Default: both.")
@click.option("--no-simd", is_flag=True, help="Measure the loop that runs where the processor has no AVX2.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as one JSON object.")
def command(
    count: int, rounds: int, names: tuple[str, ...], modes: tuple[str, ...], no_simd: bool, as_json: bool
) -> None:
    """Measure streams of seven patterns: million references a second, by the simulator and by two C programs.

    The C programs (plain: as anyone would write it; best: as an expert would) are compiled from ext/bench with
    -O3 -march=native. All take the same addresses through the same tables, of 4-KByte pages, and have to come to the
    same counts and checksum. Exit status 1 where they do not.
    """
    rows = []
    try:
        check_integer("count", count, 1, 1 << 32)
        check_integer("rounds", rounds, 1, 1000)
        patterns = [pattern(name) for name in names] or PATTERNS
        build = _build.extension("stream_loop") if no_simd else None
        with tempfile.TemporaryDirectory() as folder:
            say = _say if sys.stderr.isatty() else _quiet
            for row in measure(patterns, modes or (NATIVE, NESTED), count, rounds, Path(folder), say, build):
                rows.append(row)
                if not as_json:
                    click.echo("\n".join([*([_line(_HEAD)] if len(rows) == 1 else []), _line(_cells(row))]))
    except (FieldError, BenchError) as error:
        click.echo(f"vmsim bench: {error}", err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps({"rows": [asdict(row) for row in rows]}, indent=2))
    sys.exit(0 if all(row.equal for row in rows) else 1)


def _cells(row: Row) -> tuple[str, ...]:
    speeds = (row.compiled, row.interpreted, row.c_plain, row.c_best)
    ratios = (row.compiled / row.c_plain, row.compiled / row.c_best)
    shown = [f"{one:.3f}" if one < 1 else f"{one:.1f}" for one in speeds]
    return (row.pattern, row.mode, *shown, *(f"{one:.2f}" for one in ratios), "yes" if row.equal else "NO")


def _line(cells: tuple[str, ...]) -> str:
    padded = [
        cell.ljust(-width) if width < 0 else cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _say(text: str) -> None:
    click.echo(f"vmsim bench: {text}", err=True)


def _quiet(_text: str) -> None:
    pass
