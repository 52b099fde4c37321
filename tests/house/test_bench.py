"""What `make bench` measures is real, and what the site says of speed is what it measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from notekit import pipeline
from notekit.store import Store
from tests.bench import collection, pages, streams
from tests.bench.accounting import account
from tests.bench.figures import Figures
from tests.house.project_files import ROOT


def test_the_measured_examples_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each generated page has three examples, and all of them pass."""
    monkeypatch.setattr(collection, "PAGES", 2)
    collection.write(tmp_path / "notes_src")
    (tmp_path / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    with Store(tmp_path / "store") as kept:
        checked = pipeline.check(tmp_path, kept)
    assert checked.problems == ()
    assert [(one.language, one.status) for one in checked.results] == [
        (language, "passed") for language in ("console", "python", "c") * 2
    ]


def test_the_other_generator_gets_no_attributes(tmp_path: Path) -> None:
    """The pages for plain Material have the same blocks, without what only we understand."""
    text = "---\ntitle: x\n---\na\n```python {#p}\nprint()\n```\n```output {of=p}\n\n```\n"
    assert collection.without_examples(text) == "a\n```python\nprint()\n```\n```text\n\n```\n"


ORPHAN = """
import os, signal, time
reading, writing = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        end = time.process_time() + 0.3
        while time.process_time() < end:
            pass
        os.write(writing, str(os.getpid()).encode())
        time.sleep(60)
    os._exit(0)
os.wait()
os.kill(int(os.read(reading, 9)), signal.SIGKILL)
"""


def test_time_is_counted_though_nobody_waited_for_it(tmp_path: Path) -> None:
    """A process that is orphaned, works and is killed counts, where a control group can be made; where none can, the
    account does not claim to be complete."""
    with account() as counted:
        seconds = counted.seconds([sys.executable, "-c", ORPHAN], tmp_path, {})
    assert seconds > 0.3 or not counted.complete


@pytest.mark.parametrize("language", sorted(pages.PATHS))
def test_the_page_about_speed_is_what_was_measured(language: str) -> None:
    """Its figures come from the data beside it, and nobody has written into it since."""
    measured = Figures(**json.loads((ROOT / "docs/assets/bench.json").read_text(encoding="utf-8")))
    page = (ROOT / "docs" / pages.PATHS[language]).read_text(encoding="utf-8")
    assert page == pages.page(measured, language) + streams.section(streams.read(), language)
