"""Shell scripts: bash, sh (what ``/bin/sh`` is here: dash on Debian) and fish."""

from __future__ import annotations

from notekit.runners._script import Interpreter, ScriptRunner

RUNNER = ScriptRunner(
    "shell",
    {
        "bash": Interpreter("bash", ".sh", ("-n",)),
        "sh": Interpreter("sh", ".sh", ("-n",)),
        "fish": Interpreter("fish", ".fish", ("--no-execute",)),
    },
)
