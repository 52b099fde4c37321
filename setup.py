"""Compiles the simulator's hot modules with Cython; everything else stands in pyproject.toml.

Each of ``COMPILED`` is an extension under another name than its source (``walker.py``: ``vmsim._walker``), so that both
builds can be imported and tested side by side. The extension carries the digest of its source in ``SOURCE_DIGEST``;
``vmsim._build`` refuses one that was made from another. No extension is optional: if one does not compile, neither the
build nor the install succeeds.
"""

import hashlib
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

# Each extension's sources; a second one sees the first as if it were in the same file.
COMPILED = {
    "vmsim._walker": ("walker",),
    "vmsim._ept": ("ept",),
    "vmsim._stream_loop": ("stream_structures", "stream_walk", "stream_loop"),
}
GENERATED = Path("build/cython")


def generate(name: str, sources: tuple[str, ...]) -> Extension:
    """Copy the sources, one after another, under the extension's name, with their digest at the end."""
    original = b"".join(Path(f"ext/vmsim/{source}.py").read_bytes() for source in sources)
    digest = hashlib.sha256(original).hexdigest()
    text = original.decode() + f'\nSOURCE_DIGEST = "{digest}"\n'
    target = GENERATED / (name.replace(".", "/") + ".py")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return Extension(name, [target.as_posix()])


setup(
    ext_modules=cythonize(
        [generate(name, sources) for name, sources in COMPILED.items()],
        compiler_directives={"language_level": "3"},
    )
)
