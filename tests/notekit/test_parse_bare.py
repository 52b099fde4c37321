"""What a block says of its bare machine, and consoles that ask about one."""

from __future__ import annotations

from pathlib import Path

import pytest

from notekit.model import BARE, BareMachine
from notekit.parse.bare import read_bare
from notekit.parse.machine import MachineError
from tests.notekit.parsing import BODY, example, text_errors


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("bits=16", BareMachine(bits=16)),
        ("assembler=nasm bits=32", BareMachine(bits=32, assembler="nasm")),
        ("cpu=qemu64,+smep memory=2G", BareMachine(cpu="qemu64,+smep", memory=2048)),
    ],
)
def test_words_make_a_machine(text: str, machine: BareMachine) -> None:
    """Each word sets its part, and what is not said is as ever."""
    assert read_bare(text) == machine


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("bit=16", "machine has bit=16, which is no word of it", "did you mean bits?"),
        ("bits=8", "machine has bits=8", "bits takes 16, 32 or 64"),
        ("bits=16 bits=32", "machine says bits twice", "keep one of the two"),
        ("assembler=yasm", "machine has assembler=yasm", "assembler takes as or nasm"),
        ("memory=8M", "machine has memory=8M", "memory takes a size from 16M to 2G"),
        ("cpu=max;x", "machine has cpu=max;x", "cpu takes a CPU model of QEMU"),
    ],
)
def test_a_wrong_word_is_told_with_what_would_be_right(text: str, message: str, remedy: str) -> None:
    """The first wrong word is named, with what that word takes."""
    with pytest.raises(MachineError) as caught:
        read_bare(text)
    assert str(caught.value) == message
    assert caught.value.remedy.startswith(remedy)


def test_a_program_without_a_system_needs_no_runner(tmp_path: Path) -> None:
    """An asm block runs on a machine; its end may be a reset, and its streams may be stated."""
    text = "```asm {#a exit=reset}\nud2\n```\n```output {of=a stream=interrupts}\n...\nTriple fault\n```\n"
    found = example(tmp_path, text)
    assert (found.runner, found.exit, found.bare, found.code) == ("machine", 256, BARE, "ud2\n")
    assert [one.stream for one in found.expectations] == ["interrupts"]


def test_an_image_is_a_file_of_the_folder(tmp_path: Path) -> None:
    """An image block takes any bytes, and shows them."""
    found = example(tmp_path, "```image {#a file=x.img}\n```\n", **{"x.img": b"\xff\x00"})
    assert found.file is not None
    assert found.file.content == b"\xff\x00"
    assert found.shown.startswith("00000000: ff00 ")


def test_a_console_beside_a_machine_has_prompts_of_its_own(tmp_path: Path) -> None:
    """Who is asked is known of each command; printed lines that look like a prompt have a backslash."""
    text = (
        "```console {#a runner=machine file=x.s machine=bits=16}\n(gdb) stepi\n> second\n(qemu) info tlb\n"
        "\\(qemu) as printed\n(qmp) {}\n$ echo\n```\n"
    )
    found = example(tmp_path, text, **{"x.s": b"nop\n"})
    assert [(one.text, one.asked) for one in found.commands] == [
        ("stepi\nsecond", "gdb"),
        ("info tlb", "qemu"),
        ("{}", "qmp"),
        ("echo", ""),
    ]
    assert found.bare.bits == 16
    assert found.file is not None


@pytest.mark.parametrize(
    ("block", "line", "message"),
    [
        ("```asm {#a exit=128}\nnop\n```", 0, "exit=128 is no end of a machine; write 0 to 127, reset or shutdown"),
        (
            "```asm {#a runner=guest}\nnop\n```",
            0,
            "runner=guest has no system for asm; take it out, or write runner=machine",
        ),
        ("```asm {#a args=x}\nnop\n```", 0, "args is not allowed on an asm block; take it out"),
        ("```image {#a}\n```", 0, "an image block without file; add file=…"),
        ("```console {#a file=x}\n$ ls\n```", 0, "file on a console without runner=machine; add runner=machine"),
        ("```c {#a exit=reset}\nx\n```", 0, "exit=reset is no way to end; write 0 to 255"),
        ("```console {#a}\n(gdb) stepi\n```", 1, "output before the first command; this prompt needs runner=machine"),
        ("```console {#a runner=machine}\n(gdb) \n```", 1, "a prompt without a command; write a command behind it"),
        (
            "```bash {#a}\nls\n```\n```output {of=a stream=registers}\nx\n```",
            3,
            "a is a bash program, and has no stream registers; state it of an asm or image block",
        ),
        (
            "```asm {#a}\nnop\n```\n```output {of=a stream=serial}\nx\n```",
            3,
            "the stream serial is unknown; write stream=stderr, registers or interrupts, or nothing",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(tmp_path: Path, block: str, line: int, message: str) -> None:
    """Each mistake has one line with its place and what would be right."""
    (found,) = text_errors(tmp_path, block + "\n", x="x")
    assert found.startswith(f"area/n/en.md:{BODY + line}: {message}") or f":{BODY + line}: {message}" in found


def test_a_session_has_one_machine(tmp_path: Path) -> None:
    """Only its first block says which."""
    block = "```console {#%s runner=machine session=s file=x.s}\n$ ls\n```\n"
    (found,) = text_errors(tmp_path, block % "a" + block % "b", **{"x.s": "nop\n"})
    assert (
        f"the session s began in line {BODY}, where its machine was made; write machine and file on its first block"
        in found
    )
