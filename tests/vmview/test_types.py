"""A diagram type is one file: found in the folder, with everything that notekit asks of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import vmview

TYPES = vmview.types()


def test_page_walk_is_found():
    """Modules without a NAME are no diagram types."""
    assert "page-walk" in TYPES
    assert all(name == module.NAME for name, module in TYPES.items())


def test_a_new_file_is_a_new_type(tmp_path):
    """Nothing but the file itself has to be added."""
    shutil.copytree(Path(vmview.__file__).parent, tmp_path / "vmview")
    (tmp_path / "vmview/beeline.py").write_text('NAME = "beeline"\n')
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import vmview; print(*vmview.types())"
    ran = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) == {*TYPES, "beeline"}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_its_parts(name):
    """SCHEMA with ``expect`` in it, run, outcome, layout and describe."""
    view = TYPES[name]
    jsonschema.Draft202012Validator.check_schema(view.SCHEMA)
    assert "expect" in view.SCHEMA["properties"]
    assert all(callable(getattr(view, part)) for part in ("run", "outcome", "layout", "describe"))
