"""What a guest costs: the boot that its template takes, a clone until it has run something, and fifty of them."""

from __future__ import annotations

import datetime
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from notekit import guest
from notekit.guest import here, modules, template
from notekit.model import PLAIN, Example, NamedFile
from tests.notekit.guests import block
from tests.notekit.units import run
from tests.site.project import REPOSITORY

DATA = "assets/guests.json"
PATHS = {"en": "guides/guests.md", "zh": "zh/guides/guests.md"}
REPEATS = 20
UNITS = 50
_BEGIN, _END = "<!-- Written by `make bench`. -->\n", "<!-- To here. -->\n"
_MODULE = b"""#include <linux/module.h>
static int __init bench_init(void) { pr_info("loaded\\n"); return 0; }
static void __exit bench_exit(void) { }
module_init(bench_init);
module_exit(bench_exit);
MODULE_LICENSE("GPL");
"""
#: What is run in a clone of its own, by its name in the table.
RUNS: dict[str, str] = {
    "shell": "# true",
    "userland": "# ls -l /proc | head -3 >/dev/null; id -u; uname -r",
    "debugfs": "# mount -t debugfs none /sys/kernel/debug && ls /sys/kernel/debug | wc -l",
    "module": "# insmod bench.ko && dmesg | tail -1 && rmmod bench",
}
_ROWS = {
    "en": {
        "boot": "the boot that a template takes, saved",
        "load": "the template, taken up by a build",
        "shell": "a clone, a shell, `true`",
        "userland": "a clone, a shell, four programs",
        "debugfs": "a clone, debugfs mounted and listed",
        "module": "a clone, a module loaded, its message read, unloaded",
        "build": "that module, built for the first time",
        "units": "{units} such consoles (`true`), {cpus} at a time",
    },
    "zh": {
        "boot": "启动并保存模板",
        "load": "构建载入模板",
        "shell": "克隆、shell、`true`",
        "userland": "克隆、shell、四个程序",
        "debugfs": "克隆、挂载并列出debugfs",
        "module": "克隆、加载模块、读其消息、卸载",
        "build": "第一次编译该模块",
        "units": "{units}个这样的控制台（`true`），同时运行{cpus}个",
    },
}
_TEXTS = {
    "en": ("| | seconds |", "Medians of {repeats}, wall-clock time, on {date}: {machine}; {versions}. The figures are "
           "[data](../assets/guests.json), too; `make bench` measures anew."),
    "zh": ("| | 秒 |", "墙上时间，{repeats}次的中位数，{date}测得：{machine}；{versions}。这些数字也是"
           "[数据](../../assets/guests.json)；`make bench`会重新测量。"),
}  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """Seconds of wall-clock time, by row."""

    date: str
    machine: str
    versions: dict[str, str]
    cpus: int
    seconds: dict[str, float]


def measure(say: Callable[[str], None]) -> Figures:
    """All figures; whatever is fetched or built beforehand is not among them."""
    image, chain = guest.image("cloud"), guest.toolchain("cloud")
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        found["boot"] = _once(lambda: template._make(place / "templates/x", PLAIN, image))
        say(f"boot {found['boot']:.2f} s")
        source = NamedFile("bench.c", _MODULE)
        found["build"] = _once(lambda: modules.build(place, chain, ["bench.c"], [source]))
    with _forgotten():
        found["load"] = _once(guest.probe) - _once(lambda: run(block(RUNS["shell"])))
    example = block(RUNS["module"], files=(source,), modules=("bench.c",))
    run(example)
    for name, command in RUNS.items():
        one = example if name == "module" else block(command)
        found[name] = statistics.median(_once(partial(_passes, one)) for _ in range(REPEATS))
        say(f"{name} {found[name]:.3f} s")
    cpus = os.cpu_count() or 1
    with ThreadPoolExecutor(cpus) as pool:
        found["units"] = _once(lambda: list(pool.map(_passes, [block(RUNS["shell"])] * UNITS)))
    say(f"{UNITS} units {found['units']:.1f} s")
    return Figures(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=f"{platform.machine()}, {cpus} CPUs, Linux {platform.release().split('-')[0]}",
        versions={"qemu": re.sub(r"^\d+:|[+-].*", "", guest.qemu_version()), "linux": image.release},
        cpus=cpus,
        seconds=found,
    )


def _once(what: Callable[[], object]) -> float:
    started = time.monotonic()
    what()
    return time.monotonic() - started


def _passes(example: Example) -> None:
    outputs = run(example)
    assert all(command.exit == 0 for one in outputs for command in one.commands), outputs


@contextmanager
def _forgotten() -> Iterator[None]:
    """No template is in memory."""
    folder = here.folder()
    here.settle(folder / "elsewhere")
    here.settle(folder)
    yield


def table(figures: Figures, language: str) -> list[str]:
    """The figures as lines of Markdown."""
    head, below = _TEXTS[language]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(figures.versions.items()))
    rows = [
        f"| {text.format(units=UNITS, cpus=figures.cpus)} | {figures.seconds[name]:.2f} |"
        for name, text in _ROWS[language].items()
    ]
    said = below.format(repeats=REPEATS, date=figures.date, machine=figures.machine, versions=versions)
    return ["", head, "|---|---:|", *rows, "", said, ""]


def with_figures(page: str, figures: Figures, language: str) -> str:
    """A page with the figures between its two marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return before + _BEGIN + "\n".join(table(figures, language)) + "\n" + _END + after


def write(figures: Figures) -> None:
    """Puts the figures into the pages of both languages."""
    for language, path in PATHS.items():
        page = REPOSITORY / "docs" / path
        page.write_text(with_figures(page.read_text(encoding="utf-8"), figures, language), encoding="utf-8")
