"""The collection that is built: pages as long as real notes, each with a Python, a shell and a C example."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.site.project import HEAD, REPOSITORY

PAGES = 100
#: Words of prose on a page: the median of this repository's own English notes is 1,100.
WORDS = 1100
_EXAMPLES = """
```console {{#shell}}
$ echo "page {number}" | tr a-z A-Z
PAGE {number}
$ printf '%s\\n' one two three | wc -l
3
```

{second}

```python {{#script}}
numbers = [number * number for number in range({number} + 5)]
print(sum(numbers))
```
```output {{of=script}}
{squares}
```

{third}

```c {{#compiled}}
#include <stdio.h>

int main(void)
{{
    printf("%d\\n", {number} * 7);
    return 0;
}}
```
```output {{of=compiled}}
{seven}
```
"""


def write(notes: Path) -> None:
    """Makes the collection: areas of ten notes, in one language."""
    words = _words()
    for number in range(PAGES):
        folder = notes / f"area-{number // 10}" / f"note-{number}"
        folder.mkdir(parents=True)
        area = f"title: {{en: Area {number // 10}}}\norder: {number // 10 + 1}\n"
        (folder.parent / "area.yml").write_text(area, encoding="utf-8")
        (folder / "en.md").write_text(HEAD.format(title=f"Note {number}") + _page(number, words), encoding="utf-8")


def without_examples(text: str) -> str:
    """The same page for a site generator that only shows its blocks: no head, no attributes."""
    text = re.sub(r"^```(console|python|c) \{.*\}$", r"```\1", text.split("---\n", 2)[2], flags=re.MULTILINE)
    return re.sub(r"^```output \{.*\}$", "```text", text, flags=re.MULTILINE)


def _words() -> list[str]:
    """The words of the repository's own notes, so that they are as long as words are."""
    texts = (path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "notes_src").glob("*/*/en.md")))
    return [word for text in texts for word in re.findall(r"\b[a-z]{1,14}\b", text)]


def _page(number: int, words: list[str]) -> str:
    chance = random.Random(number)
    parts = [_section(chance, words, heading) for heading in range(5)]
    examples = _EXAMPLES.format(
        number=number,
        second=parts[1],
        third=parts[2],
        squares=sum(one * one for one in range(number + 5)),
        seven=number * 7,
    )
    return "\n".join(["", parts[0], examples, parts[3], parts[4]])


def _section(chance: random.Random, words: list[str], number: int) -> str:
    """A heading, paragraphs with code and emphasis, a list."""
    paragraphs = [" ".join(_sentence(chance, words) for _ in range(5)) for _ in range(3)]
    items = "\n".join(f"- {_sentence(chance, words)}" for _ in range(3))
    return f"## Part {number}\n\n" + "\n\n".join(paragraphs) + f"\n\n{items}\n"


def _sentence(chance: random.Random, words: list[str]) -> str:
    # 5 sections of 18 sentences.
    chosen = [chance.choice(words) for _ in range(WORDS // 90)]
    chosen[3] = f"`{chosen[3]}`"
    chosen[6] = f"**{chosen[6]}**"
    return " ".join(chosen).capitalize() + "."
