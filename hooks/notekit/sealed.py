"""JSON on one line with a digest of itself: ``{"sha256":"…","entry":{…}}``, written in one way only.

The digest is of the bytes of the value, so that one with any bit changed is told from a whole one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

_TAIL = b"}\n"


def seal(value: Any) -> bytes:
    """The value, which ``json`` can write, with its digest."""
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _head(body) + body + _TAIL


def unseal(data: bytes) -> Any:
    """The value. Raises ValueError for whatever ``seal`` has not written: damaged, cut short, something else."""
    body = data[len(_head(b"")) : -len(_TAIL)]
    if data != _head(body) + body + _TAIL:
        raise ValueError("the digest is not that of the entry")
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _head(body: bytes) -> bytes:
    return b'{"sha256":"%s","entry":' % hashlib.sha256(body).hexdigest().encode("ascii")
