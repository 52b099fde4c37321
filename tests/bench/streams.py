"""Streams of references: how many a second, beside the C programs under ext/bench."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.site.project import REPOSITORY
from vmsim.cli.bench_rows import Row, measure
from vmsim.stream_patterns import PATTERNS
from vmsim.stream_tables import NATIVE, NESTED

ASSET = REPOSITORY / "docs/assets/streams.json"
COUNT = 1 << 22
ROUNDS = 7
_COLUMNS = {
    "en": ("pattern", "compiled", "interpreted", "C, plain", "C, best", "of plain", "of best"),
    "zh": ("访问模式", "编译版", "解释版", "C（普通）", "C（最优）", "与普通之比", "与最优之比"),
}
_NAMES = {
    "sequential, 64 bytes": "顺序，步长64字节",
    "sequential, 4 KiB": "顺序，步长4 KiB",
    "uniform, 64 MiB": "均匀分布，64 MiB",
    "uniform, 4 GiB": "均匀分布，4 GiB",
    "uniform, 256 GiB": "均匀分布，256 GiB",
    "Zipf, 4 GiB": "Zipf分布，4 GiB",
    "chase, 1 GiB": "指针追逐，1 GiB",
}
_MODES = {"en": {NATIVE: "Native:", NESTED: "Nested (EPT):"}, "zh": {NATIVE: "非虚拟化：", NESTED: "二维（EPT）："}}


@dataclass(frozen=True)
class Streams:
    """``count`` references of each pattern; the quickest of ``rounds`` counts."""

    date: str
    machine: str
    count: int
    rounds: int
    rows: list[Row]


def measured(folder: Path, say: Callable[[str], None]) -> Streams:
    """All rows, native and nested."""
    rows = list(measure(PATTERNS, (NATIVE, NESTED), COUNT, ROUNDS, folder, say))
    wrong = [f"{row.pattern}, {row.mode}" for row in rows if not row.equal]
    if wrong:
        raise SystemExit(f"the programs do not come to the same: {'; '.join(wrong)}")
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Streams(date, f"{_processor()}, {os.cpu_count()} CPUs", COUNT, ROUNDS, rows)


def write(streams: Streams) -> None:
    """Keep them as data."""
    ASSET.write_text(json.dumps(asdict(streams), indent=2) + "\n", encoding="utf-8")


def read() -> Streams:
    """What was kept."""
    kept = json.loads(ASSET.read_text(encoding="utf-8"))
    return Streams(**kept | {"rows": [Row(**row) for row in kept["rows"]]})


def section(streams: Streams, language: str) -> str:
    """The part of the page about speed that is about streams."""
    template = Path(__file__).with_name(f"streams.{language}.md").read_text(encoding="utf-8")
    tables = "\n\n".join("\n".join(table(streams, mode, language)) for mode in (NATIVE, NESTED))
    return template.format(
        count=f"{streams.count / 1e6:.1f}" if language == "en" else f"{streams.count / 1e4:.0f}",
        rounds=streams.rounds,
        tables=tables,
        date=streams.date,
        machine=streams.machine,
    )


def table(streams: Streams, mode: str, language: str) -> list[str]:
    """The rows of a mode as lines of Markdown, with what is in front of them."""
    head = _COLUMNS[language]
    lines = [_MODES[language][mode], "", f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    for row in streams.rows:
        if row.mode == mode:
            name = row.pattern if language == "en" else _NAMES[row.pattern]
            speeds = (row.compiled, row.interpreted, row.c_plain, row.c_best)
            shown = [f"{one:.{2 if one < 1 else 1 if one < 10 else 0}f}" for one in speeds]
            ratios = [f"{row.compiled / one:.2f}×" for one in (row.c_plain, row.c_best)]
            lines.append(f"| {' | '.join([name, *shown, *ratios])} |")
    return lines


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return os.uname().machine
