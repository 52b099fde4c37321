"""Numbers on the command line."""

from __future__ import annotations

import click


class Number(click.ParamType[int]):
    """An integer, decimal or as ``0x…``."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a usage error names the option and what is allowed."""
        if isinstance(value, int):
            return value
        try:
            return int(str(value), 0)
        except ValueError:
            self.fail(f"{value!r} is no number; allowed: an integer such as 4096 or 0x1000", param, ctx)


NUMBER = Number()
