"""Dividing a collection: each part exactly once, evenly, and by every machine alike."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit import shards
from notekit.model import Status
from notekit.shards import Division, Entry, Found, Manifest, Part, Shard, complaints, divide, plan_digest
from notekit.store import Store

names = st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=8)
seconds = st.integers(1, 1000).map(lambda number: number / 10)


def part(name: str, *, runs: bool = True) -> Part:
    return Part((name,), f"identity of {name}", runs)


@given(st.data(), names, st.integers(1, 9))
def test_every_part_is_in_exactly_one_shard(data: st.DataObject, given_names: list[str], count: int) -> None:
    """Whatever is known of durations, the shards together are the collection, each in its order."""
    every = [part(name, runs=data.draw(st.booleans())) for name in given_names]
    known = data.draw(st.dictionaries(st.sampled_from(given_names), seconds)) if given_names else {}
    divided = divide(every, known, count)
    assert len(divided) == count
    assert sorted(one.name for shard in divided for one in shard) == sorted(given_names)
    for shard in divided:
        assert list(shard) == [one for one in every if one in shard]


@given(st.lists(seconds, min_size=1, max_size=7), st.integers(1, 3))
def test_the_longest_shard_is_at_most_a_third_longer_than_it_must_be(weights: list[float], count: int) -> None:
    """Against the best of all divisions, tried one by one."""
    every = [part(f"p{number}") for number in range(len(weights))]
    known = {one.name: weight for one, weight in zip(every, weights, strict=True)}
    longest = max(sum(known[one.name] for one in shard) for shard in divide(every, known, count))
    best = min(
        max(
            sum(weight for weight, place in zip(weights, places, strict=True) if place == number)
            for number in range(count)
        )
        for places in itertools.product(range(count), repeat=len(weights))
    )
    assert longest <= best * 4 / 3 + 1e-6


def test_recorded_durations_divide() -> None:
    """One unit that takes as long as all others has a shard of its own."""
    every = [part(name) for name in "abcde"]
    long, short = divide(every, {"c": 8, "a": 2, "b": 2, "d": 2, "e": 2}, 2)
    assert [[one.name for one in shard] for shard in (long, short)] == [["c"], ["a", "b", "d", "e"]]


def test_what_starts_no_process_weighs_nothing() -> None:
    """Diagrams and blocks that do not run do not stand in for units."""
    every = [part("a"), part("b"), *(part(f"diagram{number}", runs=False) for number in range(9))]
    assert [sum(one.runs for one in shard) for shard in divide(every, {}, 2)] == [1, 1]


@given(names)
def test_the_division_does_not_depend_on_the_order_of_the_notes(given_names: list[str]) -> None:
    """The same parts in another order go to the same shards."""
    every = [part(name) for name in given_names]
    backwards = divide(every[::-1], {}, 3)
    assert [set(shard) for shard in divide(every, {}, 3)] == [set(shard) for shard in backwards]


EVERY = [part(name) for name in "abcd"]
PLAN = plan_digest(EVERY)


def manifest(number: int, of: int, letters: str, plan: str = PLAN) -> Manifest:
    return Manifest(Shard(number, of), plan, {}, tuple(Entry((one,), "passed", "0" * 64) for one in letters))


def found(*manifests: Manifest) -> list[Found]:
    return [Found(Path(f"s{index}"), one) for index, one in enumerate(manifests)]


HINT = "the shards were divided by different durations; give all of them the same store to begin with"


@pytest.mark.parametrize(
    ("stores", "said"),
    [
        ([manifest(1, 1, "abcd")], []),
        ([manifest(2, 2, "bd"), manifest(1, 2, "ac")], []),
        ([], ["no shard of these notes was found; name the stores that `notes check --shard I/N` filled"]),
        (
            [manifest(2, 3, "bd")],
            [f"shard {n}/3 is missing; run `notes check --shard {n}/3`, and name its store too" for n in (1, 3)],
        ),
        (
            [manifest(1, 2, "ac"), manifest(1, 2, "ac"), manifest(2, 2, "bd")],
            ["s1: shard 1/2 is there twice, in s0 too; name one of them"],
        ),
        (
            [manifest(1, 2, "ac"), manifest(2, 2, "bd"), manifest(1, 1, "abcd", plan="other")],
            ["s2: shard 1/1 is of other notes than these; run it on this commit"],
        ),
        (
            [manifest(1, 2, "ac"), manifest(2, 3, "b")],
            [
                "s0: shard 1/2 is of another division than the rest (2, 3 shards); take all of one",
                "s1: shard 2/3 is of another division than the rest (2, 3 shards); take all of one",
            ],
        ),
        ([manifest(1, 2, "ac"), manifest(2, 2, "b")], [f"d is in no shard; {HINT}"]),
        ([manifest(1, 2, "ac"), manifest(2, 2, "bcd")], [f"c is in shards 1/2 and 2/2; {HINT}"]),
        (
            [manifest(1, 1, "abcde")],
            ["s0: shard 1/1 has e, which is not in these notes; run it on this commit"],
        ),
    ],
    ids=["one", "two", "none", "missing", "double", "foreign", "other-division", "lost-part", "double-part", "unknown"],
)
def test_shards_merge_only_where_each_part_is_there_once(stores: list[Manifest], said: list[str]) -> None:
    """A missing, a double or a foreign shard or part is named, with what to do."""
    assert list(complaints(EVERY, found(*stores))) == said


def test_a_result_that_is_not_whole_keeps_shards_from_merging() -> None:
    """A part that passed and whose result is damaged is named."""
    one = Found(Path("s0"), manifest(1, 1, "abcd"), lost=("b", "c"))
    assert complaints(EVERY, [one]) == (
        "s0: shard 1/1 kept b, c, which is not there now, or damaged; run that shard again",
    )


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    """What a shard leaves is read as it was, and those of other commits and divisions are gone."""
    old = [manifest(1, 2, "ac", plan="old"), manifest(3, 3, "d")]
    for one in old:
        shards.write(tmp_path, one)
    new = Manifest(
        Shard(1, 2), PLAN, {"a": 0.25}, (Entry(("a", "c"), "failed", None), Entry(("b",), "passed", "f" * 64))
    )
    shards.write(tmp_path, new)
    shards.write(tmp_path, manifest(2, 2, "bd"))
    assert shards.manifests(tmp_path) == (new, manifest(2, 2, "bd"))


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00", b'{"sha256":"00","entry":{}}\n'])
def test_a_damaged_manifest_is_none(tmp_path: Path, damage: bytes) -> None:
    """What is not whole is not believed, and is replaced by the next run."""
    shards.write(tmp_path, manifest(1, 2, "ac"))
    path = tmp_path / "shards/1-of-2.json"
    path.write_bytes(damage or path.read_bytes()[:-3])
    assert shards.manifests(tmp_path) == ()
    shards.write(tmp_path, manifest(2, 2, "bd"))
    assert [one.name for one in (tmp_path / "shards").iterdir()] == ["2-of-2.json"]


def test_the_worst_status_of_a_session_is_that_of_its_part() -> None:
    """A part whose examples came to different ends counts as the worst of them."""
    division = Division(Shard(1, 1), PLAN, {}, (Part(("a", "b", "c"), "", True),), 3)
    statuses: dict[str, Status] = {"a": "passed", "b": "failed", "c": "not-verified"}
    assert shards.manifest(division, statuses, {}).entries == (Entry(("a", "b", "c"), "failed", None),)


def test_durations_are_recorded_and_added_to(tmp_path: Path) -> None:
    """What a build measured is there for the next, beside older ones; damage is no record at all."""
    store = Store(tmp_path)
    assert store.durations() == {}
    store.record({"a": 1.23456, "b": 2})
    store.record({"b": 3, "c": 0.5})
    assert Store(tmp_path).durations() == {"a": 1.235, "b": 3, "c": 0.5}
    (tmp_path / "durations.json").write_text('{"a": -1, "b": "x", "c": NaN, "d": 4}')
    assert store.durations() == {"d": 4}
    (tmp_path / "durations.json").write_text("{")
    assert store.durations() == {}
    assert store.problems == ()
