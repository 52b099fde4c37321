"""``make bench``: measures, prints the figures, and writes them where the site shows them.

``python -m tests.bench builds`` or ``guests`` measures a part.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench import figures, guests, pages
from tests.site.project import REPOSITORY

DOCS = REPOSITORY / "docs"


def say(text: str) -> None:
    """Tells how far it is."""
    print(text, file=sys.stderr, flush=True)


def builds() -> None:
    """What checking costs: in a temporary folder; writes the figures, and both languages' page about them."""
    with tempfile.TemporaryDirectory() as folder:
        measured = figures.measure(Path(folder), say=say)
    (DOCS / "assets/bench.json").write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    for language, path in pages.PATHS.items():
        (DOCS / path).write_text(pages.page(measured, language), encoding="utf-8")
    print("\n".join(pages.table(measured, "en")))


def of_guests() -> None:
    """What guests cost; writes the figures, and both languages' page about guests."""
    measured = guests.measure(say)
    (DOCS / guests.DATA).write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    guests.write(measured)
    print("\n".join(guests.table(measured, "en")))


PARTS = {"builds": builds, "guests": of_guests}
for name in sys.argv[1:] or PARTS:
    PARTS[name]()
