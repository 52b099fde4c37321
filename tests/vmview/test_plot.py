"""The plot diagram: what an author writes, what is counted, and how it is told."""

import math
import random
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
import yaml

from vmsim import FieldError, stream_sweep
from vmsim.stream import mapping, simulate
from vmsim.stream_patterns import uniform
from vmsim.stream_sweep import counts_at
from vmsim.sweep_trace import MEASURES, Setup, Sweep, millionths
from vmview import plot, plot_axes, plot_words
from vmview.plot_spec import SWEEP_SCHEMA
from vmview.scene import Curve, Label, label_area

VALIDATOR = jsonschema.Draft202012Validator(plot.SCHEMA)
SETS = {"from": "64 KiB", "to": "4 GiB", "times": 16}
GIB = 1 << 30


def outcome(**body):
    body = {"lines": [{}], "working_sets": SETS} | body
    VALIDATOR.validate(body)
    return plot.outcome(plot.run(body))["values"]


def test_a_working_set_within_the_tlb_reach_costs_nothing():
    """Up to 1536 pages all is answered by the TLBs; beyond, the larger the set the more entries are read."""
    values = outcome()
    assert [values[size] for size in ("64 KiB", "1 MiB")] == [[0.0], [0.0]]
    assert 0 < values["16 MiB"][0] < values["256 MiB"][0] < values["4 GiB"][0] < 4


def test_larger_pages_move_the_knee_to_the_right():
    """With pages of 2 MiB, TLBs of the same size reach 512 times as far."""
    values = outcome(lines=[{}, {"page_size": "2 MiB"}], show="TLB misses")
    assert values["256 MiB"][0] > 0.9 and values["256 MiB"][1] == 0


def test_without_caches_each_miss_reads_the_whole_way():
    """4 entries at each TLB miss of a native walk, 24 of a two-dimensional one; the caches save most of both."""
    lines = [{"mode": mode, "structure_caches": caches} for mode in ("native", "nested") for caches in (0, 1)]
    read, misses = outcome(lines=lines)["4 GiB"], outcome(lines=lines, show="TLB misses")["4 GiB"]
    assert read[0] == pytest.approx(4 * misses[0], abs=0.002) and read[2] == pytest.approx(24 * misses[2], abs=0.01)
    assert read[1] < 0.6 * read[0] and read[3] < 0.6 * read[2]


def test_each_64_bytes_in_turn_misses_once_a_page():
    """A sequential stream beyond the TLB reach walks once in 64 accesses, one by pages each time."""
    assert outcome(pattern="sequential", show="TLB misses")["4 GiB"] == [pytest.approx(1 / 64, abs=0.0005)]
    assert outcome(pattern="pages", show="TLB misses")["4 GiB"] == [1.0]


def test_the_geometry_and_the_costs_are_the_author_s():
    """One TLB of 16 entries reaches 64 KiB; a free hit and an entry for 100 cycles cost 100 times the entries."""
    tlbs = [{"entries": 16, "ways": 16}]
    costs = {"dtlb_hit": 0, "stlb_hit": 0, "entry": 100, "walk": 0}
    read, cycles = outcome(tlbs=tlbs), outcome(tlbs=tlbs, show="cycles", costs=costs)
    assert read["64 KiB"] == [0.0] and read["1 MiB"][0] > 0.5
    assert cycles["4 GiB"][0] == pytest.approx(100 * read["4 GiB"][0], abs=0.1)


def test_only_shadow_paging_exits():
    """Tables of EPT are there; a shadow entry is made at the first access."""
    values = outcome(lines=[{"mode": mode} for mode in ("native", "nested", "shadow")], show="exits")
    assert values["4 GiB"][:2] == [0.0, 0.0] and values["4 GiB"][2] > 0
    assert values["64 KiB"] == [0.0, 0.0, 0.0]


def test_what_is_counted_is_the_second_half_of_the_stream():
    """The counts are those of the stream alone, from all references less those of the first half."""
    sweep = Sweep((Setup(),), (GIB,), accesses=2048)
    addresses = uniform(GIB)(4096, random.Random(1))
    whole, half = simulate(addresses, mapping()), simulate(addresses[:2048], mapping())
    found = counts_at(sweep, Setup(), GIB)
    for name in found._fields[:-1]:
        assert getattr(found, name) == getattr(whole, name) - getattr(half, name), name


def test_a_point_does_not_depend_on_the_others():
    """The same working set comes to the same in another sweep, so that a note's figures and its plot agree."""
    one = outcome(lines=[{"mode": "nested"}, {}])["16 MiB"]
    assert outcome(working_sets={"from": "8 MiB", "to": "16 MiB", "times": 2}, lines=[{}])["16 MiB"] == one[1:]


@pytest.mark.parametrize("measure", MEASURES)
def test_interpreted_and_compiled_streams_draw_the_same(measure, monkeypatch):
    """The picture is the same to the last letter, whichever loop has counted."""
    body = {"lines": [{}, {"mode": "nested"}, {"mode": "shadow"}], "working_sets": SETS, "show": measure}
    body["accesses"] = 1024
    drawn = []
    for interpreted in ("0", "1"):
        monkeypatch.setenv("VMSIM_INTERPRETED", interpreted)
        stream_sweep._counted.cache_clear()
        drawn.append(plot.describe(plot.run(body), "en"))
    stream_sweep._counted.cache_clear()
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"working_sets": {"from": "1 MiB", "to": "1 MiB"}}, "working_sets/to is '1 MiB'; allowed: a size above 1 MiB"),
        (
            {"working_sets": {"from": "1 MiB", "to": "8 MiB"}},
            "working_sets/to is '8 MiB'; allowed: 1 MiB multiplied by",
        ),
        (
            {"lines": [{"ept_page_size": "2 MiB"}]},
            "lines/0/ept_page_size is '2 MiB'; allowed: it goes with mode: nested",
        ),
        ({"lines": [{}, {"mode": "native"}]}, "lines/1 is 'the same as 0'; allowed: one that differs"),
        ({"tlbs": [{"entries": 9, "ways": 2}]}, "tlbs/0/ways is 0x2; allowed: a divisor of the 9 entries"),
        ({"tlbs": [{"entries": 96, "ways": 2}]}, "tlbs/0/entries is 0x60; allowed: 2 ways times a power of 2"),
        ({"accesses": 1 << 30}, "accesses is 0x40000000; allowed: an integer from 0x400 to"),
        ({"sizes": 1}, "sizes is 0x1; allowed: accesses, costs, expect, lines"),
    ],
)
def test_errors_are_for_people(body, message):
    """A body that cannot be is refused with the key that the author wrote, its value and what is allowed."""
    with pytest.raises(FieldError) as caught:
        plot.run({"lines": [{}], "working_sets": SETS} | body)
    assert str(caught.value).startswith(message)


def test_the_data_is_a_table_and_exact_for_programs():
    """A row for each working set and a column for each line, rounded for people, exact for programs."""
    trace = plot.run({"lines": [{}, {"structure_caches": 0}], "working_sets": SETS})
    table, data = plot.table(trace, "en"), plot.data(trace, "en")
    assert table[0] == data[0] == ("working set", "with paging-structure caches", "no paging-structure caches")
    assert [row[0] for row in table[1:]] == ["64 KiB", "1 MiB", "16 MiB", "256 MiB", "4 GiB"]
    assert [row[0] for row in data[1:]] == [str(1 << n) for n in (16, 20, 24, 28, 32)]
    for shown, exact in zip(table[1:], data[1:], strict=True):
        assert [float(one) for one in exact[1:]] == pytest.approx([float(one) for one in shown[1:]], rel=0.01, abs=1e-4)


def test_lines_are_told_apart_without_colour():
    """No two lines of a plot have the same dashes or the same marker; the samples in the panel have the line's own."""
    lines = [{"mode": mode, "structure_caches": caches} for mode in ("native", "nested", "shadow") for caches in (0, 1)]
    scene = plot.layout(plot.run({"lines": lines, "working_sets": SETS, "accesses": 1024}), "en")
    looks = [(item.dash, item.marker) for item in scene.items if isinstance(item, Curve) and item.marker >= 0]
    assert looks[:6] == looks[6:]
    assert len({dash for dash, _ in looks}) == len({marker for _, marker in looks}) == 6


@pytest.mark.parametrize("number", [1, 2, 3, 5, 1000, 1536 << 12, 1 << 36, (1 << 61) - 1])
def test_logarithms_are_right_to_a_thousandth(number):
    """In fixed point they are what mathematics says."""
    assert plot_axes.log2(number) / 65536 == pytest.approx(math.log2(number), abs=0.001)


@pytest.mark.parametrize(
    ("millionths_", "shown"),
    [
        (0, "0"), (20, "< 0.0001"), (123, "0.0001"), (15_625, "0.0156"), (628_937, "0.629"), (999_969, "1"),
        (2_935_883, "2.94"), (18_679_169, "18.7"), (23_998_535, "24"), (1_454_200_000, "1454"), (99_999, "0.1"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_that_count(millionths_, shown):
    """As people write them, and never 0 for what is not."""
    assert plot_axes.decimal(millionths_) == shown


def test_a_logarithmic_axis_has_room_for_nothing():
    """Values of 0 stand at its foot, whose name says that it is for all that is less."""
    axis = plot_axes.Axis(4_000_000, 15_625, True)
    assert axis.ticks[0] == (10_000, "≤ 0.01") and axis.ticks[-1] == (10_000_000, "10")
    assert axis.place(0, 100) == axis.place(10_000, 100) == 0 and axis.place(10_000_000, 100) == 100


def test_an_axis_for_nothing_reaches_to_one():
    """Where every value is 0, the line lies at the foot of a plot with common ticks."""
    assert [shown for _value, shown in plot_axes.Axis(0, plot_axes.ONE, False).ticks] == [
        "0", "0.2", "0.4", "0.6", "0.8", "1",
    ]  # fmt: skip


def test_names_below_the_axis_do_not_touch():
    """Not even where the last one is moved inward, for it would reach over the edge of the picture."""
    for first, last in (("512 KiB", "512 MiB"), ("128 KiB", "128 MiB"), ("4 KiB", "256 MiB")):
        sets = {"from": first, "to": last, "times": 2}
        trace = plot.run({"lines": [{"page_size": "1 GiB"}], "working_sets": sets, "accesses": 1024})
        scene = plot.layout(trace, "en")
        areas = sorted(label_area(one) for one in scene.items if isinstance(one, Label) and one.text.endswith("iB"))
        below = [area for area in areas if area[1] == max(one[1] for one in areas)]
        assert all(one[2] < other[0] for one, other in pairwise(below))


def test_all_that_may_be_shown_has_words():
    """Each measure, mode and pattern is said in both languages."""
    for words in plot_words.WORDS.values():
        for key in ("show", "pattern"):
            assert set(SWEEP_SCHEMA[key]["enum"]) <= words.keys() | {"pages"}


def test_rounding_is_to_the_nearest():
    """Millionths of an access, not cut off."""
    counts = counts_at(Sweep((Setup(),), (1 << 24,), accesses=1024), Setup(), 1 << 24)
    exact = (counts.entries_read + counts.ept_entries_read) / counts.accesses
    assert abs(millionths("entries read", counts, Sweep.costs) - exact * 1e6) <= 0.5


@pytest.mark.parametrize("guide", ["docs/guides/writing-notes.md", "docs/zh/guides/writing-notes.md"])
def test_the_guide_s_example_holds(guide):
    """The example in the reference comes to what it expects."""
    text = (Path(__file__).parents[2] / guide).read_text(encoding="utf-8")
    body = yaml.safe_load(text.partition("```plot {#reach}\n")[2].partition("```")[0])
    VALIDATOR.validate(body)
    expected = body.pop("expect")["values"]
    found = plot.outcome(plot.run(body))["values"]
    assert expected == {size: found[size] for size in expected}
