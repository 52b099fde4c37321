"""The page about speed, in both languages, from the figures and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Figures

PATHS = {"en": "guides/speed.md", "zh": "zh/guides/speed.md"}

_BUILDS = {
    "en": {
        "same": "plain Material, the same pages",
        "fences": "plain Material, examples only shown",
        "warm": "Pagewalk, nothing changed",
        "cold": "Pagewalk, every example run",
    },
    "zh": {
        "same": "只用 Material，页面相同",
        "fences": "只用 Material，示例只展示",
        "warm": "Pagewalk，没有改动",
        "cold": "Pagewalk，所有示例都运行",
    },
}
_HEADS = {
    "en": (("build", "CPU seconds", "over plain"), ("process", "bare", "confined", "the sandbox")),
    "zh": (("构建", "CPU 秒数", "与只用 Material 相比"), ("进程", "直接运行", "在沙箱中", "沙箱开销")),
}
_INCOMPLETE = {
    "en": "No control group could be made for the measurement, so what ran inside sandboxes is not counted in full. ",
    "zh": "测量时无法建立控制组，沙箱内的处理器时间没有全部计入。",
}


def page(figures: Figures, language: str) -> str:
    """The whole page in that language."""
    template = Path(__file__).with_name(f"page.{language}.md").read_text(encoding="utf-8")
    return template.format(
        pages=figures.pages,
        examples=figures.examples,
        builds="\n".join(table(figures, language)),
        processes="\n".join(_processes(figures, language)),
        complete="" if figures.complete else _INCOMPLETE[language],
        date=figures.date,
        machine=figures.machine,
        versions=", ".join(f"{name} {version}" for name, version in sorted(figures.versions.items())),
    )


def table(figures: Figures, language: str) -> list[str]:
    """The builds, the quickest first, as lines of Markdown."""
    rows = [
        (_BUILDS[language][name], f"{figures.builds[name]:.2f}", f"{figures.ratios[name]:.2f}×")
        for name in sorted(figures.builds, key=lambda one: (one != "same", figures.builds[one]))
    ]
    return _table(_HEADS[language][0], rows)


def _processes(figures: Figures, language: str) -> list[str]:
    rows = [
        (f"`{name}`", f"{bare:.1f}", f"{confined:.1f}", f"+{confined - bare:.1f}")
        for name, (bare, confined) in figures.processes.items()
    ]
    return _table(_HEADS[language][1], rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    align = "|---" + "|---:" * (len(head) - 1) + "|"
    return [f"| {' | '.join(head)} |", align, *(f"| {' | '.join(row)} |" for row in rows)]
