"""A miniature project in a temporary folder, built as a user builds: with the ``mkdocs`` command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HEAD = "---\ntitle: {title}\nquestion: Does it hold?\n---\n"


@dataclass(frozen=True)
class Project:
    """A project's folder, with the commands that a user would type in it."""

    root: Path

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files by their path below the project."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def note(self, slug: str, english: str, chinese: str, **files: str) -> None:
        """Writes a note: the bodies of both documents, and its other files."""
        folder = f"notes_src/{slug}"
        area = slug.split("/")[0]
        self.write(
            {
                f"notes_src/{area}/area.yml": f"title: {{en: Area {area}, zh: 领域{area}}}\norder: 1\n",
                f"{folder}/en.md": HEAD.format(title=f"Note {slug.split('/')[1]}") + english,
                f"{folder}/zh.md": HEAD.format(title=f"笔记{slug.split('/')[1]}") + chinese,
                **{f"{folder}/{name}": text for name, text in files.items()},
            }
        )

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``mkdocs build --strict``, with its messages."""
        return self.run("mkdocs", "build", "--strict", *arguments)

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of the environment's commands, in the project's folder."""
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment(), text=True, capture_output=True, timeout=240, check=False
        )

    def environment(self) -> dict[str, str]:
        """The test's environment without what would colour or redirect the output."""
        kept = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "PAGEWALK_STORE")}
        return {**kept, "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"}

    def page(self, url: str) -> str:
        """The HTML of a built page."""
        return (self.root / "site" / url / "index.html").read_text(encoding="utf-8")


def make_project(root: Path) -> Project:
    """A project with this repository's configuration, hooks and assets, and a home page in each language."""
    project = Project(root)
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "mkdocs.yml", root / "base.yml")
    (root / "hooks").symlink_to(REPOSITORY / "hooks")
    for name in ("assets", "overrides"):
        shutil.copytree(REPOSITORY / "docs" / name, root / "docs" / name)
    project.write(
        {
            "mkdocs.yml": "INHERIT: base.yml\nextra:\n  languages: [en, zh]\nnav:\n  - index.md\n",
            "docs/index.md": "# Home\n",
            "docs/zh/index.md": "# 首页\n",
        }
    )
    return project
