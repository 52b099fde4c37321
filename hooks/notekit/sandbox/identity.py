"""What an example finds in the sandbox, told from what another version of this package would give it."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from notekit.sandbox import layout
from notekit.sandbox.launch import launcher
from notekit.sandbox.limits import Limits


@cache
def identity() -> str:
    """16 hexadecimal digits: a digest of the sandbox's file system, user, refused system calls and launcher.

    It is made from what bubblewrap and the launcher are given, so no change of them can be forgotten; what the
    machine itself decides (which of ``/lib32`` there is) is in it too. The limits are not.
    """
    limits = Limits(disk=0, processes=0)
    descriptors = dict.fromkeys(layout.data(), 0)
    given = {
        "arguments": layout.arguments(limits, descriptors, info=0, seccomp=0),
        "data": {path: content.decode() for path, content in layout.data().items()},
        "seccomp": (layout.seccomp_filter() or b"").hex(),
        "launcher": launcher(limits, say=3, hear=4),
    }
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
