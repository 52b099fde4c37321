r"""What a process printed, as the text that is compared and shown.

Every byte that a reader could not see for what it is appears as ``\xNN``, one for each byte of its UTF-8
form, so that no terminal acts on it, two texts that look alike are alike, and a page holds no hidden text:

* bytes that are not UTF-8, encoded surrogates among them;
* controls but tab: C0 (carriage return too), DEL, and C1, which some terminals obey as they do ESC;
* line and paragraph separators, and spaces other than U+0020 and the full-width one, which shows by its width;
* formatting characters: bidirectional overrides and isolates, zero-width ones, the soft hyphen, the mark
  of byte order;
* whatever else Unicode lets a program leave undrawn (Default_Ignorable_Code_Point), but for U+FE0E and U+FE0F,
  which show by what they do to the character before them;
* private-use characters, which look like something in one font only, and non-characters.

Code points that this Python's Unicode tables do not know yet stay as they are: pages must not depend on the
Python that made them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["printable", "visible"]

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) as far as str.isprintable() lets it through.
_UNDRAWN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def printable(data: bytes) -> tuple[str, ...]:
    r"""The lines of ``data`` as they are compared and shown, without line ends.

    Lines end with ``\n`` and nothing else; a final one adds no line. No data, no lines.
    """
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    if not lines[-1]:
        lines.pop()
    return tuple(visible(line) for line in lines)


def visible(text: str) -> str:
    r"""``text`` with all that cannot be seen as ``\xNN``; a line end is such a thing, a tab is not."""
    if text.replace("\t", "").isprintable() and not _UNDRAWN.search(text):
        return text
    return "".join(map(_shown, text))


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    code = ord(character)
    if character in "\t \u3000":
        return character
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    if noncharacter or _UNDRAWN.match(character) or unicodedata.category(character) in _HIDDEN_CATEGORIES:
        # os.fsdecode() stands for the byte 0xNN by U+DCNN; no UTF-8 holds a surrogate otherwise.
        errors = "surrogateescape" if 0xDC80 <= code <= 0xDCFF else "surrogatepass"
        return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", errors))
    return character
