"""The shadow-paging diagram: what an author writes, and what comes of it."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from vmsim import FieldError, shadow_trace
from vmview import shadow_paging, shadow_spec, shadow_words

VALIDATOR = jsonschema.Draft202012Validator(shadow_paging.SCHEMA)
PAGE = {"mapped": [{"map": 0x40_0000}]}


def outcome(body):
    VALIDATOR.validate(body)
    return shadow_paging.outcome(shadow_paging.run(body))


def test_both_ways_are_counted_step_by_step():
    """Exits of each step, their sums, and how many shadow pages there are in the end."""
    steps = [{"read": 0x40_0000}, {"read": 0x40_0000}, {"write": 0x40_0000}, {"mov_from_cr3": 1}]
    assert outcome({"steps": steps} | PAGE) == {
        "exits": {"shadow": 3, "ept": 5},
        "each_step": {"shadow": [1, 0, 1, 1], "ept": [5, 0, 0, 0]},
        "shadow_pages": 4,
    }


def test_accesses_may_be_many():
    """64 pages read a hundred times cost no more than read once."""
    stream = {"read": 0x40_0000, "pages": 64}
    mapped = {"mapped": [{"map": 0x40_0000, "pages": 64}]}
    assert outcome({"steps": [stream | {"times": 100}]} | mapped) == outcome({"steps": [stream]} | mapped)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"steps": [{"read": 1, "write": 1}]}, "steps/0 is 'read, write'; allowed: exactly one of read, write, fetch"),
        ({"steps": []}, "steps is 0x0; allowed: an integer from 0x1 to 0x18"),
        ({"steps": [{}]}, "steps/0 is ''; allowed: exactly one of"),
        ({"steps": [{"read": 1, "keep": 1}]}, "steps/0/keep is 0x1; allowed: beside read: pages, times, mode"),
        ({"steps": [{"unmap": 0x5000}]}, "steps/0/unmap is 0x5000; allowed: an address that is mapped"),
        ({"steps": [{"mov_to_cr3": "c"}]}, "steps/0/mov_to_cr3 is 'c'; allowed: a"),
        ({"steps": [{"mov_to_cr3": "a", "keep": 1}]}, "steps/0/keep is True; allowed: False: bit 63"),
        (
            {"steps": [{"invlpg": 0}], "mapped": [{"map": 0, "page_frame": 5}]},
            "mapped/0/page_frame is 0x5; allowed: a multiple",
        ),
        (
            {"steps": [{"invlpg": 0}], "address_spaces": {"a": 1}, "cr4_pcide": 0},
            "address_spaces is 0x1; allowed: 0, for CR4.PCIDE",
        ),
        ({"steps": [], "story": 1}, "story is 0x1; allowed: address_spaces, cr4_pcide"),
    ],
)
def test_errors_are_for_people(body, message):
    """A body that cannot be is refused with the key that the author wrote, its value and what is allowed."""
    with pytest.raises(FieldError) as caught:
        shadow_paging.run(body)
    assert str(caught.value).startswith(message)


def test_all_that_kvm_does_has_words():
    """Whatever KVM does, and whatever a step may be, is said in both languages."""
    for words in shadow_words.WORDS.values():
        assert set(shadow_trace.DID) | set(shadow_spec._TAKES) <= words.keys()


@pytest.mark.parametrize("guide", ["docs/guides/writing-notes.md", "docs/zh/guides/writing-notes.md"])
def test_the_guide_s_example_holds(guide):
    """The example in the reference comes to what it expects."""
    text = (Path(__file__).parents[2] / guide).read_text(encoding="utf-8")
    body = yaml.safe_load(text.partition("```shadow-paging {#fork}\n")[2].partition("```")[0])
    expected = body.pop("expect")
    assert outcome(body)["exits"] == expected["exits"]
