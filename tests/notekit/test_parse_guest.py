"""What a block says of its guest: `guest=` and `modules=`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.model import PLAIN, Machine
from notekit.parse.machine import WORDS, MachineError, read_machine
from tests.notekit.parsing import example, text_errors


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("kernel=general", Machine(kernel="general")),
        ("cpu=Icelake-Server,-avx512f,+svm,level=7", Machine(cpu="Icelake-Server,-avx512f,+svm,level=7")),
        ("smp=4", Machine(cores=4)),
        ("smp=sockets=2,threads=2", Machine(sockets=2, threads=2)),
        ("memory=1G nvdimm=64M disk=1M", Machine(memory=1024, nvdimm=64, disk=1)),
        ("clock=-60 reboot", Machine(clock=-60, reboot=True)),
    ],
)
def test_words_make_a_machine(text: str, machine: Machine) -> None:
    """Each word sets its part, and what is not said is as ever."""
    assert read_machine(text) == machine


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("memroy=1G", "guest has memroy=1G, which is no word of it", "did you mean memory"),
        ("memory=1G memory=2G", "guest says memory twice", "keep one of the two"),
        ("memory=64M", "guest has memory=64M", "memory takes a size from 256M to 2G"),
        ("memory=512", "guest has memory=512", "memory takes a size from 256M to 2G"),
        ("smp=0", "guest has smp=0", "smp takes a number of CPUs"),
        ("smp=17", "guest has smp=17", "smp takes a number of CPUs"),
        ("smp=cores=2,cores=2", "guest has smp=cores=2,cores=2", "smp takes a number of CPUs"),
        ("smp=books=2", "guest has smp=books=2", "smp takes a number of CPUs"),
        ("cpu=max,-device", "", ""),
        ("cpu=max;reboot", "guest has cpu=max;reboot", "cpu takes a CPU model of QEMU"),
        ("kernel=rt", "guest has kernel=rt", "kernel takes cloud or general"),
        ("clock=1h", "guest has clock=1h", "clock takes seconds"),
        ("reboot=yes", "guest has reboot=yes", "reboot takes nothing: it stands alone"),
    ],
)
def test_a_wrong_word_is_told_with_what_would_be_right(text: str, message: str, remedy: str) -> None:
    """The first wrong word is named, with what that word takes."""
    if not message:
        assert read_machine(text).cpu == "max,-device"
        return
    with pytest.raises(MachineError) as caught:
        read_machine(text)
    assert str(caught.value) == message
    assert caught.value.remedy.startswith(remedy)


@given(st.lists(st.sampled_from([*WORDS, "=", ",", "1G", "max", "-", " ", "\n", "16", "sockets=2"])))
def test_any_words_are_a_machine_or_an_error(parts: list[str]) -> None:
    """Whatever stands there, it is a machine that QEMU can be asked for, or an error with a remedy."""
    try:
        machine = read_machine("".join(parts))
    except MachineError as error:
        assert error.remedy
    else:
        assert 1 <= machine.cpus <= 16
        assert 256 <= machine.memory <= 2048


def test_a_block_has_its_machine_and_its_modules(tmp_path: Path) -> None:
    """What the block says is the example's; the modules' sources are among its files."""
    files = {"hello/hello.c": "int x;\n", "hello/Kbuild": "obj-m := hello.o\n"}
    found = example(tmp_path, '```bash {#x runner=guest guest="smp=2" modules=hello}\ntrue\n```\n', **files)
    assert found.machine == Machine(cores=2)
    assert (found.modules, [file.path for file in found.files]) == (("hello",), ["hello/Kbuild", "hello/hello.c"])
    assert example(tmp_path, "```bash {#x runner=guest}\ntrue\n```\n").machine == PLAIN


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ('guest="smp=2"', "guest without runner=guest; add runner=guest, or take guest out"),
        ("modules=hello", "modules without runner=guest; add runner=guest, or take modules out"),
        ('runner=guest guest="smp=x"', "guest has smp=x; smp takes a number of CPUs"),
        ("runner=guest modules=missing", "modules: missing does not exist; add it to the note's folder"),
    ],
)
def test_what_is_wrong_stands_at_the_block(tmp_path: Path, attributes: str, message: str) -> None:
    """A guest that cannot be is an error at the line of its block."""
    (found,) = text_errors(tmp_path, f"```console {{#x {attributes}}}\n$ true\n```\n")
    assert found.startswith(f"en.md:5: {message}")


def test_a_session_s_guest_is_made_at_its_first_block(tmp_path: Path) -> None:
    """A later block of a session cannot say what its guest is."""
    text = "```console {#x runner=guest session=s}\n# true\n```\n"
    text += '```console {#y runner=guest session=s guest="smp=2"}\n# true\n```\n'
    said = "the session s began in line 5, where its guest was made; write guest and modules on its first block"
    assert text_errors(tmp_path, text) == [f"en.md:8: {said}"]
