"""``notes store``: what is kept of earlier runs, and what it is worth."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from notekit import settings
from notekit.files import write_whole
from notekit.match import visible
from notekit.sandbox.limits import size
from notekit.store.contents import Contents, Held, contents


def show(root: Path, *, json_file: str | None) -> int:
    """Prints the store's entries and sums them up; the exit status of the command: 2 where it cannot be read."""
    folder, bound = settings.store_folder(root), settings.store_size(root)
    try:
        found = contents(folder)
        if json_file is not None and json_file != "-":
            write_whole(Path(json_file), _as_json(folder, bound, found) + "\n")
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; name a folder that can be used", file=sys.stderr)
        return 2
    if json_file == "-":
        print(_as_json(folder, bound, found))
        return 0
    if found.held:
        print(f"{'last used':<17} {'ran':<17} {'took':>8} {'size':>10}  for")
    for held in found.held:
        print(_line(held))
    for path in found.damaged:
        print(f"{path}: damaged; its example runs again")
    print(_sum(folder, bound, found))
    return 0


def _line(held: Held) -> str:
    used = time.strftime("%Y-%m-%d %H:%M", time.gmtime(held.used))
    ran = held.finished[:16].replace("T", " ")
    return f"{used:<17} {ran:<17} {held.seconds:>6.2f} s {size(held.size, 1):>10}  {visible(' '.join(held.about))}"


def _sum(folder: Path, bound: int, found: Contents) -> str:
    number = len(found.held)
    said = f"{folder}: {number} result{'' if number == 1 else 's'}, {size(found.size, 1)} of {size(bound)}"
    if found.damaged:
        said += f", {len(found.damaged)} damaged"
    if found.foreign:
        said += f", {found.foreign} of other versions"
    if found.builds:
        said += f"; {found.builds} build{'' if found.builds == 1 else 's'} use it now"
    return f"{said}; they took {sum(held.seconds for held in found.held):.1f} s to make (all times UTC)"


def _as_json(folder: Path, bound: int, found: Contents) -> str:
    report: dict[str, Any] = {
        "folder": str(folder),
        "bound": bound,
        "size": found.size,
        "builds": found.builds,
        "entries": [asdict(held) for held in found.held],
        "foreign": found.foreign,
        "damaged": [str(path) for path in found.damaged],
    }
    return json.dumps(report, ensure_ascii=False, indent=2)
