"""Debian's packages that a reader needs to run a unit at home."""

from __future__ import annotations

from collections.abc import Mapping

from notekit.model import Unit
from notekit.runners import _capabilities
from notekit.runners._contract import Runner
from notekit.sandbox import tools

#: What Debian keeps apart from a tool that is of little use without it.
BESIDE: Mapping[str, tuple[str, ...]] = {"gcc": ("libc6-dev",)}
# What a package depends on need not be named beside it.
_BROUGHT: Mapping[str, frozenset[str]] = {"gcc": frozenset({"binutils"})}


def packages(runner: Runner, unit: Unit) -> tuple[str, ...]:
    """The packages that bring the unit's tools, sorted; not those that every Debian system has.

    A tool that is not on this machine counts where the unit cannot do without it.
    """
    at_home = runner.packages_at_home(unit)
    if at_home is not None:
        return at_home
    capabilities = (_capabilities.TOOL_OF[name] for name in _capabilities.names(unit.examples))
    needed = {*runner.needed(unit), *runner.at_home(unit), *capabilities}
    found = {package for tool in {*runner.tools(unit), *needed} for package in _of(tool, is_needed=tool in needed)}
    brought = {other for package in found for other in _BROUGHT.get(package, ())}
    return tuple(sorted(found - brought))


def _of(tool: str, *, is_needed: bool) -> tuple[str, ...]:
    found = tools.package_of(tool)
    if (found and found.essential) or ".so" in tool:  # a library comes with whatever uses it
        return ()
    # A tool that is named by us has the package's name that people type; Debian's python3 lies in python3-minimal.
    if is_needed or tool in _capabilities.TOOL_OF.values():
        return (_capabilities.package_of(tool), *BESIDE.get(tool, ()))
    return (found.name,) if found else ()
