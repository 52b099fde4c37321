"""House rules that a reader of the code relies on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.project_files import ROOT, project_files, python_files, relative

# Longer than 250 lines, each with the reason.
LONG: dict[str, str] = {}


@pytest.mark.parametrize("path", [*python_files("hooks", "ext"), ROOT / "setup.py"], ids=relative)
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    """No module has more than 250 lines."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert (lines > 250) == (relative(path) in LONG), f"{relative(path)} has {lines} lines; split it"


@pytest.mark.parametrize("path", list(python_files("tests")), ids=relative)
def test_a_test_says_in_one_sentence_what_holds(path: Path) -> None:
    """Each test has a docstring of one sentence."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            text = " ".join((ast.get_docstring(node) or "").split())
            if not text.endswith(".") or re.search(r"(?<!e\.g)(?<!i\.e)\. [A-Z]", text):
                wrong.append(f"{relative(path)}:{node.lineno}: {node.name}: {text!r}")
    assert wrong == []


@pytest.mark.parametrize("path", list(python_files("tests")), ids=relative)
def test_no_test_is_skipped(path: Path) -> None:
    """A test runs or fails; none is skipped or expected to fail."""
    text = path.read_text(encoding="utf-8")
    marks = r"pytest\.(?:skip|xfail|importorskip)\(|mark\.(?:skip|skipif|xfail)\b|unittest\.skip"
    assert re.findall(marks, text) == [] or path == Path(__file__)


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """No file holds a path outside the project or the host of a package registry."""
    hosts = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"]
    # A checkout right below the root, or the home /root, is named too briefly to be told from other words.
    own = [str(place) for place in (ROOT, Path.home()) if len(place.parts) > 2]
    forbidden = re.compile("|".join(re.escape(one) for one in (*hosts, *own)).encode())
    found = ((path, name) for path in project_files() for name in forbidden.findall(path.read_bytes()))
    wrong = [f"{relative(path)}: {name.decode()}" for path, name in found]
    assert wrong == []


def test_every_decision_is_on_the_index_and_short() -> None:
    """docs/decisions/index.md links each decision in order; each says what, why and what was rejected."""
    folder = ROOT / "docs/decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "index.md").read_text(encoding="utf-8")) == files
    for name in files:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {name[:4]}: ")
        assert [part for part in ("**What.**", "**Why.**", "**Rejected.**") if part not in text] == [], name
