"""``make bench``: measures, prints the figures, and writes them where the site shows them.

``python -m tests.bench builds`` measures a part: ``builds``, ``streams`` or ``guests``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench import figures, guests, pages, streams
from tests.site.project import REPOSITORY

DOCS = REPOSITORY / "docs"
BUILDS = DOCS / "assets/bench.json"


def say(text: str) -> None:
    """Tells how far it is."""
    print(text, file=sys.stderr, flush=True)


def of_builds(folder: Path) -> None:
    """What checking costs; with streams on one page."""
    measured = figures.measure(folder, say)
    BUILDS.write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    print("\n".join(pages.table(measured, "en")))
    write_speed(measured, streams.read())


def of_streams(folder: Path) -> None:
    """How fast streams of references are counted; with builds on one page."""
    measured = streams.measured(folder, say)
    streams.write(measured)
    for mode in ("native", "nested"):
        print("\n".join(["", *streams.table(measured, mode, "en")]))
    write_speed(figures.Figures(**json.loads(BUILDS.read_text(encoding="utf-8"))), measured)


def of_guests(folder: Path) -> None:
    """What guests cost, in a part of the page about them."""
    measured = guests.measure(say)
    (DOCS / guests.DATA).write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    guests.write(measured)
    print("\n".join(guests.table(measured, "en")))


def write_speed(builds: figures.Figures, flows: streams.Streams) -> None:
    """Both languages' page about speed."""
    for language, path in pages.PATHS.items():
        page = pages.page(builds, language) + streams.section(flows, language)
        (DOCS / path).write_text(page, encoding="utf-8")


PARTS = {"builds": of_builds, "streams": of_streams, "guests": of_guests}
for name in sys.argv[1:] or PARTS:
    with tempfile.TemporaryDirectory() as made:
        PARTS[name](Path(made))
