"""What breaks a build, and how it says so."""

from __future__ import annotations

import json

import pytest

from tests.site.project import Project

NOTE = "## S\n\n```console {#a}\n$ echo one\none\n```\n"
NOTE_ZH = "## 节\n\n```example {of=a}\n```\n"


def test_a_wrong_output_breaks_every_command_at_its_line(project: Project) -> None:
    """`mkdocs build --strict`, `mkdocs build` and `notes check` fail and name the line of the wrong output."""
    project.note("area/one", NOTE.replace("\none\n", "\ntwo\n"), NOTE_ZH)
    strict, plain = project.build(), project.run("mkdocs", "build")
    check = project.run("notekit", "check")
    for result in (strict, plain, check):
        assert result.returncode == 1
        assert "notes_src/area/one/en.md:9: " in result.stdout + result.stderr
    assert not (project.root / "site/area").exists()


def test_a_failing_build_leaves_the_last_site_as_it_was(project: Project) -> None:
    """What was built before is still there, whole, after an example broke."""
    project.note("area/one", NOTE, NOTE_ZH)
    assert project.build().returncode == 0
    before = {path: path.read_bytes() for path in (project.root / "site").rglob("*") if path.is_file()}
    project.note("area/one", NOTE.replace("\none\n", "\ntwo\n"), NOTE_ZH)
    assert project.build().returncode == 1
    assert {path: path.read_bytes() for path in (project.root / "site").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("prose", "said"),
    [
        ("[x](../no/en.md)", "no/en.md"),
        ("[x](#nowhere)", "#nowhere"),
        ("[x](../../area/one/zh.md#nowhere)", "#nowhere"),
        ("[[[ no_such_name(1) ]]]", "notes_src/area/one/en.md:12: "),
        ("[[[ field(1, 'pt5') ]]]", "notes_src/area/one/en.md:12: "),
    ],
    ids=["link", "anchor", "anchor of the other language", "computed name", "computed value"],
)
def test_a_broken_reference_breaks_the_strict_build(project: Project, prose: str, said: str) -> None:
    """A link, an anchor or a computed name that leads nowhere fails the build and is named."""
    project.note("area/one", NOTE + f"\n{prose}\n", NOTE_ZH)
    result = project.build()
    assert result.returncode == 1
    assert said in result.stdout + result.stderr


def test_a_missing_interface_text_breaks_the_build(project: Project) -> None:
    """A section of the navigation that has no name in a language is an error, not English."""
    project.write(
        {
            "mkdocs.yml": "INHERIT: base.yml\nextra:\n  languages: [en, zh]\nnav:\n  - index.md\n  - More: [more.md]\n",
            "docs/more.md": "# More\n",
            "docs/zh/more.md": "# 更多\n",
        }
    )
    project.note("area/one", NOTE, NOTE_ZH)
    result = project.build()
    assert result.returncode == 1
    assert "has no text for 'More'" in result.stdout + result.stderr


def test_all_errors_of_all_notes_are_reported_while_healthy_notes_run(project: Project) -> None:
    """One check names every unreadable note and every failing example, and exits with 2."""
    project.note("area/bad", "```console {#a nonsense=1}\n$ true\n```\n", "")
    project.note("area/worse", "```console {#a\n$ true\n```\n", "")
    project.note("area/fails", NOTE.replace("\none\n", "\ntwo\n"), NOTE_ZH)
    project.note("area/good", NOTE, NOTE_ZH)
    result = project.run("notekit", "check", "--json", "report.json")
    report = json.loads((project.root / "report.json").read_text())
    assert result.returncode == 2
    assert {error["file"] for error in report["errors"]} >= {
        "notes_src/area/bad/en.md",
        "notes_src/area/worse/en.md",
    }
    assert {one["note"]: one["status"] for one in report["examples"]} == {"area/fails": "failed", "area/good": "passed"}
    assert report["summary"]["examples"] == 2
