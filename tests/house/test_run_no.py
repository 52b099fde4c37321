"""The notes' own blocks that are left alone."""

from __future__ import annotations

from notekit import pipeline, run_no
from tests.house.project_files import ROOT


def test_no_more_blocks_say_run_no_than_pyproject_allows() -> None:
    """The number in pyproject.toml holds, and is not larger than needed, so that it can only be raised on purpose."""
    limit = run_no.allowed(ROOT)
    assert limit is not None
    collection = pipeline.read(ROOT)
    assert run_no.excess(collection, limit) == ()
    assert sum(one.run == "no" for note in collection.notes for one in note.examples) == limit.number
