"""``vmsim``: the simulator at the command line. Only CPython runs this package.

A command is one file in ``commands/`` that defines ``command``; its file name is its name. Nothing else lists it.
Results go to standard output, messages to standard error. Exit status 0: done; 1: what was asked does not hold;
2: wrong usage.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

from vmsim.cli import commands


class Commands(click.Group):
    """The commands that are in the folder, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in order."""
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found = importlib.import_module(f"{commands.__name__}.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pagewalk")
def main() -> None:
    """What an x86 processor does to translate an address, and when a guest exits: step by step, by the manual."""
