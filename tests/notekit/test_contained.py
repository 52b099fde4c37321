"""A note full of mischief, the whole way: each example is contained, and reported at its line; the others go on."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

# id: attributes, program, and what the failure says. SECRET and PORT are filled in by the test.
MISCHIEF: dict[str, tuple[str, str, str]] = {
    "loop": ("timeout=1", "while True: pass", "deadline: more than 1 s"),
    "bomb": ("", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "processes: more than"),
    "hog": ("", "x = []\nwhile True: x.append(bytearray(1 << 20))", "memory: more than"),
    "filler": ("", "f = open('big', 'wb')\nwhile True: f.write(bytes(1 << 20))", "disk: more than"),
    "chatter": ("", "while True: print('y' * 1000)", "output: more than"),
    "writer": ("", "open('/usr/bin/planted', 'w')", "Read-only file system"),
    "snoop": ("", "print(open('SECRET').read())", "No such file or directory"),
    "environment": (
        "",
        "import os\nassert 'PAGEWALK_SECRET' not in os.environ\nprint(len(os.environ))",
        "does not show",
    ),
    "caller": ("", "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)", "Connection refused"),
    "bytes": ("", "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\n')", "\\xff\\xfe"),
    "escapes": ("", "print('\\x1b]0;owned\\x07\\x1b[2J')", "\\x1b]0;owned\\x07\\x1b[2J"),
    "markup": ("", "print('</code><script>alert(1)</script>')", "</code><script>alert(1)</script>"),
}
ORPHAN = """```console {#orphan}
$ (setsid sleep 4999 >/dev/null 2>&1 &) ; echo started
started
```
"""
HEALTHY = "```python {#healthy}\nprint(1)\n```\n```output {of=healthy}\n1\n```\n"


class _Silent(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `notes check` says of the note, with the line of each block's fence under ``lines``."""
    root = tmp_path_factory.mktemp("mischief")
    secret = root / "secret"
    secret.write_text("hidden")
    server = http.server.HTTPServer(("127.0.0.1", 0), _Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = "---\ntitle: T\nquestion: Q\n---\n"
    for name, (attributes, program, _) in MISCHIEF.items():
        program = program.replace("SECRET", str(secret)).replace("PORT", str(server.server_port))
        text += f"```python {{#{name} {attributes}}}\n{program}\n```\n\n"
    text += ORPHAN + HEALTHY
    folder = root / "notes_src" / "area" / "mischief"
    folder.mkdir(parents=True)
    (folder.parent / "area.yml").write_text("title: {en: A}\norder: 1\n")
    (root / "mkdocs.yml").write_text("extra: {languages: [en]}\n")
    (folder / "en.md").write_text(text)
    environment = {**os.environ, "PAGEWALK_SECRET": "hidden"}
    command = [sys.executable, "-m", "notekit", "check", "--root", str(root), "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    server.shutdown()
    server.server_close()
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    found["said"] = done.stderr
    found["lines"] = {name: text[: text.index(f"{{#{name}")].count("\n") + 1 for name in (*MISCHIEF, "healthy")}
    found["root"] = root
    yield found


def example(report: dict[str, Any], name: str) -> dict[str, Any]:
    """One example's part of the report."""
    (found,) = (one for one in report["examples"] if one["id"] == name)
    return dict(found)


def commands() -> Iterator[bytes]:
    """The command lines of all processes that can be seen."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield path.read_bytes()


@pytest.mark.parametrize("name", MISCHIEF)
def test_mischief_is_contained_and_reported_at_its_line(report: dict[str, Any], name: str) -> None:
    """Each fails at its own block, and the report names what stopped it or what it printed."""
    one = example(report, name)
    assert (one["status"], one["line"]) == ("failed", report["lines"][name])
    failure = one["failures"][0]
    assert MISCHIEF[name][2] in "\n".join([failure["message"], *failure["diff"], failure["end"]])


def test_the_others_go_on(report: dict[str, Any]) -> None:
    """A healthy example beside all of them passes."""
    assert example(report, "healthy")["status"] == example(report, "orphan")["status"] == "passed"
    assert report["summary"]["examples"] == len(MISCHIEF) + 2


def test_nothing_is_left_behind(report: dict[str, Any]) -> None:
    """No process that an example started lives on, and nothing was written outside."""
    assert not [command for command in commands() if b"sleep\x004999" in command]
    assert not Path("/usr/bin/planted").exists()
    assert sorted(path.name for path in report["root"].iterdir()) == [".cache", "mkdocs.yml", "notes_src", "secret"]


def test_what_is_printed_about_it_is_safe_for_a_terminal(report: dict[str, Any]) -> None:
    """No escape sequence and no control character of an example reaches the terminal."""
    assert not [letter for letter in report["said"] if ord(letter) < 32 and letter not in "\n\t"]
    assert "hidden" not in report["said"]
