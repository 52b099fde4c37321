"""make bench: a cold and a warm build of 300 confined, checked examples over plain Material on the same pages."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench import collection
from tests.bench.accounting import Account, account
from tests.site.project import REPOSITORY, Project, make_project

ROUNDS = 3


def main() -> None:
    """Measures and prints; each round builds all, one after the other."""
    with tempfile.TemporaryDirectory() as folder, account() as counted:
        ours, same, fences = _ours(Path(folder)), Path(folder) / "same", Path(folder) / "fences"
        ours.run("notekit", "emit", str(same / "docs"))
        _plain(same, ours)
        for page in sorted((ours.root / "notes_src").rglob("en.md")):
            target = fences / "docs" / page.relative_to(ours.root / "notes_src")
            target.parent.mkdir(parents=True)
            title = f"# Note\n\n"
            target.write_text(title + collection.without_examples(page.read_text(encoding="utf-8")), encoding="utf-8")
        _plain(fences, ours)
        rows = []
        for _ in range(ROUNDS):
            shutil.rmtree(ours.root / ".cache")
            row = {
                "cold": _build(counted, ours.root, ours),
                "warm": _build(counted, ours.root, ours),
                "same": _build(counted, same, ours),
                "fences": _build(counted, fences, ours),
            }
            rows.append(row)
            print(row, file=sys.stderr)


def _ours(folder: Path) -> Project:
    project = make_project(folder / "ours")
    project.write({"mkdocs.yml": "INHERIT: base.yml\nextra:\n  languages: [en]\nnav:\n  - index.md\n"})
    (project.root / "docs/zh/index.md").unlink()
    collection.write(project.root / "notes_src")
    return project


def _plain(folder: Path, ours: Project) -> None:
    """A project of plain Material: this repository's configuration without what is ours."""
    shutil.copy(ours.root / "docs/index.md", folder / "docs/index.md")
    text = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    import re
    text = re.sub(r"^hooks:\n(  .*\n)+", "", text, flags=re.M)
    text = re.sub(r"^  # Jinja runs(?:.*\n)+?(?=\n|markdown_ext)", "", text, flags=re.M)
    text = re.sub(r"^extra:\n(?:  .*\n)+", "", text, flags=re.M)
    text = re.sub(r"^nav:\n(?:  .*\n)+", "", text, flags=re.M)
    text = re.sub(r"^  custom_dir:.*\n", "", text, flags=re.M)
    text = re.sub(r"^extra_css:\n(?:  .*\n)+", "", text, flags=re.M)
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")


def _build(counted: Account, folder: Path, ours: Project) -> float:
    return counted.seconds([sys.executable, "-m", "mkdocs", "build"], folder, ours.environment())


if __name__ == '__main__':
    main()
