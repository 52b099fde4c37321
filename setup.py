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

# Each extension's sources; a second one sees the first as if it were in the same file. Headers count as sources.
COMPILED = {
    "vmsim._walker": ("walker.py",),
    "vmsim._ept": ("ept.py",),
    "vmsim._stream_loop": ("stream_structures.py", "stream_walk.py", "stream_loop.py"),
    "vmsim._stream_simd": ("stream_simd.pyx", "stream_simd.h", "stream_simd_sets.h", "stream_simd_take.h"),
}
SOURCE = Path("ext/vmsim")
GENERATED = Path("build/cython")


def generate(name: str, sources: tuple[str, ...]) -> Extension:
    """Copy the sources, one after another, under the extension's name, with the digest of all at the end."""
    digest = hashlib.sha256(b"".join((SOURCE / source).read_bytes() for source in sources)).hexdigest()
    joined = [source for source in sources if not source.endswith(".h")]
    text = "".join((SOURCE / source).read_text(encoding="utf-8") for source in joined)
    text += f'\nSOURCE_DIGEST = "{digest}"\n'
    target = (GENERATED / name.replace(".", "/")).with_suffix(Path(joined[0]).suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return Extension(name, [target.as_posix()], include_dirs=[SOURCE.as_posix()])


setup(
    ext_modules=cythonize(
        [generate(name, sources) for name, sources in COMPILED.items()],
        compiler_directives={"language_level": "3"},
    )
)
