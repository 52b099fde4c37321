"""``make bench``: measures, prints the figures, and writes them where the site shows them.

``python -m tests.bench streams`` measures the streams of references alone, and takes the rest from the last time.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.bench import figures, pages, streams
from tests.site.project import REPOSITORY


def main() -> None:
    """Measures in a temporary folder; writes the figures, and both languages' page about them."""
    docs = REPOSITORY / "docs"
    kept = docs / "assets/bench.json"
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] == ["streams"]:
            measured = figures.Figures(**json.loads(kept.read_text(encoding="utf-8")))
        else:
            measured = figures.measure(Path(folder), _say)
            kept.write_text(json.dumps(asdict(measured), indent=2) + "\n", encoding="utf-8")
            print("\n".join(pages.table(measured, "en")))
        flows = streams.measured(Path(folder), _say)
    streams.write(flows)
    for language, path in pages.PATHS.items():
        (docs / path).write_text(pages.page(measured, language) + streams.section(flows, language), encoding="utf-8")
    for mode in ("native", "nested"):
        print("\n".join(["", *streams.table(flows, mode, "en")]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


main()
