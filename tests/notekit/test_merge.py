"""`notes check --shard` and `notes merge`, called as the command line calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from notekit import cli, pipeline
from notekit.commands.check import check
from notekit.commands.merge import merge
from notekit.model import Output
from notekit.runners import _contract
from notekit.sandbox import tools
from notekit.shards import Shard
from notekit.store import Store
from tests.notekit.parsing import HEAD, write

NOTES = {
    "a/one": "```console {#first session=s}\n$ n=1\n```\n\n```console {#second session=s}\n$ echo $n\n1\n```\n",
    "a/two": "```python {#squares}\nprint(4 * 4)\n```\n```output {of=squares}\n16\n```\n",
    "a/three": "```bash {#words}\nprintf '%s\\n' b a | sort\n```\n```output {of=words}\na\nb\n```\n",
    "b/four": "```c {#nothing}\nint main(void) { return 0; }\n```\n",
    "b/five": "```page-walk {#walk}\nlinear_address: 0x7f1234567abc\n```\n",
    "b/six": '```console {#alone run=no because="it reboots"}\n$ reboot\n```\n',
}
EXAMPLES = 7


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks that stand still: pages say when an example ran and how long, which is not the same twice."""
    monkeypatch.setattr(_contract, "now", lambda: "2026-01-01T00:00:00Z")
    put = Store.put

    def pinned_put(store: Store, key: str, outputs: Sequence[Output], about: Sequence[str] = ()) -> bool:
        return put(store, key, [replace(output, seconds=0.25) for output in outputs], about)

    monkeypatch.setattr(Store, "put", pinned_put)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one of each."""
    for name in ("CI", "GITHUB_ACTIONS", "PAGEWALK_STORE"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "project"
    area = {"b/area.yml": "title: {en: B}\norder: 2\n"}
    write(root / "notes_src", {**area, **{f"{slug}/en.md": HEAD + text for slug, text in NOTES.items()}})
    (root / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    return root


def shard(root: Path, number: int, of: int, store: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> int:
    """The exit status of one shard, run into a store of its own."""
    given = {"json_file": None, "junit_file": None, "require": (), "quiet": True, "plain": True, **options}
    with monkeypatch.context() as patch:
        patch.setenv("PAGEWALK_STORE", str(store))
        return check(root, (), shard=Shard(number, of), **given)


def stores(root: Path, of: int, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The stores of all shards, each run."""
    folders = [root.parent / f"{number}-{of}" for number in range(1, of + 1)]
    for number, folder in enumerate(folders, start=1):
        assert shard(root, number, of, folder, monkeypatch) == 0
    return folders


def pages(root: Path) -> dict[str, str]:
    """The pages as they are built now; all that runs must come from the store."""
    with pipeline.store_of(root) as kept:
        checked = pipeline.check(root, kept)
    assert {result.name for result in checked.results if not result.cached} == {"alone", "walk"}
    return {page.path: page.markdown for page in pipeline.pages(checked)}


@pytest.mark.usefixtures("pinned")
def test_shards_merge_to_the_same_pages(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One, two and eight shards, more than there are parts, come to byte-identical pages, and nothing runs again."""
    found = []
    for of in (1, 2, 8):
        assert merge(project, tuple(stores(project, of, monkeypatch))) == 0
        found.append(pages(project))
        shutil.rmtree(project / ".cache")
    assert len(found[0]) > len(NOTES)
    assert found[0] == found[1] == found[2]


def test_what_was_merged_is_counted(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says how many examples of how many shards came to what, and each shard how many were its own."""
    assert merge(project, tuple(stores(project, 2, monkeypatch))) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{EXAMPLES} examples of 2 shards: 6 passed, 1 not verified\n"
    shares = [line.split()[4] for line in printed.err.splitlines() if line.startswith("shard ")]
    assert sum(map(int, shares)) == EXAMPLES


def test_each_example_is_reported_by_one_shard(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The JSON reports of all shards have each example and diagram once."""
    names = []
    for number in (1, 2, 3):
        report = tmp_path / f"{number}.json"
        assert shard(project, number, 3, tmp_path / str(number), monkeypatch, json_file=str(report)) == 0
        names += [one["id"] for one in json.loads(report.read_text())["examples"]]
    assert sorted(names) == ["alone", "first", "nothing", "second", "squares", "walk", "words"]


def test_shards_may_fill_one_store(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run one after the other into the same store, they still divide alike, though durations were recorded between."""
    for number in (1, 2, 3):
        assert shard(project, number, 3, tmp_path / "store", monkeypatch) == 0
    assert merge(project, (tmp_path / "store",)) == 0
    assert len(pages(project)) > len(NOTES)


def refused(root: Path, folders: list[Path], capsys: pytest.CaptureFixture[str]) -> str:
    """What `notes merge` says where it merges nothing."""
    capsys.readouterr()
    assert merge(root, tuple(folders)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert not (root / ".cache/results").exists()
    return printed.err


def test_a_missing_shard_stops_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is merged while a shard is missing."""
    first, _, third = stores(project, 3, monkeypatch)
    assert refused(project, [first, third], capsys) == (
        "shard 2/3 is missing; run `notes check --shard 2/3`, and name its store too\n"
    )


def test_a_double_shard_stops_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two stores with the same shard cannot both be right; the same store named twice is one."""
    first, second = stores(project, 2, monkeypatch)
    copy = shutil.copytree(first, first.parent / "copy")
    assert refused(project, [first, second, copy], capsys) == (
        f"{copy}: shard 1/2 is there twice, in {first} too; name one of them\n"
    )
    assert merge(project, (first, second, first)) == 0


def test_a_foreign_shard_stops_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shard that ran before a program was changed is not of these notes."""
    first, second = stores(project, 2, monkeypatch)
    write(project / "notes_src", {"a/two/en.md": HEAD + NOTES["a/two"].replace("4 * 4", "2 * 8")})
    assert shard(project, 2, 2, second, monkeypatch) == 0
    said = refused(project, [first, second], capsys)
    assert f"{first}: shard 1/2 is of other notes than these; run it on this commit\n" in said


def test_a_folder_without_a_shard_stops_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder that is no shard's store was named by mistake."""
    (only,) = stores(project, 1, monkeypatch)
    (tmp_path / "empty").mkdir()
    assert refused(project, [only, tmp_path / "empty"], capsys) == (
        f"{tmp_path}/empty: no shard ran into it; name the store that `notes check --shard I/N` filled\n"
    )


def test_a_damaged_result_stops_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A result that does not arrive whole is not merged, and is named."""
    (only,) = stores(project, 1, monkeypatch)
    damaged = sorted(only.glob("??/*.json"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    said = refused(project, [only], capsys)
    assert said.startswith(f"{only}: shard 1/1 kept ")
    assert said.endswith("which is not there now, or damaged; run that shard again\n")


def test_a_failure_in_a_shard_is_not_forgotten(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What failed in a shard is named and fails the merge; the rest is merged."""
    write(project / "notes_src", {"a/two/en.md": HEAD + NOTES["a/two"].replace("16", "17")})
    folders = [tmp_path / "1", tmp_path / "2"]
    assert sorted(shard(project, number, 2, folder, monkeypatch) for number, folder in enumerate(folders, 1)) == [0, 1]
    assert merge(project, tuple(folders)) == 1
    assert "a/two#squares: failed in its shard, whose report says why\n" in capsys.readouterr().err
    with Store(project / ".cache/results") as kept:
        results = pipeline.check(project, kept).results
    assert {result.name for result in results if not result.cached} == {"squares", "alone", "walk"}


def test_other_tools_are_told_of(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Results of shards whose compiler is another version are merged, and it is said that they run again here."""
    folders = stores(project, 2, monkeypatch)
    real = tools.version_of
    monkeypatch.setattr(tools, "version_of", lambda word: "99" if word == "gcc" else real(word))
    capsys.readouterr()
    assert merge(project, tuple(folders)) == 0
    assert capsys.readouterr().err == (
        "b/four#nothing: ran with other tools than this machine has; a build here runs it again\n"
    )


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/1000", "-1/2", "1/2/3"])
def test_a_shard_is_one_of_some(text: str) -> None:
    """Anything else is wrong usage, and says what is right."""
    done = CliRunner().invoke(cli.main, ["check", "--shard", text])
    assert done.exit_code == 2
    assert "is no shard; write I/N, with I from 1 to N, such as 2/4" in done.output


def test_a_shard_is_of_all_notes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shard of some notes could never be merged, and is refused."""
    options: dict[str, Any] = {"json_file": None, "junit_file": None, "require": (), "quiet": True, "plain": True}
    assert check(project, ("a/one",), shard=Shard(1, 2), **options) == 2
    assert capsys.readouterr().err == "--shard divides all notes among machines; leave out the names of notes\n"


def test_notes_that_cannot_be_read_leave_nothing_to_merge(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A shard of a collection with an error has status 2 and no manifest, and merging says the error too."""
    write(project / "notes_src", {"a/bad/en.md": "no head\n"})
    assert shard(project, 1, 1, tmp_path / "store", monkeypatch) == 2
    assert "there is nothing to merge" in capsys.readouterr().err
    assert refused(project, [tmp_path / "store"], capsys).startswith("notes_src/a/bad/en.md:1: ")
