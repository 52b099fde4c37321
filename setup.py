"""Compiles the simulator's hot modules with Cython; everything else stands in pyproject.toml.

Each module of ``COMPILED`` becomes an extension under another name (``walker.py``: ``vmsim._walker``), so that both
builds can be imported and tested side by side. The extension carries the digest of its source in ``SOURCE_DIGEST``;
``vmsim._build`` refuses one that was made from another. No extension is optional: if one does not compile, neither the
build nor the install succeeds.
"""

import hashlib
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

COMPILED = {"vmsim._walker": "ext/vmsim/walker.py", "vmsim._ept": "ext/vmsim/ept.py"}
GENERATED = Path("build/cython")


def generate(name: str, source: str) -> Extension:
    """Copy ``source`` under the extension's name with its digest at the end, where it moves no line."""
    original = Path(source).read_bytes()
    digest = hashlib.sha256(original).hexdigest()
    text = original.decode() + f'\nSOURCE_DIGEST = "{digest}"\n'
    target = GENERATED / (name.replace(".", "/") + ".py")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return Extension(name, [target.as_posix()])


setup(
    ext_modules=cythonize(
        [generate(name, source) for name, source in COMPILED.items()],
        compiler_directives={"language_level": "3"},
    )
)
