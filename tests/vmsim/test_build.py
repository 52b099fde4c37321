"""Which build answers: the compiled one, never a stale one, the interpreted one on demand; and that it must compile."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vmsim
from vmsim import _build

TOP = Path(__file__).parents[2]
# Without what is installed: an editable install would lend its extension to the copy.
ALONE = ("-S",)


def copy(folder):
    """The simulator alone in ``folder``, with its extension."""
    target = folder / "ext/vmsim"
    shutil.copytree(Path(vmsim.__file__).parent, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def which(folder, *options, **environment):
    """The build that ``import vmsim`` gives there, or the last line of its error."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VMSIM_", "PYTHON"))}
    code = f"import sys; sys.path.insert(0, {str(folder / 'ext')!r}); import vmsim; print(vmsim.build)"
    ran = subprocess.run(
        [sys.executable, *options, "-c", code], env=clean | environment, capture_output=True, text=True, check=False
    )
    return (ran.stdout or ran.stderr).strip().splitlines()[-1]


def test_the_compiled_build_is_taken(tmp_path):
    """Without being told, vmsim is compiled."""
    copy(tmp_path)
    assert which(tmp_path, *ALONE) == "compiled"


def test_the_interpreted_build_on_demand(tmp_path):
    """VMSIM_INTERPRETED=1 takes the source, compiled or not."""
    for extension in copy(tmp_path).glob("_*.so"):
        extension.unlink()
    assert which(tmp_path, VMSIM_INTERPRETED="1") == "interpreted"


def test_a_missing_extension_is_an_error(tmp_path):
    """Where nothing was compiled, importing fails and says what to do."""
    for extension in copy(tmp_path).glob("_*.so"):
        extension.unlink()
    assert which(tmp_path, *ALONE) == f"ImportError: vmsim is not compiled for this Python; {_build.REBUILD}"


@pytest.mark.parametrize("name", _build.SOURCES)
def test_a_stale_extension_is_an_error(tmp_path, name):
    """One changed letter in a source, and the old extension is refused."""
    source = copy(tmp_path) / f"{name}.py"
    source.write_text(source.read_text() + "#")
    assert (
        which(tmp_path, *ALONE) == f"ImportError: vmsim/{name}.py was changed after it was compiled; {_build.REBUILD}"
    )


def test_the_compiled_walker_uses_the_compiled_ept_walk():
    """Neither build calls into the other."""
    assert _build.compiled().translate_guest_physical.__module__ == "vmsim._ept"
    assert _build.interpreted().translate_guest_physical.__module__ == "vmsim.ept"


def test_both_builds_come_from_one_source():
    """Each extension in use carries the digest of the source that is tested beside it."""
    for name in _build.SOURCES:
        extension = importlib.import_module(f"vmsim._{name}")
        assert extension.COMPILED and _build.source_digest(name) == extension.SOURCE_DIGEST
    assert _build.compiled().translate is not _build.interpreted().translate


@pytest.mark.parametrize("broken", ["compiler", "source"])
def test_an_extension_that_does_not_compile_fails_the_build(tmp_path, broken):
    """Neither without a compiler nor with a source that Cython rejects does the build succeed."""
    source = copy(tmp_path) / "walker.py"
    shutil.copy(TOP / "setup.py", tmp_path)
    if broken == "source":
        source.write_text(source.read_text() + "\nlevel: cython.nonsense = )\n")
    ran = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--force"],
        cwd=tmp_path,
        env=os.environ | {"CC": "false" if broken == "compiler" else "cc"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode != 0
