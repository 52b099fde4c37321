"""`mkdocs serve`: failures in the page, fresh pages after a save, a server that goes on."""

from __future__ import annotations

import html
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.site.project import Project

NOTE = "## S\n\n```console {#a}\n$ echo one\none\n```\n"
NOTE_ZH = "## 节\n\n```example {of=a}\n```\n"
PATIENCE = 60.0


class Server:
    """A running `mkdocs serve`."""

    def __init__(self, project: Project) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.log = (project.root / "serve.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--strict", "-a", self.address],
            cwd=project.root,
            env=project.environment(),
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def page_with(self, url: str, expected: str) -> str:
        """The page, as soon as it holds the text; an assertion with the server's log after a while."""
        until = time.monotonic() + PATIENCE
        page = ""
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                with urllib.request.urlopen(f"http://{self.address}/{url}", timeout=30) as answer:
                    page = html.unescape(answer.read().decode())
            except (urllib.error.URLError, ConnectionError):
                page = ""
            if expected in page:
                return page
            time.sleep(0.1)
        raise AssertionError(f"{expected!r} is not in /{url}:\n{page[:2000]}\n{self.said()}")

    def said(self) -> str:
        """What the server printed so far."""
        self.log.seek(0)
        return self.log.read()

    def stop(self) -> None:
        """Ctrl-C, and its end."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.log.close()


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    """A server over a project with one note whose output is wrong."""
    project.note("area/one", NOTE.replace("\none\n", "\ntwo\n"), NOTE_ZH)
    running = Server(project)
    yield running
    running.stop()


def test_a_failure_is_shown_in_its_page_and_a_save_mends_it(project: Project, server: Server) -> None:
    """The page names the wrong line in place; after a save it shows the verified example."""
    page = server.page_with("area/one/", "notes_src/area/one/en.md:9")
    assert "example-failed" in page
    assert "-two" in page and "+one" in page
    server.page_with("zh/area/one/", "验证失败")
    project.note("area/one", NOTE, NOTE_ZH)
    page = server.page_with("area/one/", "example-passed")
    assert "example-failed" not in page


def test_an_unreadable_note_is_shown_as_a_page_and_the_server_goes_on(project: Project, server: Server) -> None:
    """A note with an error in its format has a page that names the line; mending it brings the note back."""
    server.page_with("area/one/", "example-failed")
    project.note("area/one", "```console {#a nonsense=1}\n$ true\n```\n", NOTE_ZH)
    server.page_with("area/one/", "notes_src/area/one/en.md:5")
    project.note("area/one", NOTE, NOTE_ZH)
    server.page_with("area/one/", "example-passed")
