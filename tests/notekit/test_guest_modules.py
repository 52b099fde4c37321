"""Sources of kernel modules as examples that are only built."""

from __future__ import annotations

import pytest

from notekit.model import NamedFile
from tests.notekit.units import example, run

_GOOD = b"""#include <linux/module.h>
MODULE_DESCRIPTION("Does nothing");
MODULE_LICENSE("GPL");
"""
_BAD = _GOOD + b"int init_module(void) { extern int nobody_has_it(void); return nobody_has_it(); }\n"


@pytest.mark.parametrize(
    ("source", "status", "said"), [(_GOOD, 0, ""), (_BAD, 2, '"nobody_has_it"')], ids=["good", "bad"]
)
def test_a_module_s_source_is_built_as_one(source: bytes, status: int, said: str) -> None:
    """``run=build`` with ``modules=`` builds the module, silent if that succeeds, and starts nothing."""
    (output,) = run(
        example("c", runner="guest", run="build", modules=("one.c",), file="one.c", files=(NamedFile("one.c", source),))
    )
    assert (output.broken, output.missing, output.stdout) == (None, None, b"")
    assert output.build is not None
    assert output.build.exit == status
    assert said in output.build.text.decode()
    assert said or output.build.text == b""
