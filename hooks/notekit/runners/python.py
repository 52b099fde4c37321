"""Python programs, run as ``python3 NAME.py``.

Not in isolated mode: a program may import the modules that ``with=`` puts beside it. PYTHONHASHSEED is left
alone: an example that depends on the order of a set is wrong for its readers too, and should fail here.
"""

from __future__ import annotations

from notekit.runners._script import Interpreter, ScriptRunner

RUNNER = ScriptRunner("python", {"python": Interpreter("python3", ".py", ("-m", "py_compile"))})
