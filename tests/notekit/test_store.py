"""Results on disk: what the key depends on, what is kept, and what damage does."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.model import (
    BuildOutput,
    Command,
    CommandOutput,
    Example,
    Exceeded,
    Expectation,
    Limit,
    NamedFile,
    Output,
    Place,
    Unit,
)
from notekit.store import Store, unit_key
from notekit.store.entry import Entry, decode, encode

KEY = "0123456789abcdef" * 4
OTHER_KEY = "f" * 64
OUTPUTS = (
    Output(commands=(CommandOutput(b"a\xff\n", 0), CommandOutput(b"", 141)), how="bash", seconds=0.25),
    Output(stdout=b"x", exit=0, build=BuildOutput(b"", 0), versions=(("gcc", "12.2.0-14"),), finished="2026-11-23"),
)


def path_of(root: Path, key: str = KEY) -> Path:
    return root / key[:2] / f"{key}.json"


PROGRAM = Example(
    note="a/b",
    name="p",
    id="p",
    language="c",
    place=Place("a/b/en.md", 9),
    document="en",
    runner="host",
    code="int main(void) {}",
    shown="int main(void) {}",
    files=(NamedFile("data", b"1"),),
    expectations=(Expectation(("x",), 14),),
)
CONSOLE = Example(
    note="a/b",
    name="en-5",
    id=None,
    language="console",
    place=Place("a/b/en.md", 5),
    document="en",
    runner="host",
    commands=(Command("echo a", 6, Expectation(("a",), 7, dialect="console")),),
)


def key(
    *examples: Example,
    tools: tuple[tuple[str, str], ...] = (("gcc", "12"), ("cc", "1")),
    environment: dict[str, str] | None = None,
    version: str = "1",
) -> str:
    return unit_key(Unit(examples or (PROGRAM,)), tools, environment or {"A": "1", "B": "2"}, version)


@pytest.mark.parametrize(
    "change",
    [
        {"expectations": ()},
        {"exit": 1, "exit_line": 9},
        {"fails": True},
        {"place": Place("a/c/zh.md", 20), "shown_place": Place("a/c/zh.md", 21)},
        {"note": "a/c", "name": "q", "document": "zh", "shown": "int"},
        {"unordered": True, "because": "x", "session": "s"},
    ],
    ids=lambda change: "+".join(change),
)
def test_what_the_note_says_about_the_output_is_not_in_the_key(change: dict[str, Any]) -> None:
    """The expectation, the place and the words of the note leave a kept result valid."""
    assert key(replace(PROGRAM, **change)) == key(PROGRAM)


def test_the_order_of_tools_and_variables_is_not_in_the_key() -> None:
    """The same tools and the same environment give the same key however they are listed."""
    assert key(tools=(("cc", "1"), ("gcc", "12"), ("cc", "1")), environment={"B": "2", "A": "1"}) == key()


@pytest.mark.parametrize(
    "change",
    [
        {"code": "int main(void) { }"},
        {"id": "q"},
        {"language": "python"},
        {"runner": "guest"},
        {"run": "build"},
        {"args": ("a",)},
        {"stdin": "a"},
        {"cflags": ("-lm",)},
        {"needs": ("kvm",)},
        {"timeout": 20.0},
        {"file": NamedFile("p.c", b"")},
        {"schema": NamedFile("p.schema", b"")},
        {"files": ()},
        {"files": (NamedFile("data", b"2"),)},
        {"files": (NamedFile("data", b"1", executable=True),)},
        {"files": (NamedFile("other", b"1"),)},
    ],
    ids=lambda change: "+".join(change),
)
def test_what_can_change_the_output_is_in_the_key(change: dict[str, Any]) -> None:
    """Code, files, options and name of a program each make another key."""
    assert key(replace(PROGRAM, **change)) != key(PROGRAM)


def test_tools_environment_and_runner_are_in_the_key() -> None:
    """Another version of a tool, another variable or another runner makes another key."""
    keys = {
        key(),
        key(tools=(("gcc", "13"), ("cc", "1"))),
        key(tools=(("gcc", "12"),)),
        key(environment={"A": "1"}),
        key(environment={"A": "1", "B": "3"}),
        key(version="2"),
        key(PROGRAM, PROGRAM),
    }
    assert len(keys) == 7


def test_commands_are_in_the_key() -> None:
    """A console's key holds the text of its commands, whose shell it is, and their order, but not their lines."""
    (command,) = CONSOLE.commands
    moved = replace(command, line=60, exit=1, exit_line=62, expectation=Expectation((), 60))
    assert key(replace(CONSOLE, commands=(moved,), place=Place("a/b/en.md", 59), name="en-59")) == key(CONSOLE)
    assert key(replace(CONSOLE, commands=(replace(command, text="echo b"),))) != key(CONSOLE)
    assert key(replace(CONSOLE, commands=(replace(command, root=True),))) != key(CONSOLE)
    second = replace(CONSOLE, commands=(replace(command, text="echo b"),))
    assert key(CONSOLE, second) != key(second, CONSOLE)


def test_a_text_cannot_pass_for_another_field() -> None:
    """Words that run into each other make different keys."""
    assert key(replace(PROGRAM, args=("a b",))) != key(replace(PROGRAM, args=("a", "b")))
    assert key(replace(PROGRAM, args=("a",), stdin="")) != key(replace(PROGRAM, args=(), stdin="a"))


texts = st.text(max_size=8)
exits = st.none() | st.integers(0, 255)
outputs = st.builds(
    Output,
    commands=st.lists(st.builds(CommandOutput, st.binary(max_size=8), exits), max_size=3).map(tuple),
    stdout=st.binary(max_size=8),
    stderr=st.binary(max_size=8),
    exit=exits,
    build=st.none() | st.builds(BuildOutput, st.binary(max_size=8), exits),
    exceeded=st.none() | st.builds(Exceeded, st.sampled_from(get_args(Limit)), texts),
    broken=st.none() | texts,
    missing=st.none() | texts,
    how=texts,
    seconds=st.floats(0, 1e6),
    versions=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    finished=texts,
)


@given(st.lists(outputs, max_size=3).map(tuple), st.lists(texts, max_size=2).map(tuple))
def test_an_entry_comes_back(kept: tuple[Output, ...], about: tuple[str, ...]) -> None:
    """Any outputs, and what they were kept for, survive being written down and read."""
    assert decode(KEY, encode(KEY, kept, about)) == Entry(about, kept)


def test_kept(tmp_path: Path) -> None:
    """What was put is got, also by another build, and leaves nothing else behind."""
    assert Store(tmp_path / "new/store").put(KEY, OUTPUTS)
    assert Store(tmp_path / "new/store").get(KEY) == OUTPUTS
    assert [path.name for path in (tmp_path / "new/store/01").iterdir()] == [f"{KEY}.json"]
    assert Store(tmp_path / "new/store").get(OTHER_KEY) is None


def test_an_entry_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry is synced under another name in its folder, renamed, and then the folder is synced."""
    done: list[str] = []
    fsync, rename = os.fsync, os.replace

    def recorded_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def recorded_rename(source: str, target: Path) -> None:
        done.append("rename" if Path(source).parent == target.parent else "move")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", recorded_rename)
    Store(tmp_path).put(KEY, OUTPUTS)
    # First the store's own folder, in which the entry's was made.
    assert done == ["folder", "file", "rename", "folder"]


@pytest.mark.parametrize(
    "bad",
    [{"broken": "x"}, {"missing": "x"}, {"exceeded": Exceeded("deadline", "10 s")}],
    ids=lambda bad: next(iter(bad)),
)
def test_no_failure_is_kept(tmp_path: Path, bad: dict[str, Any]) -> None:
    """A unit with an output that cannot have passed leaves no entry."""
    store = Store(tmp_path)
    assert not store.put(KEY, (OUTPUTS[0], Output(**bad)))
    assert store.get(KEY) is None
    assert list(tmp_path.glob("*/*")) == []


def test_every_flipped_bit_is_a_miss(tmp_path: Path) -> None:
    """An entry with any one bit changed is not believed, and is gone afterwards."""
    store = Store(tmp_path)
    store.put(KEY, OUTPUTS)
    path = path_of(tmp_path)
    whole = path.read_bytes()
    for position in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[position // 8] ^= 1 << position % 8
        path.write_bytes(damaged)
        assert store.get(KEY) is None
        assert not path.exists()
    path.write_bytes(whole)
    assert store.get(KEY) == OUTPUTS


def test_every_cut_is_a_miss(tmp_path: Path) -> None:
    """An entry of which any part at the end is missing, or that has something after it, is not believed."""
    store = Store(tmp_path)
    store.put(KEY, OUTPUTS)
    path = path_of(tmp_path)
    whole = path.read_bytes()
    for data in (*(whole[:length] for length in range(len(whole))), whole + b"\n", b"\0" * len(whole)):
        path.write_bytes(data)
        assert store.get(KEY) is None
        assert not path.exists()


@given(st.binary(max_size=200))
def test_whatever_is_found_is_a_miss(data: bytes) -> None:
    """Bytes that the store did not write are no entry."""
    with pytest.raises(ValueError, match="digest"):
        decode(KEY, data)


@pytest.mark.parametrize(
    "entry",
    [
        [],
        5,
        {},
        {"format": 1, "key": KEY, "about": [], "outputs": []},
        {"format": 2, "key": KEY, "outputs": []},
        {"format": 2, "key": KEY, "about": 5, "outputs": []},
        {"format": 2, "key": OTHER_KEY, "about": [], "outputs": []},
        {"format": 2, "key": KEY, "about": [], "outputs": [{}]},
        {"format": 2, "key": KEY, "about": [], "outputs": ["x"]},
        {"format": 2, "key": KEY, "about": [], "outputs": 5},
        {"format": 2, "key": KEY, "about": [], "outputs": [{"commands": [["not base64!", 0]]}]},
    ],
    ids=str,
)
def test_a_sealed_entry_of_another_kind_is_a_miss(tmp_path: Path, entry: Any) -> None:
    """An entry with a right digest and other contents, such as another version would write, is not believed."""
    assert_miss(tmp_path, json.dumps(entry))


def test_a_bottomless_entry_is_a_miss(tmp_path: Path) -> None:
    """Sealed JSON that is nested too deeply to be read is not believed."""
    assert_miss(tmp_path, "[" * 100_000)


def assert_miss(root: Path, body: str) -> None:
    path = path_of(root)
    path.parent.mkdir()
    digest = hashlib.sha256(body.encode()).hexdigest()
    path.write_text(f'{{"sha256":"{digest}","entry":{body}}}\n')
    assert Store(root).get(KEY) is None
    assert not path.exists()


def test_an_entry_under_another_name_is_a_miss(tmp_path: Path) -> None:
    """A whole entry that was renamed to another key is not believed."""
    store = Store(tmp_path)
    store.put(KEY, OUTPUTS)
    path_of(tmp_path, OTHER_KEY).parent.mkdir()
    path_of(tmp_path).rename(path_of(tmp_path, OTHER_KEY))
    assert store.get(OTHER_KEY) is None


def test_what_is_no_file_is_a_miss(tmp_path: Path) -> None:
    """A link, even to a whole entry, and a pipe, which nobody writes to, are no entries and are taken away."""
    store = Store(tmp_path / "store")
    store.put(KEY, OUTPUTS)
    path = path_of(tmp_path / "store")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert store.get(KEY) is None
    os.mkfifo(path)
    assert store.get(KEY) is None
    assert not path.exists()
    assert (tmp_path / "elsewhere").exists()


def test_a_store_that_cannot_be_is_only_a_problem(tmp_path: Path) -> None:
    """Where no folder can be made nothing is kept, nothing is raised, and the reason is told once."""
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "store")
    for number in range(3):
        store.put(f"{number:064x}", OUTPUTS)
        assert store.get(f"{number:064x}") is None
    assert store.problems == (f"{tmp_path}/file/store: Not a directory",)


def test_a_full_disk_is_only_a_problem(tmp_path: Path) -> None:
    """An entry that cannot be written whole is not kept, and an older one stays as it was."""
    store = Store(tmp_path)
    assert store.put(KEY, OUTPUTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        assert not store.put(KEY, OUTPUTS[:1])
        assert not store.put(OTHER_KEY, OUTPUTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.problems == (f"{tmp_path}: File too large",)
    assert store.get(KEY) == OUTPUTS
    assert store.get(OTHER_KEY) is None
    assert [path.name for path in (tmp_path / "ff").iterdir()] == []


@pytest.mark.parametrize("bad", ["", "../" + "a" * 61, KEY.upper(), KEY + "\n"])
def test_a_key_is_hexadecimal(tmp_path: Path, bad: str) -> None:
    """Nothing but a key names an entry."""
    with pytest.raises(ValueError, match="is not a key"):
        Store(tmp_path).get(bad)
    with pytest.raises(ValueError, match="is not a key"):
        Store(tmp_path).put(bad, OUTPUTS)


WRITER = """
import sys
from pathlib import Path
from notekit.model import Output
from notekit.store import Store
store = Store(Path(sys.argv[1]))
for number in range(60):
    store.put(sys.argv[2], (Output(stdout=sys.argv[3].encode() * 20_000, exit=0),))
    found = store.get(sys.argv[2])
    assert found is not None and len(set(found[0].stdout)) == 1, found
assert store.problems == ()
"""


def test_two_builds_share_a_store(tmp_path: Path) -> None:
    """Builds that write the same entry at the same time only ever see whole ones."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), KEY, letter], env=environment) for letter in "ab"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert [path.name for path in (tmp_path / "01").iterdir()] == [f"{KEY}.json"]
