"""The guides to the command show what it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
GUIDES = ["docs/guides/vmsim.md", "docs/zh/guides/vmsim.md"]


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_guide_shows_is_what_comes(tmp_path, guide):
    """Each console block of the guide, run on the files that it shows, prints what is there."""
    text = (TOP / guide).read_text(encoding="utf-8")
    for name, content in re.findall(r'^```text title="([^"]+)"\n(.*?)^```$', text, re.M | re.S):
        (tmp_path / name).write_text(content, encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S)
    assert blocks
    for block in blocks:
        commands = re.findall(r"^\$ (.*)$", block, re.M)
        printed = "".join(f"$ {command}\n{run(command, tmp_path)}" for command in commands)
        assert printed == block


def run(command, folder):
    """What the command prints, messages too."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ran.stdout


def test_both_guides_show_the_same():
    """The Chinese guide has the English one's blocks, anchors and options."""
    english, chinese = ((TOP / guide).read_text(encoding="utf-8") for guide in GUIDES)
    for pattern in (r"^```.*?^```$", r"\{#[a-z]+\}", r"`--[a-z0-9-]+`"):
        assert re.findall(pattern, english, re.M | re.S) == re.findall(pattern, chinese, re.M | re.S)
