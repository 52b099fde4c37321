"""``make bench``: measures, prints the figures, and writes them where the site shows them."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench import figures, pages
from tests.site.project import REPOSITORY


def main() -> None:
    """Measures in a temporary folder; writes the figures, and both languages' page about them."""
    with tempfile.TemporaryDirectory() as folder:
        measured = figures.measure(Path(folder), say=lambda text: print(text, file=sys.stderr, flush=True))
    docs = REPOSITORY / "docs"
    (docs / "assets/bench.json").write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
    for language, path in pages.PATHS.items():
        (docs / path).write_text(pages.page(measured, language), encoding="utf-8")
    print("\n".join(pages.table(measured, "en")))


main()
