"""``vmsim stream``: a stream of addresses through TLBs, paging-structure caches and tables, counted."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import click

from vmsim import Ept, Memory, Processor
from vmsim.cli import addresses, geometry, settings
from vmsim.cli.commands.walk import REGISTERS, refuse
from vmsim.cli.stream_text import as_json, lines
from vmsim.cli.tables import TablesError, parse, store
from vmsim.stream import MODES, Costs, Counts, Tables, flat, mapping, simulate, simulate_all
from vmsim.stream_tables import SHADOW
from vmsim.value import FieldError

PAGE_SIZES = {"4K": "4 KiB", "2M": "2 MiB", "1G": "1 GiB"}


@click.command(name="stream")
@click.argument("files", nargs=-1, metavar="FILE...", required=True)
@click.option("--format", "kind", type=click.Choice(addresses.FORMATS), default="auto", help="Default: auto.")
@click.option("--mode", type=click.Choice(MODES), default="native", help="Default: native.")
@click.option("--page-size", type=click.Choice(tuple(PAGE_SIZES)), default="4K", help="Default: 4K.")
@click.option("--ept-page-size", type=click.Choice(tuple(PAGE_SIZES)), default="4K", help="Nested; default: 4K.")
@click.option("--tables", type=click.Path(path_type=Path), help="Tables as for vmsim walk, in place of a mapping.")
@geometry.options
@click.option("-c", "--cost", multiple=True, metavar="EVENT=CYCLES", help=f"Of {', '.join(Costs._fields)}.")
@click.option("--interpreted", is_flag=True, help="Run the source itself instead of the compiled loop.")
@click.option("--json", "wants_json", is_flag=True, help="Print the counts as one JSON object.")
def command(files: tuple[str, ...], **options: Any) -> None:
    """Count what the references of FILE (-: standard input) do: hits, walks, entries read, faults, exits, cycles.

    A file has 8 bytes for each address, little-endian, or is text, one address a line, decimal or 0x…. Every address is
    mapped with pages of --page-size, unless --tables gives the tables. Several files are independent streams, which
    run on all cores.
    """
    try:
        costs = Costs(**settings.parse(Costs, options["cost"]))
        shape = geometry.geometry(options)
        tables = _tables(options)
        with contextlib.ExitStack() as opened:
            streams = [opened.enter_context(_open(name)) for name in files]
            counts = _run(files, streams, tables, shape, options)
    except FieldError as error:
        refuse(f"vmsim stream: {error}")
    except (TablesError, addresses.AddressesError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"vmsim stream: {error.filename} cannot be read ({error.strerror})")
    about = {"mode": tables.mode, "page_size": "of --tables" if options["tables"] else PAGE_SIZES[options["page_size"]]}
    if options["wants_json"]:
        rows = [as_json(name, about, one, costs) for name, one in zip(files, counts, strict=True)]
        click.echo(json.dumps({"costs": settings.plain(costs), "streams": rows}, indent=2))
        return
    told = ["\n".join(lines(name, about, one, costs)) for name, one in zip(files, counts, strict=True)]
    click.echo("\n\n".join(told))


def _run(
    files: tuple[str, ...], streams: list[BinaryIO], tables: Tables, shape: Any, options: dict[str, Any]
) -> tuple[Counts, ...]:
    """The counts of all streams; one alone shows its progress."""
    build = _interpreted() if options["interpreted"] else None
    given = [addresses.chunks(file, _name(name), options["kind"]) for name, file in zip(files, streams, strict=True)]
    if len(given) > 1:
        return simulate_all(given, tables, shape, build)
    with _progress(streams[0], _name(files[0])) as progress:
        return (simulate(given[0], tables, shape, progress, build),)


def _tables(options: dict[str, Any]) -> Tables:
    """Those of ``--tables``, or a mapping."""
    path = options["tables"]
    if path is None:
        return mapping(options["mode"], PAGE_SIZES[options["page_size"]], PAGE_SIZES[options["ept_page_size"]])
    if options["mode"] == SHADOW:
        raise FieldError("mode", SHADOW, "native and nested, with --tables")
    try:
        read = parse(path.read_text(encoding="utf-8"), str(path), REGISTERS)
    except UnicodeDecodeError:
        raise FieldError("tables", str(path), "text in UTF-8") from None
    given: dict[str, Any] = dict(read.registers)
    eptp = given.pop("eptp", None)
    if "cr3" not in given:
        raise FieldError("cr3", None, f"a line `cr3: NUMBER` in {path}")
    processor = Processor(**given)
    memory = Memory()
    store(memory, read, processor.paging.entry_size)
    return flat(memory, processor, ept=None if eptp is None else Ept(eptp))


def _interpreted() -> ModuleType:
    from vmsim import stream_loop

    return stream_loop


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


@contextlib.contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


@contextlib.contextmanager
def _progress(file: BinaryIO, name: str) -> Iterator[Callable[[int], None] | None]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    size = addresses.size_of(file)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]:,} references"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=size, count=0)

        def progress(count: int) -> None:
            bar.update(task, completed=None if size is None else file.tell(), count=count)

        yield progress
