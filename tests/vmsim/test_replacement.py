"""Policies of replacement, each against the plainest statement of it."""

from hypothesis import given
from hypothesis import strategies as st

from vmsim.replacement import FIFO, LRU, POLICIES, TREE_PLRU, filled, initial, used, victim

WAYS = st.sampled_from((1, 2, 4, 8))


@given(WAYS, st.lists(st.integers(0, 7)))
def test_lru_gives_up_what_was_used_longest_ago(ways, uses):
    """The victim is the way whose last use is oldest, or the lowest that was never used."""
    order = initial(LRU, ways)
    last = [-1 - way for way in reversed(range(ways))]
    for time, way in enumerate(use % ways for use in uses):
        order = used(LRU, ways, order, way)
        last[way] = time + ways
    assert victim(LRU, ways, order) == min(range(ways), key=lambda way: (max(last[way], -1), way))


@given(WAYS, st.lists(st.integers(0, 7)))
def test_fifo_gives_up_what_was_filled_first(ways, uses):
    """Hits in between change nothing; once around, every way was the victim once."""
    order = initial(FIFO, ways)
    gone = []
    for _ in range(ways):
        for use in uses:
            order = used(FIFO, ways, order, use % ways)
        gone.append(victim(FIFO, ways, order))
        order = filled(FIFO, ways, order, gone[-1])
    assert gone == list(range(ways))


@given(WAYS, st.lists(st.integers(0, 7)), st.sampled_from(POLICIES))
def test_the_last_way_filled_is_not_the_victim(ways, uses, policy):
    """With more than one way, no policy gives up what it has just put in."""
    order = initial(policy, ways)
    for use in uses:
        order = filled(policy, ways, order, use % ways)
        assert ways == 1 or victim(policy, ways, order) != use % ways


def test_tree_plru_is_not_lru():
    """After 0, 1, 2, 3, 0 in four ways true LRU gives up 1; the tree only knows that its upper half is older: 2."""
    gives_up = {}
    for policy in (LRU, TREE_PLRU):
        order = initial(policy, 4)
        for way in (0, 1, 2, 3, 0):
            order = used(policy, 4, order, way)
        gives_up[policy] = victim(policy, 4, order)
    assert gives_up == {LRU: 1, TREE_PLRU: 2}


@given(WAYS)
def test_tree_plru_filled_from_empty_uses_every_way(ways):
    """Filling the victim again and again goes through all ways."""
    order, seen = initial(TREE_PLRU, ways), set()
    for _ in range(ways):
        way = victim(TREE_PLRU, ways, order)
        seen.add(way)
        order = filled(TREE_PLRU, ways, order, way)
    assert seen == set(range(ways))
