"""The mkdocs-macros module: registers the computed text of ``notekit.names``, and nothing more."""

from __future__ import annotations

from typing import Any

from notekit import names


def define_env(env: Any) -> None:
    """Called by mkdocs-macros, whose API fixes the name."""
    for function in names.FUNCTIONS.values():
        env.macro(function)
