"""The files of this checkout, as a fresh clone has them: without what is built, installed or cached."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", ".venv", ".cache", "site", "build", "node_modules", "__pycache__", ".hypothesis"}
PACKAGES = {"vmsim": "ext", "vmview": "ext", "notekit": "hooks"}


def project_files(*below: str) -> Iterator[Path]:
    """All files, or those below some folders; ``site`` and ``build`` are skipped at the top level only."""
    for start in below or (".",):
        for folder, folders, names in os.walk(ROOT / start):
            nested = Path(folder) != ROOT
            folders[:] = sorted(name for name in folders if name not in MADE or (nested and name in {"site", "build"}))
            for name in sorted(names):
                path = Path(folder, name)
                if path.suffix not in {".so", ".pyc"} and not any(p.endswith(".egg-info") for p in path.parts):
                    yield path


def python_files(*below: str) -> Iterator[Path]:
    """The Python sources among them."""
    return (path for path in project_files(*below) if path.suffix == ".py")


def relative(path: Path) -> str:
    """The path from the top of the checkout, with ``/``."""
    return path.relative_to(ROOT).as_posix()


def modules() -> dict[str, Path]:
    """Every module of the three packages by its full name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in python_files(f"{folder}/{package}"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, *, at_import: bool = False) -> Iterator[tuple[int, str]]:
    """(line, full name) of all that a file imports; ``from a import b`` gives ``a.b``.

    With ``at_import`` only what stands in no function and under no condition, as ``if TYPE_CHECKING:`` is.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in node.names)
