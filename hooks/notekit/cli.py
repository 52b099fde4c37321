"""``notes``: the command line over the pipeline.

Results go to standard output, messages to standard error. Exit status 0: all passed, or honestly not
verified; 1: an example failed or its runner broke; 2: a note could not be read, or wrong usage;
130: interrupted.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

_ROOT_HELP = "The project (it holds notes_src), or a folder of areas. Default: found from here upwards."
_JUNIT_HELP = "Write the results as JUnit XML there."
_REQUIRE_HELP = "What must be here, such as host,gcc: an example that is not verified for want of it fails."
_SHARD_HELP = "Run part I of N; `notes merge` puts the parts together."


class _Shard(click.ParamType[tuple[int, int]]):
    """``I/N`` with 1 ≤ I ≤ N ≤ 999, as a pair."""

    name = "shard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """The pair; a usage error for anything else."""
        found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", value)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            self.fail(f"{value!r} is no shard; write I/N, with I from 1 to N, such as 2/4", param, ctx)
        return int(found[1]), int(found[2])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pagewalk")
def main() -> None:
    """Notes whose every example runs: read, run, compare."""
    signal.signal(signal.SIGINT, _first_interrupt)


def _first_interrupt(number: int, frame: FrameType | None) -> None:
    """The first Ctrl-C ends what runs and cleans up; a second one leaves at once."""
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))
    raise KeyboardInterrupt


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.option("--json", "json_file", metavar="FILE", help="Write the results as JSON there; - is standard output.")
@click.option(
    "--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=_JUNIT_HELP
)
@click.option("--require", metavar="NAMES", multiple=True, help=_REQUIRE_HELP)
@click.option("--shard", type=_Shard(), metavar="I/N", help=_SHARD_HELP)
@click.option("-q", "--quiet", is_flag=True, help="Print failures and errors only.")
@click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR set.")
@click.argument("notes", metavar="[NOTE]...", nargs=-1)
def check(
    root: Path | None,
    json_file: str | None,
    junit_file: Path | None,
    require: tuple[str, ...],
    shard: tuple[int, int] | None,
    quiet: bool,
    no_color: bool,
    notes: tuple[str, ...],
) -> None:
    """Run the examples of all notes (or of each NOTE, area/slug) and compare what came out."""
    from notekit.commands.check import check as run
    from notekit.shards import Shard

    sys.exit(
        _guarded(
            lambda: run(
                _root(root),
                notes,
                json_file=json_file,
                junit_file=junit_file,
                require=require,
                shard=shard and Shard(*shard),
                quiet=quiet,
                plain=no_color,
            )
        )
    )


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.argument(
    "folders",
    metavar="DIR...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
def merge(root: Path | None, folders: tuple[Path, ...]) -> None:
    """Put the results of all shards (the stores DIR…) into this project's store, if each example is there once."""
    from notekit.commands.merge import merge as run

    sys.exit(_guarded(lambda: run(_root(root), folders)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.option("--json", "json_file", metavar="FILE", help="Write what it holds as JSON there; - is standard output.")
def store(root: Path | None, json_file: str | None) -> None:
    """Show what the store of results holds, what was used last first."""
    from notekit.commands.store import show as run

    sys.exit(_guarded(lambda: run(_root(root), json_file=json_file)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.argument("notes", metavar="[NOTE]...", nargs=-1)
def accept(root: Path | None, yes: bool, notes: tuple[str, ...]) -> None:
    """Write what the examples print into the notes (or into each NOTE), after showing the difference."""
    from notekit.commands.accept import accept as run

    sys.exit(_guarded(lambda: run(_root(root), notes, yes=yes)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.argument("notes", metavar="NOTE...", nargs=-1, required=True)
def translated(root: Path | None, notes: tuple[str, ...]) -> None:
    """Mark each section of NOTE's translations as rendering the original as it is now."""
    from notekit.commands.translated import translated as run

    sys.exit(_guarded(lambda: run(_root(root), notes)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.argument("note", metavar="NOTE")
def new(root: Path | None, note: str) -> None:
    """Make NOTE (area/slug): files in each language that pass as they are, ready to be written."""
    from notekit.commands.new import new as run

    sys.exit(_guarded(lambda: run(_root(root), note)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.argument("example", metavar="NOTE#ID")
def shell(root: Path | None, example: str) -> None:
    """Open an interactive shell in the sandbox of an example, at the point before it runs."""
    from notekit.commands.shell import open_shell as run

    sys.exit(_guarded(lambda: run(_root(root), example)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.option("--json", "json_file", metavar="FILE", help="Write what was found as JSON there; - is standard output.")
def doctor(root: Path | None, json_file: str | None) -> None:
    """Try out all that notes may use on this machine, and say what brings what is missing."""
    from notekit.commands.doctor import doctor as run

    sys.exit(_guarded(lambda: run(_root(root), json_file=json_file)))


@main.command()
@click.option("--root", type=click.Path(exists=True, file_okay=False, path_type=Path), help=_ROOT_HELP)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def emit(root: Path | None, folder: Path) -> None:
    """Check the notes and write their pages into DIR as plain Markdown, for any site generator."""
    from notekit.commands.emit import emit as run

    sys.exit(_guarded(lambda: run(_root(root), folder)))


def _root(given: Path | None) -> Path:
    from notekit import settings

    return given.resolve() if given else settings.find_root(Path.cwd())


def _guarded(command: Callable[[], int]) -> int:
    from notekit.settings import SettingError

    try:
        return command()
    except SettingError as error:
        click.echo(str(error), err=True)
        return 2
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
